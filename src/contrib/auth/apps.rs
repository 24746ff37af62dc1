//! `django.contrib.auth` as an app: users, passwords and permissions.

use std::any::Any;
use std::sync::Arc;

#[cfg(feature = "server")]
use futures_util::future::LocalBoxFuture;

#[cfg(feature = "server")]
use super::admin;
use super::checks;
#[cfg(feature = "server")]
use super::management;
use super::migrations;
use super::models::{CustomUsers, DjangoUsers, UserModel, UserModelError, check_users};
#[cfg(feature = "server")]
use super::session::SessionAuth;
use super::settings::AuthSettings;
use super::state::AuthState;
use crate::apps::{AppConfig, Apps, AppsBuilder, Check, LookupError, Registry, SetupError};
#[cfg(feature = "server")]
use crate::apps::{Metric, command::Command};
use crate::conf::SettingsError;
use crate::db::migrations::{Step, UserTable};
use crate::db::{Database, DatabaseError, DbConnection};

/// `django.contrib.auth`.
#[derive(Clone, Copy, Debug)]
pub struct AuthConfig;

impl AppConfig for AuthConfig {
    fn name(&self) -> &'static str {
        "django.contrib.auth"
    }

    fn verbose_name(&self) -> String {
        "Authentication and Authorization".to_owned()
    }

    fn requires(&self) -> &'static [&'static str] {
        &["django.contrib.contenttypes"]
    }

    fn migrations(&self) -> &'static [Step] {
        migrations::MIGRATIONS
    }

    /// The tables of failed logins are needed only if failed logins are counted.
    fn needs_migration(&self, step: &Step, registry: &Registry) -> bool {
        step.app != migrations::LOGIN_FAILURES || registry.get::<AuthState>().is_none_or(AuthState::limits_failures)
    }

    fn checks(&self) -> &'static [Check] {
        checks::CHECKS
    }

    #[cfg(feature = "server")]
    fn commands(&self) -> Vec<Command> {
        management::commands()
    }

    #[cfg(feature = "server")]
    fn metrics(&self) -> &'static [Metric] {
        METRICS
    }

    /// Without the kinds of all stored passwords, the time of a refusal could tell whether a name exists.
    #[cfg(feature = "server")]
    fn background_task(&self, apps: &Apps, _stop: LocalBoxFuture<'static, ()>) -> Option<LocalBoxFuture<'static, ()>> {
        if let (Ok(auth), Ok(database)) = (apps.auth(), apps.database()) {
            auth.survey_passwords(database);
        }
        None
    }

    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let settings = registry.settings::<AuthSettings>();
        let users = user_model(registry.take(), &settings)?;
        #[cfg(feature = "server")]
        admin::register(registry, &*users, &settings.auth_password_validators);
        registry.insert(UserTable::new(users.table()));
        #[cfg(feature = "server")]
        {
            let backends = &settings.authentication_backends;
            let sessions = SessionAuth::new(backends, registry.secret_key(), registry.secret_key_fallbacks());
            registry.insert(sessions);
        }
        registry.push(checks::STORED_PASSWORDS);
        registry.insert(AuthState::new(&settings, registry.clock().clone(), users));
        Ok(())
    }

    /// A table that does not fit the settings stops the set-up. A missing table does not: `migrate` may make it, and a server
    /// checks again before it starts.
    fn connected(&self, registry: &mut Registry, database: &Database) -> Result<(), SetupError> {
        if !registry.has_own_users() {
            return Ok(());
        }
        let mut conn = database.connection()?;
        match registry.check_users(&mut conn) {
            Ok(()) => {
                #[cfg(feature = "server")]
                if let Some(users) = registry.get::<AuthState>().map(|auth| Arc::clone(auth.users())) {
                    admin::register_own_users(registry, &mut conn, &*users)?;
                }
                Ok(())
            }
            Err(UserModelError::NoTable(_)) => Ok(()),
            Err(UserModelError::Setting(error)) => Err(error.into()),
            Err(UserModelError::Query(error)) => Err(DatabaseError::from(error).into()),
        }
    }
}

#[cfg(feature = "server")]
const METRICS: &[Metric] = &[
    Metric {
        name: "password_hashing_queue",
        help: "Logins that hash a password or wait for it",
        value: |apps| apps.auth().map_or(0, AuthState::hashing_pending),
    },
    Metric {
        name: "password_hashing_capacity",
        help: "Largest number of such logins",
        value: |apps| apps.auth().map_or(0, AuthState::hashing_capacity),
    },
];

/// The user model: the one that the project's code has set, or the one of `AUTH_USER_MODEL`.
fn user_model(own: Option<Arc<dyn UserModel>>, settings: &AuthSettings) -> Result<Arc<dyn UserModel>, SettingsError> {
    if let Some(users) = own {
        return Ok(users);
    }
    if !settings.auth_user_model.is_auth_user() {
        return Ok(Arc::new(CustomUsers::new(settings)?));
    }
    // Settings with the values of `auth.User` are allowed.
    let differs = |value: &Option<String>, usual: &str| value.as_ref().is_some_and(|value| value != usual);
    for (key, differs) in [
        ("AUTH_USER_TABLE", differs(&settings.auth_user_table, "auth_user")),
        ("AUTH_USER_COLUMNS", !settings.auth_user_columns.is_empty()),
        ("USERNAME_FIELD", differs(&settings.username_field, "username")),
        ("EMAIL_FIELD", differs(&settings.email_field, "email")),
        ("REQUIRED_FIELDS", settings.required_fields.as_ref().is_some_and(|fields| *fields != ["email"])),
    ] {
        if differs {
            return Err(SettingsError::new(key, "belongs to your own user model; set AUTH_USER_MODEL as well"));
        }
    }
    Ok(Arc::new(DjangoUsers))
}

impl AppsBuilder {
    /// Uses a table of users that the project's own code reads, instead of the table of `AUTH_USER_MODEL`.
    pub fn users(self, users: impl UserModel) -> Self {
        self.hook::<Arc<dyn UserModel>>(Arc::new(users))
    }
}

impl Registry {
    /// Whether the project has another table of users than `auth_user`.
    #[must_use]
    pub fn has_own_users(&self) -> bool {
        let users = self.get::<AuthState>().map(|auth| auth.users().as_ref());
        users.is_some_and(|users| !(users as &dyn Any).is::<DjangoUsers>())
    }

    /// Same as [`Apps::check_users`], while the project is set up.
    ///
    /// # Errors
    /// Same as [`Apps::check_users`].
    pub fn check_users(&self, conn: &mut DbConnection) -> Result<(), UserModelError> {
        let Some(auth) = self.get::<AuthState>() else { return Ok(()) };
        check_users(conn, auth.users().as_ref(), self.list())
    }
}

impl Apps {
    /// Whether users can be read from the database, and be looked up by the attributes that settings name.
    ///
    /// # Errors
    /// Returns the problem. There is none if `django.contrib.auth` is not installed.
    pub fn check_users(&self, conn: &mut DbConnection) -> Result<(), UserModelError> {
        self.registry().check_users(conn)
    }

    /// Users and passwords.
    ///
    /// # Errors
    /// Returns an error if `django.contrib.auth` is not installed.
    pub fn auth(&self) -> Result<&AuthState, LookupError> {
        self.get()
    }
}
