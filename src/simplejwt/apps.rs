//! `rest_framework_simplejwt` as an app: access, refresh and sliding tokens.

use std::sync::Arc;

#[cfg(feature = "database")]
use diesel::QueryResult;

#[cfg(feature = "database")]
use super::authentication::JwtAuthentication;
use super::authentication::JwtStatelessUserAuthentication;
use super::checks;
#[cfg(feature = "server")]
use super::management;
#[cfg(feature = "database")]
use super::oauth2::{OAuth2Clients, settings::OAuth2Settings};
use super::settings::SimpleJwtSettings;
#[cfg(feature = "database")]
use super::state::DatabaseClaimsHook;
use super::state::{ClaimsHook, JwtState, UserRule};
#[cfg(feature = "server")]
use crate::apps::command::Command;
use crate::apps::{AppConfig, Apps, AppsBuilder, Check, LookupError, Registry};
use crate::conf::SettingsError;
use crate::contrib::auth::AbstractUser;
#[cfg(feature = "database")]
use crate::contrib::auth::{AuthState, models::UserAttribute};
use crate::core::jwt::{Claims, TokenTypeClaim};
#[cfg(feature = "database")]
use crate::db::DbConnection;
use crate::rest_framework::authentication::AuthenticationClass;

/// `rest_framework_simplejwt`.
#[derive(Clone, Copy, Debug)]
pub struct SimpleJwtConfig;

impl AppConfig for SimpleJwtConfig {
    fn name(&self) -> &'static str {
        "rest_framework_simplejwt"
    }

    fn requires(&self) -> &'static [&'static str] {
        &["rest_framework"]
    }

    fn checks(&self) -> &'static [Check] {
        checks::CHECKS
    }

    #[cfg(feature = "server")]
    fn commands(&self) -> Vec<Command> {
        management::commands()
    }

    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let settings = registry.settings::<SimpleJwtSettings>();
        registry.push(AuthenticationClass::new(JwtStatelessUserAuthentication));
        // The older name of the same class.
        registry.push(AuthenticationClass::new(JwtStatelessUserAuthentication).named("JWTTokenUserAuthentication"));
        #[cfg(feature = "database")]
        if registry.is_installed("django.contrib.auth") {
            registry.push(AuthenticationClass::new(JwtAuthentication));
            registry.push(UserAttribute { setting: "SIMPLE_JWT_USER_ID_FIELD", name: settings.user_id_field.clone() });
        }
        if let Some(claim) = &settings.token_type_claim {
            registry.push(TokenTypeClaim(claim.clone()));
        }
        let clock = registry.clock().clone();
        let jwt = JwtState::new(settings, registry.secret_key(), registry.secret_key_fallbacks(), clock);
        let mut jwt = match jwt {
            Ok(jwt) => jwt,
            Err(errors) => {
                errors.into_iter().for_each(|error| registry.add_error(error));
                return Ok(());
            }
        };
        jwt.claims_hooks = registry.take().unwrap_or_default();
        #[cfg(feature = "database")]
        {
            jwt.database_claims_hooks = registry.take().unwrap_or_default();
        }
        if let Some(rule) = registry.take() {
            jwt.user_rule = rule;
        }
        jwt.has_blacklist = registry.is_installed("rest_framework_simplejwt.token_blacklist");
        jwt.has_families = registry.is_installed("rest_framework_simplejwt.token_family");
        registry.insert(Arc::new(jwt));
        Ok(())
    }

    #[cfg(feature = "database")]
    fn ready(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let clients = registry.settings::<OAuth2Settings>();
        if let Some(hashers) = registry.get::<AuthState>().map(|auth| auth.hashers().clone()) {
            registry.insert(OAuth2Clients::new(clients, &hashers)?);
        }
        let field = &registry.settings::<SimpleJwtSettings>().user_id_field;
        // Without this check, tokens would be refreshed without a look-up of their user.
        if registry.get::<AuthState>().is_some_and(|auth| !auth.users().has_attribute(field)) {
            let problem = format!("users cannot be looked up by {field:?}");
            return Err(SettingsError::new("SIMPLE_JWT_USER_ID_FIELD", problem));
        }
        Ok(())
    }
}

impl AppsBuilder {
    /// Adds claims to every refresh and sliding token, at login and at each refresh. Access tokens copy them.
    ///
    /// This is what overriding `get_token` does in Python. Several hooks run in the order in which they were added. They run on
    /// the threads that serve requests, so they must not wait for anything.
    pub fn claims(self, hook: impl Fn(&dyn AbstractUser, &mut Claims) + Send + Sync + 'static) -> Self {
        self.contribute::<Box<ClaimsHook>>(Box::new(hook))
    }

    /// Same as [`AppsBuilder::claims`], for claims that need queries, such as the groups of the user.
    ///
    /// At a refresh the hook runs in [`Database::read`](crate::db::Database::read), so a query must be quick and cannot write. An
    /// error refuses the request with a 500 or 503. [`AccessToken::for_user`](crate::AccessToken::for_user) has no connection, so
    /// it makes tokens without these claims.
    #[cfg(feature = "database")]
    pub fn claims_from_database(
        self,
        hook: impl Fn(&dyn AbstractUser, &mut Claims, &mut DbConnection) -> QueryResult<()> + Send + Sync + 'static,
    ) -> Self {
        self.contribute::<Box<DatabaseClaimsHook>>(Box::new(hook))
    }

    /// `USER_AUTHENTICATION_RULE`: which users may have tokens. Default: active users.
    pub fn user_authentication_rule(self, rule: impl Fn(&dyn AbstractUser) -> bool + Send + Sync + 'static) -> Self {
        self.hook::<Box<UserRule>>(Box::new(rule))
    }
}

impl Apps {
    /// Keys and settings of tokens, to make and read tokens in code.
    ///
    /// # Errors
    /// Returns an error if `rest_framework_simplejwt` is not installed.
    pub fn jwt(&self) -> Result<&Arc<JwtState>, LookupError> {
        self.get()
    }
}
