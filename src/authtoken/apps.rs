//! `rest_framework.authtoken` as an app: opaque tokens in a table.

#[cfg(feature = "server")]
use super::accounts::ApiToken;
#[cfg(feature = "server")]
use super::admin::{TokenAdmin, TokenModel};
use super::authentication::TokenAuthentication;
#[cfg(feature = "server")]
use super::management;
use super::migrations;
use super::models::Token;
#[cfg(feature = "server")]
use crate::apps::command::Command;
use crate::apps::{AppConfig, Registry};
use crate::conf::SettingsError;
#[cfg(feature = "server")]
use crate::contrib::admin::accounts::UserCredentials;
use crate::contrib::auth::signals::{EndOfLogins, LoginsEnded};
use crate::db::migrations::Step;
use crate::rest_framework::authentication::AuthenticationClass;

/// `rest_framework.authtoken`.
#[derive(Clone, Copy, Debug)]
pub struct AuthTokenConfig;

impl AppConfig for AuthTokenConfig {
    fn name(&self) -> &'static str {
        "rest_framework.authtoken"
    }

    fn verbose_name(&self) -> String {
        "Auth Token".to_owned()
    }

    fn requires(&self) -> &'static [&'static str] {
        &["django.contrib.auth", "rest_framework"]
    }

    fn migrations(&self) -> &'static [Step] {
        migrations::MIGRATIONS
    }

    #[cfg(feature = "server")]
    fn commands(&self) -> Vec<Command> {
        management::commands()
    }

    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        #[cfg(feature = "server")]
        {
            registry.admin().describe(TokenModel);
            registry.admin().register(TokenAdmin);
            registry.push(UserCredentials::new(ApiToken));
        }
        registry.push(AuthenticationClass::new(TokenAuthentication));
        // A key does not expire, so it is deleted only if the caller asks for it.
        registry.push(LoginsEnded::new(|conn, user_id, reason| {
            if reason == (EndOfLogins::LoggedOut { authtoken: true }) {
                Token::delete_for_user(conn, user_id)?;
            }
            Ok(())
        }));
        Ok(())
    }
}
