//! `django.contrib.admin` as an app: the admin site and its log.

#[cfg(feature = "server")]
use super::settings::AdminSettings;
#[cfg(feature = "server")]
use super::sites::AdminSite;
use crate::apps::AppConfig;
#[cfg(feature = "server")]
use crate::apps::Registry;
#[cfg(feature = "server")]
use crate::conf::{Setting, SettingsError};
use crate::db::migrations::{self, Step};

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

    #[cfg(feature = "server")]
    fn settings(&self) -> &'static [Setting] {
        AdminSettings::SETTINGS
    }

    #[cfg(feature = "server")]
    fn ready(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let site = AdminSite::new(registry, registry.settings::<AdminSettings>().base());
        registry.insert(site);
        Ok(())
    }
}
