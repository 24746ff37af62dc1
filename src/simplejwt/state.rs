//! The keys and settings for making and reading tokens. Python counterpart: `rest_framework_simplejwt.state` and
//! `TokenBackend`.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
#[cfg(feature = "database")]
use diesel::QueryResult;
#[cfg(feature = "database")]
use serde_json::Value;

use super::exceptions::{INVALID, TokenError};
use super::jwk_client::{CachedKey, JwkClient};
use super::keys::{Decode, Keys};
use super::settings::SimpleJwtSettings;
use super::token_family::settings::TokenFamilySettings;
use crate::conf::SettingsError;
use crate::contrib::auth::AbstractUser;
#[cfg(feature = "database")]
use crate::contrib::auth::{AuthState, models::UserLookup};
use crate::core::clock::Clock;
use crate::core::crypto::SecretString;
use crate::core::jwt::{self, Audience, Claims, JwtError, Rules};
#[cfg(feature = "database")]
use crate::db::DbConnection;

/// Adds claims about a user to a token. In Python one overrides `get_token` for this.
pub type ClaimsHook = dyn Fn(&dyn AbstractUser, &mut Claims) + Send + Sync;
/// Same as [`ClaimsHook`], for claims that need queries.
#[cfg(feature = "database")]
pub type DatabaseClaimsHook =
    dyn Fn(&dyn AbstractUser, &mut Claims, &mut DbConnection) -> QueryResult<()> + Send + Sync;
/// Whether a user may have tokens: Python's `USER_AUTHENTICATION_RULE`.
pub type UserRule = dyn Fn(&dyn AbstractUser) -> bool + Send + Sync;

/// Settings, keys, clock and hooks: application data, as an `Arc<JwtState>`.
pub struct JwtState {
    /// The settings.
    pub settings: SimpleJwtSettings,
    /// The clock for making and checking tokens.
    pub clock: Clock,
    /// They run on every new refresh and sliding token, at login *and* at each refresh, so that its claims about the user are
    /// current. Access tokens copy the claims. Default: none.
    pub claims_hooks: Vec<Box<ClaimsHook>>,
    /// They run after `claims_hooks`, wherever there is a database: at login and at each refresh. Default: none.
    #[cfg(feature = "database")]
    pub database_claims_hooks: Vec<Box<DatabaseClaimsHook>>,
    /// `USER_AUTHENTICATION_RULE`. Default: active users, or all users without `CHECK_USER_IS_ACTIVE`.
    pub user_rule: Box<UserRule>,
    /// Whether the app `rest_framework_simplejwt.token_blacklist` is installed. Default: yes.
    ///
    /// Without it tokens are neither recorded, blacklisted nor looked up. Then a refresh token stays valid until it expires, even
    /// after rotation and after a request to `token_blacklist`, as in simplejwt.
    pub has_blacklist: bool,
    /// Whether the app `rest_framework_simplejwt.token_family` is installed. Default: no.
    pub has_families: bool,
    keys: Keys,
    /// Keys from `JWK_URL`, chosen by the `kid` of the token. Then the keys of the settings verify no token.
    jwk_client: Option<Arc<JwkClient>>,
    rules: Rules,
}

impl JwtState {
    /// Parses the keys. `secret_key` is the project's `SECRET_KEY`, which signs if the settings name no other key. Then its
    /// former values, `fallbacks`, verify as well.
    ///
    /// # Errors
    /// Returns an error if a setting cannot be used, and one for every key that does not fit the algorithm.
    pub fn new(
        settings: SimpleJwtSettings,
        secret_key: &SecretString,
        fallbacks: &[SecretString],
        clock: Clock,
    ) -> Result<Self, Vec<SettingsError>> {
        settings.validate().map_err(|error| vec![error])?;
        let keys = Keys::new(&settings, secret_key, fallbacks)?;
        let algorithm = settings.algorithm;
        let jwk_client = settings.jwk_url.as_ref().filter(|_| !algorithm.is_hmac()).map(|url| {
            let client = JwkClient::new(url, algorithm, clock.clone()).map(Arc::new);
            client.map_err(|error| vec![SettingsError::new("SIMPLE_JWT_JWK_URL", error.to_string())])
        });
        let audience = settings.audience.clone();
        let rules = Rules {
            leeway: settings.leeway,
            audience: if audience.is_empty() { Audience::Any } else { Audience::OneOf(audience) },
            issuer: settings.issuer.clone(),
            ..Rules::default()
        };
        let only_active = settings.check_user_is_active;
        let user_rule = Box::new(move |user: &dyn AbstractUser| !only_active || user.is_active());
        Ok(Self {
            settings,
            clock,
            claims_hooks: Vec::new(),
            #[cfg(feature = "database")]
            database_claims_hooks: Vec::new(),
            user_rule,
            has_blacklist: true,
            has_families: false,
            keys,
            jwk_client: jwk_client.transpose()?,
            rules,
        })
    }

