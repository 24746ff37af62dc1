//! Which apps are installed. Python counterpart: `Apps.get_app_configs`.

use super::Apps;
use super::config::AppConfig;
use super::registry::Registry;
#[cfg(feature = "database")]
use crate::db::migrations::{MigrationPlan, ModelName, Step, UserTable};

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
        let of_apps = self.installed().iter().flat_map(|app| app.migrations());
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
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("installed", &self.installed()).finish_non_exhaustive()
    }
}
