//! `django.contrib.admin` as an app: the admin site and its log.

#[cfg(feature = "server")]
use super::log_admin::LogEntryAdmin;
#[cfg(feature = "server")]
use super::settings::AdminSettings;
#[cfg(feature = "server")]
use super::sites::AdminSite;
#[cfg(feature = "server")]
use super::statistics::{EventCounts, Gauge, active_sessions};
use crate::apps::{AppConfig, Registry};
#[cfg(feature = "server")]
use crate::conf::SettingsError;
#[cfg(feature = "server")]
use crate::contrib::auth::AuthState;
use crate::db::migrations::{self, ADMIN_STATISTICS, Step};

/// `django.contrib.admin`.
#[derive(Clone, Copy, Debug)]
pub struct AdminConfig;

impl AppConfig for AdminConfig {
    fn name(&self) -> &'static str {
        "django.contrib.admin"
    }

    fn verbose_name(&self) -> String {
        "Administration".to_owned()
    }

    fn requires(&self) -> &'static [&'static str] {
        &["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
    }

    fn migrations(&self) -> &'static [Step] {
        migrations::ADMIN
    }

    /// Without the table of the dashboard nothing is counted.
    fn needs_migration(&self, step: &Step, _registry: &Registry) -> bool {
        step.app != ADMIN_STATISTICS
    }

    #[cfg(feature = "server")]
    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        registry.admin().describe(LogEntryAdmin);
        Ok(())
    }

    #[cfg(feature = "server")]
    fn ready(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let site = AdminSite::new(registry, registry.settings::<AdminSettings>().base());
        let names: Vec<_> = site.models().map(|registered| registered.model.content_type()).collect();
        names.into_iter().for_each(|name| registry.push(name));
        registry.insert(site);
        if let Some(auth) = registry.get::<AuthState>().cloned() {
            registry.push(Gauge::new("active_sessions", "Active sessions", active_sessions));
            let (clock, gauges) = (registry.clock().clone(), registry.list().to_vec());
            registry.insert(EventCounts::new(auth, clock, gauges));
        }
        Ok(())
    }
}
