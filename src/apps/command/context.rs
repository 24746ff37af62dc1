//! The context of a command: environment, settings and project.

use std::cell::{Cell, OnceCell};
use std::fmt;

use actix_web::web::ServiceConfig;

use super::super::{Apps, AppsBuilder, Registry};
use super::error::CommandError;
use super::print::println;
use crate::conf::{Environment, Setting, SettingsError};
use crate::core::crypto::{ALPHANUMERIC, random_string};
use crate::db::Database;
use crate::db::migrations::unapplied_warning;

/// The context of a command: environment, settings and project.
pub struct Context {
    /// The environment and `.env`.
    pub env: Environment,
    /// `--verbosity`: 0 to 3.
    pub verbosity: u8,
    /// The URLs of the project.
    pub urls: fn(&mut ServiceConfig, &Apps),
    read: fn(&Environment) -> Result<AppsBuilder, SettingsError>,
    /// The set-up of the settings that were read already.
    builder: Cell<Option<AppsBuilder>>,
    project: fn() -> (Vec<Setting>, Vec<&'static str>),
    apps: OnceCell<Apps>,
}

impl Context {
    /// The context of a project. `read` reads its settings from `env`, and `project` tells all of its settings and apps.
    pub(in crate::apps) fn from_parts(
        env: Environment,
        verbosity: u8,
        urls: fn(&mut ServiceConfig, &Apps),
        read: fn(&Environment) -> Result<AppsBuilder, SettingsError>,
        project: fn() -> (Vec<Setting>, Vec<&'static str>),
    ) -> Self {
        Self { env, verbosity, urls, read, builder: Cell::default(), project, apps: OnceCell::new() }
    }

    /// Uses `builder`, which was made from the environment of this context, so that it is not read again.
    #[must_use]
    pub fn with_builder(self, builder: AppsBuilder) -> Self {
        self.builder.set(Some(builder));
        self
    }

    /// The names in the environment that are probably mistakes in the project that `registry` has: see [`Environment::doubtful`].
    #[must_use]
    pub fn doubtful_names(&self, registry: &Registry) -> Vec<SettingsError> {
        self.env.doubtful(&self.known_settings(), |app| registry.is_installed(app))
    }

    /// Every setting that the project declares, whichever apps are installed.
    #[must_use]
    pub fn known_settings(&self) -> Vec<Setting> {
        (self.project)().0
    }

    /// The names of the apps that `INSTALLED_APPS` can name.
    #[must_use]
    pub fn app_names(&self) -> Vec<&'static str> {
        (self.project)().1
    }

    /// The set-up of the project, before it is built.
    ///
    /// # Errors
    /// Returns an error if a setting cannot be read.
    pub fn builder(&self) -> Result<AppsBuilder, SettingsError> {
        self.builder.take().map_or_else(|| self.builder_from(&self.env), Ok)
    }

    /// The set-up of the project with the settings in `env`.
    ///
    /// # Errors
    /// Returns an error if a setting cannot be read.
    pub fn builder_from(&self, env: &Environment) -> Result<AppsBuilder, SettingsError> {
        (self.read)(env)
    }

    /// The installed apps. Only `check` and the server print the warnings of the system checks.
    ///
    /// # Errors
    /// Returns an error if a setting or the database cannot be used.
    pub fn apps(&self) -> Result<&Apps, CommandError> {
        if let Some(apps) = self.apps.get() {
            return Ok(apps);
        }
        let mut builder = self.builder()?.without_warnings();
        if builder.registry().secret_key().expose().is_empty() {
            // No command signs anything that outlives it.
            builder = builder.secret_key(random_string(64, ALPHANUMERIC));
        }
        let apps = builder.build()?;
        Ok(self.apps.get_or_init(|| apps))
    }

    /// The database with its tables.
    ///
    /// # Errors
    /// Returns an error if it cannot be opened, or if migrations that a server needs are not applied.
    pub fn database(&self) -> Result<&Database, CommandError> {
        let apps = self.apps()?;
        let database = apps.database()?;
        match unapplied_warning(&apps.required_migrations().unapplied(&mut *database.connection()?)?) {
            Some(text) => Err(CommandError::new(text)),
            None => Ok(database),
        }
    }

    /// Waits for `future`, which may wait for the database.
    ///
    /// # Panics
    /// Panics inside an asynchronous function, because its thread must not block.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        actix_web::rt::System::new().block_on(future)
    }

    /// Prints `text`, unless the command was asked to be quiet.
    pub fn say(&self, text: impl fmt::Display) {
        if self.verbosity >= 1 {
            println!("{text}");
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("verbosity", &self.verbosity).finish_non_exhaustive()
    }
}
