//! `django.contrib.admin` as an app: the admin site and its log.

#[cfg(feature = "server")]
use futures_util::{FutureExt, future::LocalBoxFuture};

#[cfg(feature = "server")]
use super::log_admin::LogEntryAdmin;
use super::migrations;
#[cfg(feature = "server")]
use super::settings::AdminSettings;
#[cfg(feature = "server")]
use super::sites::AdminSite;
#[cfg(feature = "server")]
use super::statistics::{EventCounts, Gauge, active_sessions};
#[cfg(feature = "server")]
use crate::apps::Apps;
use crate::apps::{AppConfig, Registry};
#[cfg(feature = "server")]
use crate::conf::SettingsError;
#[cfg(feature = "server")]
use crate::contrib::auth::AuthState;
use crate::db::migrations::Step;

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
        migrations::MIGRATIONS
    }

    /// Without the table of the dashboard nothing is counted.
    fn needs_migration(&self, step: &Step, _registry: &Registry) -> bool {
        step.app != migrations::STATISTICS
    }

    /// Writes the counts of the dashboard.
    #[cfg(feature = "server")]
    fn background_task(&self, apps: &Apps, stop: LocalBoxFuture<'static, ()>) -> Option<LocalBoxFuture<'static, ()>> {
        let (counts, database) = (apps.get::<EventCounts>().ok()?.clone(), apps.database().ok()?.clone());
        Some(counts.run(database, stop).boxed_local())
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
            let counts = EventCounts::new(auth, clock, gauges);
            registry.add_middleware(counts.clone());
            registry.insert(counts);
        }
        Ok(())
    }
}