    /// The settings of token families, if there are families: the app is installed and `TOKEN_FAMILY_ENABLED` is on.
    #[must_use]
    pub fn families(&self) -> Option<&TokenFamilySettings> {
        Some(&self.settings.token_family).filter(|families| self.has_families && families.enabled)
    }

    /// The look-up of the user with this `id`, the value of `USER_ID_CLAIM` in a token.
    #[cfg(feature = "database")]
    pub(super) fn user_lookup(&self, auth: &AuthState, id: &Value) -> UserLookup {
        UserLookup { users: Arc::clone(auth.users()), name: self.settings.user_id_field.clone(), value: id.clone() }
    }

    /// The token with these `claims`, and with `aud` and `iss` of the settings.
    pub(super) fn encode(&self, claims: &Claims) -> Result<String, TokenError> {
        let mut claims = Cow::Borrowed(claims);
        match self.settings.audience.as_slice() {
            [] => {}
            [one] => drop(claims.to_mut().insert("aud", one.as_str().into())),
            several => drop(claims.to_mut().insert("aud", several.into())),
        }
        match &self.settings.issuer {
            Some(issuer) => drop(claims.to_mut().insert("iss", issuer.as_str().into())),
            // PyJWT refuses to write an `iss` that its own check would not accept.
            None if claims.get("iss").is_some_and(|issuer| !issuer.is_string()) => {
                return Err(TokenError::invalid(INVALID));
            }
            None => {}
        }
        let signed = self.keys.with(|keys| keys.encode(&claims));
        let signed = signed.ok_or_else(|| TokenError::Signing("there is no signing key".to_owned()))?;
        signed.map_err(|error| TokenError::Signing(error.to_string()))
    }

    /// The claims of a token, if a valid key has signed it and its times are valid. `decode` is [`jwt::decode`], or
    /// [`jwt::decode_repeated`] for a token that comes with every request.
    ///
    /// With `JWK_URL` the key must have been fetched by [`JwtState::prepare`].
    ///
    /// # Errors
    /// `Token is expired` or `Token is invalid`, and [`TokenError::KeysUnavailable`] if the issuer of `JWK_URL` does not answer.
    pub fn decode<T>(&self, token: &str, now: DateTime<Utc>, decode: Decode<T>) -> Result<T, TokenError> {
        let Some(client) = &self.jwk_client else {
            return Ok(self.keys.with(|keys| keys.decode(token, &self.rules, now, decode))?);
        };
        let decoded = match jwt::key_id(token)?.map(|kid| client.cached(&kid)) {
            Some(CachedKey::Known(key)) => decode(token, &key, &self.rules, now),
            // After `prepare`, `MustFetch` means that the request took too long, or that too many callers were waiting.
            Some(CachedKey::Unavailable | CachedKey::MustFetch) => return Err(TokenError::KeysUnavailable),
            Some(CachedKey::Unknown) | None => {
                Err(JwtError::InvalidHeader("Unable to find a signing key that matches"))
            }
        };
        Ok(decoded?)
    }

    /// The keys that sign, verify and are published.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Fetches the JWK set if `token` names a key that is not in memory. A separate thread does this, so the workers do not
    /// block. Without `JWK_URL` this does nothing.
    pub async fn prepare(&self, token: &str) {
        let Some(client) = &self.jwk_client else { return };
        let Ok(Some(kid)) = jwt::key_id(token) else { return };
        if let CachedKey::MustFetch = client.cached(&kid) {
            let client = Arc::clone(client);
            // `decode` uses the result, and the client logs a failure.
            if let Err(error) = tokio::task::spawn_blocking(move || client.fetch(&kid)).await {
                log::error!("fetching the JWK set failed: {error}");
            }
        }
    }
}

impl std::fmt::Debug for JwtState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JwtState").field("settings", &self.settings).finish_non_exhaustive()
    }
}
