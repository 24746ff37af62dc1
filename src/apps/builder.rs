//! Puts the apps of a project together. Python counterpart: `django.setup()`.

use std::any::type_name;

use super::checks::{self, CheckScope, Findings};
use super::error::SetupError;
use super::registry::Registry;
use super::{Apps, Check};
use crate::conf::SettingsError;
use crate::core::checks::Level;
use crate::core::clock::Clock;
use crate::core::crypto::SecretString;
#[cfg(feature = "database")]
use crate::db::{Database, DatabaseSettings, migrations::Step};

/// The set-up of a project. Host applications add their hooks here: claims, the user model, custom classes.
#[must_use = "nothing happens before `build`"]
pub struct AppsBuilder {
    registry: Registry,
    is_assembled: bool,
    logs_warnings: bool,
    #[cfg(feature = "database")]
    database: DatabaseChoice,
}

/// The database that [`AppsBuilder::build`] uses.
#[cfg(feature = "database")]
#[derive(Default)]
enum DatabaseChoice {
    /// The one of `DATABASE_URL`, if an app has tables.
    #[default]
    OfSettings,
    Opened(Database),
    None,
}

impl AppsBuilder {
    /// The set-up with `registry`, which has the values that belong to no app.
    pub(super) fn new(registry: Registry) -> Self {
        Self {
            registry,
            is_assembled: false,
            logs_warnings: true,
            #[cfg(feature = "database")]
            database: DatabaseChoice::default(),
        }
    }

    /// Uses `clock` in place of the system's clock, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.refuse_late("a clock");
        self.registry.set_clock(clock);
        self
    }

    /// Uses a database that is open already, in place of `DATABASE_URL`.
    #[cfg(feature = "database")]
    pub fn database(mut self, database: Database) -> Self {
        self.database = DatabaseChoice::Opened(database);
        self
    }

    /// Opens no database, for a program that only needs the settings and the URLs. Views that use the database fail.
    #[cfg(feature = "database")]
    pub fn without_database(mut self) -> Self {
        self.database = DatabaseChoice::None;
        self
    }

    /// Does not log the warnings of the system checks. For commands other than the server. Errors still stop the set-up.
    pub fn without_warnings(mut self) -> Self {
        self.logs_warnings = false;
        self
    }

    /// `SECRET_KEY`, in place of the one in the settings.
    pub fn secret_key(mut self, key: impl Into<SecretString>) -> Self {
        self.refuse_late("a secret key");
        self.registry.set_secret_key(key.into());
        self
    }

    /// Adds tables of the project. `migrate` makes them together with the tables of the apps.
    #[cfg(feature = "database")]
    pub fn migration(self, step: Step) -> Self {
        self.contribute(step)
    }

    /// The parts that the builder has now, such as the settings of an app.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Hands `hook` to the app that looks for its type. The builder methods of the apps are made of this.
    ///
    /// The apps look for it once: at [`AppsBuilder::build`], or before that if the builder is asked for its checks or errors. After
    /// that it would have no effect, and [`AppsBuilder::build`] returns an error.
    pub fn hook<T: Send + Sync + 'static>(mut self, hook: T) -> Self {
        self.refuse_late(type_name::<T>());
        self.registry.insert(hook);
        self
    }

    /// Adds `item` to the list of its type, such as an authentication class to the ones that settings can name.
    pub fn contribute<T: Send + Sync + 'static>(mut self, item: T) -> Self {
        self.refuse_late(type_name::<T>());
        self.registry.push(item);
        self
    }

    /// The messages of the system checks. The database is not opened.
    #[must_use]
    pub fn check(&mut self, which: CheckScope) -> Findings {
        self.check_some(which, |_| true)
    }

    /// Same as [`AppsBuilder::check`], but only with the checks that are `wanted`. Errors of single settings are always
    /// included.
    pub(crate) fn check_some(&mut self, which: CheckScope, wanted: impl Fn(&Check) -> bool) -> Findings {
        checks::run(self.assemble(), which, wanted)
    }

    /// The checks of the project and of its installed apps.
    pub fn checks(&mut self) -> &[Check] {
        self.assemble().checks()
    }

    /// Sets up every app and opens the database.
    ///
    /// # Errors
    /// Returns an error if a setting or the database cannot be used, or if a system check found an error. The text names
    /// the setting.
    pub fn build(mut self) -> Result<Apps, SetupError> {
        self.assemble();
        if let Some(error) = self.registry.take_first_error() {
            return Err(error.into());
        }
        let (errors, others): (Vec<_>, Vec<_>) = checks::run(&self.registry, CheckScope::Start, |_| true)
            .messages
            .into_iter()
            .partition(|m| m.level >= Level::Error);
        if self.logs_warnings {
            others.iter().for_each(|message| log::warn!("{message}"));
        }
        if !errors.is_empty() {
            return Err(SetupError::Checks(errors));
        }
        #[cfg(feature = "database")]
        self.open_database()?;
        Ok(Apps(self.registry.into()))
    }

    /// The ids of the checks of the project and of its installed apps.
    #[must_use]
    pub fn check_ids(&mut self) -> Vec<&'static str> {
        self.checks().iter().flat_map(|check| check.ids).copied().collect()
    }

    /// The settings that cannot be used.
    pub fn errors(&mut self) -> &[SettingsError] {
        self.assemble().errors()
    }

    /// Adds an error if the apps have been called already, so that a change of what they read would have no effect.
    fn refuse_late(&mut self, what: &str) {
        if self.is_assembled {
            let problem = format!("{what} was added after the checks or errors were asked for; add it before that");
            self.registry.add_error(SettingsError::new("AppsBuilder", problem));
        }
    }

    /// Calls every app, once, and returns what they have registered. Errors are kept, so that `manage check` reports all of them.
    pub(crate) fn assemble(&mut self) -> &Registry {
        let registry = &mut self.registry;
        if std::mem::replace(&mut self.is_assembled, true) {
            return registry;
        }
        let installed = registry.installed().to_vec();
        for app in &installed {
            registry.add_checks(app.checks());
            for missing in app.requires().iter().filter(|name| !installed.iter().any(|other| other.name() == **name)) {
                let problem = format!("{:?} needs {missing:?}; add it", app.name());
                registry.add_error(SettingsError::new("INSTALLED_APPS", problem));
            }
        }
        for app in &installed {
            if let Err(error) = app.register(registry) {
                registry.add_error(error);
            }
        }
        // Without the parts that an app could not register, other apps would only report that these parts are missing.
        if registry.errors().is_empty() {
            for app in &installed {
                if let Err(error) = app.ready(registry) {
                    registry.add_error(error);
                }
            }
        }
        registry
    }

    /// An app that has tables needs a database.
    #[cfg(feature = "database")]
    fn open_database(&mut self) -> Result<(), SetupError> {
        let has_tables = self.registry.installed().iter().any(|app| !app.migrations().is_empty());
        let database = match std::mem::take(&mut self.database) {
            DatabaseChoice::Opened(database) => database,
            DatabaseChoice::OfSettings if has_tables => Database::open(&self.registry.settings::<DatabaseSettings>())?,
            DatabaseChoice::OfSettings | DatabaseChoice::None => return Ok(()),
        };
        self.registry.insert(database.clone());
        let installed = self.registry.installed().to_vec();
        installed.iter().try_for_each(|app| app.connected(&mut self.registry, &database))
    }
}

impl std::fmt::Debug for AppsBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppsBuilder").field("registry", &self.registry).finish_non_exhaustive()
    }
}
