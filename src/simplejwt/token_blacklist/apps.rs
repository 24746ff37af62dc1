//! `rest_framework_simplejwt.token_blacklist` as an app: the tables of outstanding and blacklisted tokens.

#[cfg(feature = "server")]
use super::accounts::{RefreshTokens, search};
#[cfg(feature = "server")]
use super::admin::{BlacklistedTokenAdmin, OutstandingTokenAdmin};
#[cfg(feature = "server")]
use super::management;
use super::migrations;
#[cfg(feature = "server")]
use super::models::{FLUSH_BATCH, OutstandingToken};
use crate::apps::AppConfig;
#[cfg(feature = "server")]
use crate::apps::{Registry, Sweep, command::Command};
#[cfg(feature = "server")]
use crate::conf::SettingsError;
#[cfg(feature = "server")]
use crate::contrib::admin::accounts::{AccountSearch, UserCredentials};
use crate::db::migrations::Step;

/// The name in `INSTALLED_APPS`.
pub const NAME: &str = "rest_framework_simplejwt.token_blacklist";

/// The expired tokens, with their rows in the blacklist.
#[cfg(feature = "server")]
pub const EXPIRED_TOKENS: Sweep = Sweep {
    rows: "expired tokens",
    delete_batch: |conn, now| Ok(OutstandingToken::delete_expired_batch(conn, now, FLUSH_BATCH)?),
};

/// `rest_framework_simplejwt.token_blacklist`.
#[derive(Clone, Copy, Debug)]
pub struct TokenBlacklistConfig;

impl AppConfig for TokenBlacklistConfig {
    fn name(&self) -> &'static str {
        NAME
    }

    fn requires(&self) -> &'static [&'static str] {
        &["django.contrib.auth"]
    }

    fn migrations(&self) -> &'static [Step] {
        migrations::MIGRATIONS
    }

    #[cfg(feature = "server")]
    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        registry.admin().register(OutstandingTokenAdmin);
        registry.admin().register(BlacklistedTokenAdmin);
        registry.push(UserCredentials::new(RefreshTokens));
        registry.push(AccountSearch(search));
        registry.push(EXPIRED_TOKENS);
        Ok(())
    }

    #[cfg(feature = "server")]
    fn commands(&self) -> Vec<Command> {
        management::commands()
    }
}
