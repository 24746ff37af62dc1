//! `django.contrib.sessions` as an app.

use super::migrations;
#[cfg(feature = "server")]
use super::{
    accounts::BrowserSessions, admin::SessionModel, checks, management, settings::SessionSettings, store::SessionStore,
};
use crate::apps::AppConfig;
#[cfg(feature = "server")]
use crate::apps::{Check, Registry, command::Command};
#[cfg(feature = "server")]
use crate::conf::SettingsError;
#[cfg(feature = "server")]
use crate::contrib::admin::accounts::UserCredentials;
#[cfg(feature = "server")]
use crate::contrib::auth::signals::SearchedLogins;
use crate::db::migrations::Step;

/// The name in `INSTALLED_APPS`.
pub const NAME: &str = "django.contrib.sessions";

/// `django.contrib.sessions`.
#[derive(Clone, Copy, Debug)]
pub struct SessionsConfig;

impl AppConfig for SessionsConfig {
    fn name(&self) -> &'static str {
        NAME
    }

    fn migrations(&self) -> &'static [Step] {
        migrations::MIGRATIONS
    }

    #[cfg(feature = "server")]
    fn checks(&self) -> &'static [Check] {
        checks::CHECKS
    }

    #[cfg(feature = "server")]
    fn commands(&self) -> Vec<Command> {
        management::commands()
    }

    #[cfg(feature = "server")]
    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        registry.admin().describe(SessionModel);
        let settings = registry.settings::<SessionSettings>();
        let clock = registry.clock().clone();
        let store = SessionStore::new(settings, registry.secret_key(), registry.secret_key_fallbacks(), clock);
        registry.insert(store.clone());
        let sessions = BrowserSessions(store);
        registry.push(UserCredentials::new(sessions.clone()));
        registry.push(SearchedLogins::new(sessions));
        Ok(())
    }
}
