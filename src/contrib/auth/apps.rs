//! `django.contrib.auth` as an app: users, passwords and permissions.

use std::sync::Arc;

use super::checks;
#[cfg(feature = "server")]
use super::management;
use super::models::{DjangoUsers, UserModel};
use super::settings::AuthSettings;
use super::state::AuthState;
#[cfg(feature = "server")]
use crate::apps::command::Command;
use crate::apps::{AppConfig, Apps, AppsBuilder, Check, LookupError, Registry};
use crate::conf::{Setting, SettingsError};
use crate::db::migrations::{self, Step};

/// `django.contrib.auth`.
#[derive(Clone, Copy, Debug)]
pub struct AuthConfig;

impl AppConfig for AuthConfig {
    fn name(&self) -> &'static str {
        "django.contrib.auth"
    }

    fn requires(&self) -> &'static [&'static str] {
        &["django.contrib.contenttypes"]
    }

    fn settings(&self) -> &'static [Setting] {
        AuthSettings::SETTINGS
    }

    fn migrations(&self) -> &'static [Step] {
        migrations::AUTH
    }

    fn checks(&self) -> &'static [Check] {
        checks::CHECKS
    }

    #[cfg(feature = "server")]
    fn commands(&self) -> Vec<Command> {
        management::commands()
    }

    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let users = registry.take::<Arc<dyn UserModel>>().unwrap_or_else(|| Arc::new(DjangoUsers));
        let settings = registry.settings::<AuthSettings>();
        registry.insert(users.table());
        registry.insert(AuthState::new(&settings, registry.clock().clone(), users));
        Ok(())
    }
}

impl AppsBuilder {
    /// `AUTH_USER_MODEL`: uses a table of your own in place of `auth_user`.
    pub fn users(self, users: impl UserModel) -> Self {
        self.hook::<Arc<dyn UserModel>>(Arc::new(users))
    }
}

impl Apps {
    /// Users and passwords.
    ///
    /// # Errors
    /// Returns an error if `django.contrib.auth` is not installed.
    pub fn auth(&self) -> Result<&AuthState, LookupError> {
        self.get()
    }
}
