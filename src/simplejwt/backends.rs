//! Signs and reads tokens by the settings. Python counterpart: `rest_framework_simplejwt.backends.TokenBackend`.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use super::exceptions::TokenError;
use super::jwk_client::{CachedKey, JwkClient};
use super::settings::SimpleJwtSettings;
use crate::conf::SettingsError;
use crate::core::clock::Clock;
use crate::core::crypto::SecretString;
use crate::core::jwt::{self, Audience, Claims, JwtError, KeyError, Rules, SigningKey, VerifyingKey};

/// Keys and rules, parsed once.
pub struct TokenBackend {
    signing: Option<SigningKey>,
    verifying: Verifying,
    rules: Rules,
    audience: Option<Value>,
}

enum Verifying {
    Key(Box<VerifyingKey>),
    /// Keys from `JWK_URL`, chosen by the `kid` of the token.
    Jwks(Arc<JwkClient>),
}

impl TokenBackend {
    /// Reads the keys of `settings`; `secret_key` signs when they name none.
    ///
    /// # Errors
    /// For a key that does not fit the algorithm, naming the setting.
    pub fn new(settings: &SimpleJwtSettings, secret_key: &SecretString, clock: Clock) -> Result<Self, SettingsError> {
        let problem = |key: &str| {
            let key = format!("SIMPLE_JWT_{key}");
            move |error: KeyError| SettingsError::new(key, error.to_string())
        };
        let algorithm = settings.algorithm;
        let signing = match &settings.signing_key {
            Some(key) => Some(SigningKey::new(algorithm, key).map_err(problem("SIGNING_KEY"))?),
            None if algorithm.is_hmac() => {
                let name = |error: KeyError| SettingsError::new("SECRET_KEY", error.to_string());
                Some(SigningKey::new(algorithm, secret_key).map_err(name)?)
            }
            // A service that only reads tokens has the public half and no more.
            None if settings.verifying_key.is_some() || settings.jwk_url.is_some() => None,
            None => {
                let message = format!("a private key in PEM form is required for {}", algorithm.as_str());
                return Err(SettingsError::new("SIMPLE_JWT_SIGNING_KEY", message));
            }
        };
        let verifying = match (&settings.jwk_url, &settings.verifying_key, &signing) {
            (Some(url), _, _) if !algorithm.is_hmac() => {
                let client = JwkClient::new(url, algorithm, clock);
                let client = client.map_err(|e| SettingsError::new("SIMPLE_JWT_JWK_URL", e.to_string()))?;
                Verifying::Jwks(Arc::new(client))
            }
            (_, Some(key), _) if !algorithm.is_hmac() => {
                Verifying::Key(Box::new(VerifyingKey::new(algorithm, key).map_err(problem("VERIFYING_KEY"))?))
            }
            (_, _, Some(signing)) => Verifying::Key(Box::new(signing.verifying_key().clone())),
            (_, _, None) => return Err(SettingsError::new("SIMPLE_JWT_VERIFYING_KEY", "is required to read tokens")),
        };
        let audience = match settings.audience.as_slice() {
            [] => None,
            [one] => Some(Value::from(one.as_str())),
            several => Some(Value::from(several)),
        };
        let rules = Rules {
            leeway: settings.leeway,
            audience: if audience.is_some() { Audience::OneOf(settings.audience.clone()) } else { Audience::Any },
            issuer: settings.issuer.clone(),
            ..Rules::default()
        };
        Ok(Self { signing, verifying, rules, audience })
    }

    /// The token of `claims`, with `aud` and `iss` of the settings.
    ///
    /// # Errors
    /// When there is no signing key, or the library cannot sign.
    pub fn encode(&self, claims: &Claims) -> Result<String, TokenError> {
        let key = self.signing.as_ref().ok_or_else(|| TokenError::Signing("there is no signing key".to_owned()))?;
        // PyJWT refuses to write what its own check of `iss` would refuse to read.
        if self.rules.issuer.is_none() && claims.get("iss").is_some_and(|issuer| !issuer.is_string()) {
            return Err(TokenError::invalid("Token is invalid"));
        }
        if self.audience.is_none() && self.rules.issuer.is_none() {
            return Ok(jwt::encode(claims, key)?);
        }
        let mut claims = claims.clone();
        if let Some(audience) = &self.audience {
            claims.insert("aud".to_owned(), audience.clone());
        }
        if let Some(issuer) = &self.rules.issuer {
            claims.insert("iss".to_owned(), issuer.as_str().into());
        }
        Ok(jwt::encode(&claims, key)?)
    }

    /// The claims of a token that is signed by the right key and in time.
    ///
    /// With `JWK_URL`, [`TokenBackend::prepare`] has to come first: this looks among the keys that are there.
    ///
    /// # Errors
    /// `Token is expired` or `Token is invalid`.
    pub fn decode(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        Ok(self.with_key(token, |key| jwt::decode(token, key, &self.rules, now))?)
    }

    /// As [`TokenBackend::decode`], for a token that comes with every request; see [`jwt::decode_repeated`].
    ///
    /// # Errors
    /// As [`TokenBackend::decode`].
    pub fn decode_repeated(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Claims>, TokenError> {
        Ok(self.with_key(token, |key| jwt::decode_repeated(token, key, &self.rules, now))?)
    }

    /// Reads `token` with the key that it must be signed by.
    fn with_key<T>(&self, token: &str, read: impl FnOnce(&VerifyingKey) -> Result<T, JwtError>) -> Result<T, JwtError> {
        match &self.verifying {
            Verifying::Key(key) => read(key),
            Verifying::Jwks(client) => match jwt::key_id(token)?.map(|kid| client.cached(&kid)) {
                Some(CachedKey::Known(key)) => read(&key),
                _ => Err(JwtError::InvalidHeader("Unable to find a signing key that matches")),
            },
        }
    }

    /// Fetches the JWK set when `token` names a key that is not there, beside the worker threads. Without `JWK_URL`
    /// there is nothing to do.
    pub async fn prepare(&self, token: &str) {
        let Verifying::Jwks(client) = &self.verifying else { return };
        let Ok(Some(kid)) = jwt::key_id(token) else { return };
        if let CachedKey::MustFetch = client.cached(&kid) {
            let client = Arc::clone(client);
            // Whether it succeeded is seen by `decode`, and logged by the client.
            if let Err(error) = tokio::task::spawn_blocking(move || client.fetch(&kid)).await {
                log::error!("fetching the JWK set failed: {error}");
            }
        }
    }

    /// Clock difference tolerated.
    #[must_use]
    pub fn leeway(&self) -> Duration {
        self.rules.leeway
    }
}

impl std::fmt::Debug for TokenBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenBackend").field("rules", &self.rules).finish_non_exhaustive()
    }
}
