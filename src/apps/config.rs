//! The parts that an app adds to a project. Python counterpart: `django.apps.AppConfig`.

#[cfg(feature = "server")]
use futures_util::future::LocalBoxFuture;

#[cfg(feature = "server")]
use super::Apps;
use super::checks::Check;
#[cfg(feature = "server")]
use super::command::Command;
#[cfg(feature = "database")]
use super::error::SetupError;
use super::registry::Registry;
#[cfg(feature = "server")]
use super::serving::Metric;
use crate::conf::SettingsError;
use crate::core::python::capfirst;
#[cfg(feature = "database")]
use crate::db::{Database, migrations::Step};

/// An app: a line of `INSTALLED_APPS`.
///
/// Everything that an app adds to the project is named here. Leaving the app out of `INSTALLED_APPS` removes all of it:
/// routes, tables, settings, checks, commands and classes.
///
/// ```
/// use actix_simplejwt::apps::{AppConfig, Registry};
/// use actix_simplejwt::conf::SettingsError;
///
/// /// `class ShopConfig(AppConfig)`.
/// pub struct ShopConfig;
///
/// /// The data that the views of the app need, made once at start.
/// pub struct Prices;
///
/// impl AppConfig for ShopConfig {
///     fn name(&self) -> &'static str {
///         "shop"
///     }
///
///     fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
///         registry.insert(Prices);
///         Ok(())
///     }
/// }
/// ```
pub trait AppConfig: Send + Sync + 'static {
    /// The name in `INSTALLED_APPS`: the path of the Python package, such as `rest_framework.authtoken`.
    fn name(&self) -> &'static str;

    /// The name in `django_migrations` and `django_content_type`. Default: the last part of [`AppConfig::name`].
    fn label(&self) -> &'static str {
        self.name().rsplit('.').next().unwrap_or(self.name())
    }

    /// `verbose_name`: the name on pages. Default: the label as words with capitals.
    fn verbose_name(&self) -> String {
        title_of_label(self.label())
    }

    /// Names of the apps that must be installed as well. Default: none.
    fn requires(&self) -> &'static [&'static str] {
        &[]
    }

    /// The app's tables. Default: none.
    #[cfg(feature = "database")]
    fn migrations(&self) -> &'static [Step] {
        &[]
    }

    /// Whether a server needs `step` of [`AppConfig::migrations`] with the settings of the project. Without a needed step the
    /// server and the commands do not start. Default: yes.
    #[cfg(feature = "database")]
    fn needs_migration(&self, step: &Step, registry: &Registry) -> bool {
        let _ = (step, registry);
        true
    }

    /// The app's system checks. Default: none.
    fn checks(&self) -> &'static [Check] {
        &[]
    }

    /// The app's commands for `manage`. Default: none.
    #[cfg(feature = "server")]
    fn commands(&self) -> Vec<Command> {
        Vec::new()
    }

    /// The app's numbers at `METRICS_ADDRESS`. Default: none.
    #[cfg(feature = "server")]
    fn metrics(&self) -> &'static [Metric] {
        &[]
    }

    /// Begins what the app does beside the requests. Called when a server starts to serve, in its runtime. `stop` is ready after
    /// the last request, and the server waits until the returned future has ended, at most for `ACTIX_SHUTDOWN_TIMEOUT`.
    /// Default: nothing.
    #[cfg(feature = "server")]
    fn background_task(&self, apps: &Apps, stop: LocalBoxFuture<'static, ()>) -> Option<LocalBoxFuture<'static, ()>> {
        let _ = (apps, stop);
        None
    }

    /// Makes the data that the app's views and classes need, from the settings of the app. Called once, in the order of
    /// `INSTALLED_APPS`. Default: nothing.
    ///
    /// # Errors
    /// Returns an error if a setting cannot be used.
    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let _ = registry;
        Ok(())
    }

    /// Completes the set-up with what other apps have registered. Called after [`AppConfig::register`] of every app, in
    /// the same order. Default: nothing.
    ///
    /// # Errors
    /// Returns an error if a setting cannot be used.
    fn ready(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let _ = registry;
        Ok(())
    }

    /// Called when the database is open, before anything uses it. Tables may be missing, because `migrate` may not have run.
    /// Default: nothing.
    ///
    /// # Errors
    /// Returns an error if the tables that are there cannot be used.
    #[cfg(feature = "database")]
    fn connected(&self, registry: &mut Registry, database: &Database) -> Result<(), SetupError> {
        let _ = (registry, database);
        Ok(())
    }
}

/// The label of an app as words with capitals: `token_blacklist` is `Token Blacklist`.
#[must_use]
pub fn title_of_label(label: &str) -> String {
    label.split('_').map(capfirst).collect::<Vec<_>>().join(" ")
}

impl std::fmt::Debug for dyn AppConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
