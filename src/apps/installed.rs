//! Which apps are installed. Python counterpart: `Apps.get_app_configs`.

use super::Apps;
use super::config::AppConfig;
use super::registry::Registry;
use crate::conf::values;
#[cfg(feature = "database")]
use crate::db::migrations::{MigrationPlan, ModelName, Step, UserTable};

/// Apps of Django that need nothing here, so that a Django project's list can be taken over.
const WITHOUT_PARTS: &[&str] = &["django.contrib.staticfiles", "corsheaders"];

/// Reads the value of `INSTALLED_APPS`: names of the apps `known`, separated by commas. Empty text is all of them.
///
/// # Errors
/// The error is what was expected, if an app is unknown or listed twice, or if there are only commas.
pub fn parse_installed_apps(
    text: &str,
    known: &[&'static dyn AppConfig],
) -> Result<Vec<&'static dyn AppConfig>, String> {
    let Some(names) = values::installed_apps(text) else { return Ok(known.to_vec()) };
    if names.is_empty() {
        return Err("a list of apps".to_owned());
    }
    let names_of_known = || known.iter().map(|app| app.name()).collect::<Vec<_>>().join(", ");
    let mut apps: Vec<&'static dyn AppConfig> = Vec::new();
    for name in names.into_iter().filter(|name| !WITHOUT_PARTS.contains(name)) {
        let app = known.iter().find(|app| app.name() == name);
        let app = app.ok_or_else(|| format!("a list of apps: {name:?} is not one of {}", names_of_known()))?;
        if apps.iter().any(|other| other.name() == app.name()) {
            return Err(format!("a list of apps: {name:?} is listed twice"));
        }
        apps.push(*app);
    }
    Ok(apps)
}

impl Registry {
    /// Installs `apps`, which are in the order of `INSTALLED_APPS`.
    pub(super) fn install(&mut self, apps: Vec<&'static dyn AppConfig>) {
        self.insert(apps);
    }

    /// The installed apps, in the order of `INSTALLED_APPS`.
    #[must_use]
    pub fn installed(&self) -> &[&'static dyn AppConfig] {
        self.list()
    }

    /// Whether the app with this name is in `INSTALLED_APPS`.
    #[must_use]
    pub fn is_installed(&self, name: &str) -> bool {
        self.installed().iter().any(|app| app.name() == name)
    }

    /// The migrations of the installed apps and of the project.
    #[cfg(feature = "database")]
    #[must_use]
    pub fn migrations(&self) -> MigrationPlan {
        self.migrations_where(|_, _| true)
    }

    /// The migrations that a server needs with these settings: see [`AppConfig::needs_migration`]. Those of the project are
    /// always needed.
    #[cfg(feature = "database")]
    #[must_use]
    pub fn required_migrations(&self) -> MigrationPlan {
        self.migrations_where(|app, step| app.needs_migration(step, self))
    }

    #[cfg(feature = "database")]
    fn migrations_where(&self, is_wanted: impl Fn(&dyn AppConfig, &Step) -> bool) -> MigrationPlan {
        let wanted = |app: &&'static dyn AppConfig| app.migrations().iter().filter(|step| is_wanted(*app, step));
        let of_apps = self.installed().iter().flat_map(wanted);
        let plan = MigrationPlan::new(of_apps.chain(self.list::<Step>()));
        plan.with_users(self.settings::<UserTable>()).with_models(self.list::<ModelName>().iter().cloned())
    }
}

impl Apps {
    /// The installed apps, in the order of `INSTALLED_APPS`.
    #[must_use]
    pub fn installed(&self) -> &[&'static dyn AppConfig] {
        self.0.installed()
    }

    /// Whether the app with this name is in `INSTALLED_APPS`.
    #[must_use]
    pub fn is_installed(&self, name: &str) -> bool {
        self.0.is_installed(name)
    }

    /// The migrations of the installed apps.
    #[cfg(feature = "database")]
    #[must_use]
    pub fn migrations(&self) -> MigrationPlan {
        self.0.migrations()
    }

    /// The migrations that a server needs with these settings.
    #[cfg(feature = "database")]
    #[must_use]
    pub fn required_migrations(&self) -> MigrationPlan {
        self.0.required_migrations()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("installed", &self.installed()).finish_non_exhaustive()
    }
}
