//! `rest_framework_simplejwt.token_family` as an app: the tables of token families, and the end of a user's logins.

#[cfg(feature = "server")]
use super::accounts::{Logins, search};
use super::checks;
#[cfg(feature = "server")]
use super::management;
use super::migrations;
use super::models::{EndReason, end_all};
#[cfg(feature = "server")]
use super::models::{FamilyToken, TokenFamily};
use crate::apps::{AppConfig, Check, Registry};
#[cfg(feature = "server")]
use crate::apps::{Sweep, command::Command};
use crate::conf::SettingsError;
#[cfg(feature = "server")]
use crate::contrib::admin::accounts::{AccountSearch, UserCredentials};
use crate::contrib::auth::signals::{EndOfLogins, LoginsEnded};
use crate::db::migrations::Step;
use crate::simplejwt::settings::SimpleJwtSettings;
use crate::simplejwt::token_blacklist;
#[cfg(feature = "server")]
use crate::simplejwt::token_blacklist::models::FLUSH_BATCH;

/// The name in `INSTALLED_APPS`.
pub const NAME: &str = "rest_framework_simplejwt.token_family";

/// The expired families, and the rows about tokens that have expired.
#[cfg(feature = "server")]
const EXPIRED_FAMILIES: Sweep = Sweep {
    rows: "expired token families",
    delete_batch: |conn, now| {
        let families = TokenFamily::delete_expired_batch(conn, now, FLUSH_BATCH)?;
        Ok(families + FamilyToken::delete_expired_batch(conn, FLUSH_BATCH)?)
    },
};

/// `rest_framework_simplejwt.token_family`.
#[derive(Clone, Copy, Debug)]
pub struct TokenFamilyConfig;

impl AppConfig for TokenFamilyConfig {
    fn name(&self) -> &'static str {
        NAME
    }

    fn requires(&self) -> &'static [&'static str] {
        &["django.contrib.auth"]
    }

    fn migrations(&self) -> &'static [Step] {
        migrations::MIGRATIONS
    }

    /// None of the tables is needed without `TOKEN_FAMILY_ENABLED`.
    fn needs_migration(&self, _step: &Step, registry: &Registry) -> bool {
        registry.settings::<SimpleJwtSettings>().token_family.enabled
    }

    fn checks(&self) -> &'static [Check] {
        checks::CHECKS
    }

    #[cfg(feature = "server")]
    fn commands(&self) -> Vec<Command> {
        management::commands()
    }

    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let settings = registry.settings::<SimpleJwtSettings>().token_family;
        if !registry.is_installed(token_blacklist::apps::NAME) {
            // Without `token_blacklist` no token can be blacklisted, so no login could be ended.
            if settings.enabled {
                let problem = format!("needs {:?} in INSTALLED_APPS", token_blacklist::apps::NAME);
                return Err(SettingsError::new("SIMPLE_JWT_TOKEN_FAMILY_ENABLED", problem));
            }
            return Ok(());
        }
        #[cfg(feature = "server")]
        if settings.enabled {
            registry.push(UserCredentials::new(Logins(settings.clone())));
            registry.push(AccountSearch(search));
            registry.push(EXPIRED_FAMILIES);
        }
        let clock = registry.clock().clone();
        registry.push(LoginsEnded::new(move |conn, user_id, reason| {
            let reason = match reason {
                EndOfLogins::PasswordChanged if !settings.logout_on_password_change => return Ok(()),
                EndOfLogins::PasswordChanged => EndReason::PasswordChange,
                EndOfLogins::Deactivated => EndReason::Deactivation,
                EndOfLogins::LoggedOut { .. } => EndReason::LogoutAll,
            };
            Ok(end_all(conn, user_id, reason, clock.now(), settings.enabled)?)
        }));
        Ok(())
    }
}
