//! Keys and settings, ready for use: made once, at start. Python counterpart: `rest_framework_jwt.settings.api_settings`.

use super::settings::LegacyJwtSettings;
use crate::conf::SettingsError;
use crate::core::clock::Clock;
use crate::core::crypto::SecretString;
use crate::core::jwt::{Audience, Edition, KeyError, Rules, SigningKey, VerifyingKey};

/// Application data of every application that has a view or the authentication class of this app.
#[derive(Debug)]
pub struct LegacyJwtState {
    /// The settings.
    pub settings: LegacyJwtSettings,
    /// The clock for making and checking tokens.
    pub clock: Clock,
    /// Claims that mark a token of another app, which is refused here even with a valid signature. Both apps may sign with
    /// `SECRET_KEY`, so a simplejwt token with a `username` claim would otherwise be accepted.
    ///
    /// Default: `token_type`. `SIMPLE_JWT_TOKEN_TYPE_CLAIM` is added at start.
    pub foreign_claims: Vec<String>,
    pub(super) signing_key: SigningKey,
    pub(super) verifying_key: VerifyingKey,
    /// Former values of `SECRET_KEY`, if it signs tokens.
    pub(super) fallback_keys: Vec<VerifyingKey>,
    pub(super) rules: Rules,
}

impl LegacyJwtState {
    /// Parses the keys. `secret_key` is the project's `SECRET_KEY`; it signs if `settings` names no other key. Then its former
    /// values `fallbacks` verify as well.
    ///
    /// # Errors
    /// Returns an error for a key that does not fit the algorithm.
    pub fn new(
        settings: LegacyJwtSettings,
        secret_key: &SecretString,
        fallbacks: &[SecretString],
        clock: Clock,
    ) -> Result<Self, SettingsError> {
        let algorithm = settings.algorithm;
        let secret = match &settings.secret_key {
            Some(secret) => ("JWT_SECRET_KEY", secret),
            None => ("SECRET_KEY", secret_key),
        };
        let private = settings.private_key.as_ref().map(|key| ("JWT_PRIVATE_KEY", key));
        let public = settings.public_key.as_ref().map(|key| ("JWT_PUBLIC_KEY", key));
        let (signing, verifying) = if algorithm.is_hmac() {
            (private.unwrap_or(secret), public.unwrap_or(secret))
        } else {
            // The package would use the text of the secret as an RSA key, and fail at the first request.
            let missing = || SettingsError::new("JWT_PRIVATE_KEY", format!("{algorithm} needs a private key to sign"));
            let private = private.ok_or_else(missing)?;
            (private, public.unwrap_or(private))
        };
        let unfit = |key: &'static str| move |error: KeyError| SettingsError::new(key, error.to_string());
        let signing_key = SigningKey::new(algorithm, signing.1).map_err(unfit(signing.0))?;
        let verifying_key = VerifyingKey::new(algorithm, verifying.1).map_err(unfit(verifying.0))?;
        let is_project_key = algorithm.is_hmac()
            && settings.secret_key.is_none()
            && settings.private_key.is_none()
            && settings.public_key.is_none();
        let fallbacks = fallbacks.iter().filter(|_| is_project_key).map(|key| VerifyingKey::new(algorithm, key));
        let fallback_keys: Result<_, _> = fallbacks.collect();
        let fallback_keys = fallback_keys.map_err(unfit("SECRET_KEY_FALLBACKS"))?;
        let rules = Rules {
            edition: Edition::PyJwt1,
            leeway: settings.leeway,
            audience: settings.audience.clone().map_or(Audience::Absent, |name| Audience::OneOf(vec![name])),
            issuer: settings.issuer.clone(),
            ignore_expiry: !settings.verify_expiration,
        };
        let foreign_claims = vec!["token_type".to_owned()];
        Ok(Self { settings, clock, foreign_claims, signing_key, verifying_key, fallback_keys, rules })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::jwt::Algorithm;

    #[test]
    fn an_asymmetric_algorithm_needs_a_private_key_at_start() {
        let settings = LegacyJwtSettings { algorithm: Algorithm::RS512, ..LegacyJwtSettings::default() };
        let error = LegacyJwtState::new(settings, &"secret".into(), &[], Clock::system()).unwrap_err();
        assert_eq!(error.to_string(), "JWT_PRIVATE_KEY: RS512 needs a private key to sign");
    }

    #[test]
    fn a_key_that_does_not_fit_is_named() {
        let settings = LegacyJwtSettings {
            algorithm: Algorithm::RS512,
            private_key: Some("not a key".into()),
            ..LegacyJwtSettings::default()
        };
        let error = LegacyJwtState::new(settings, &"secret".into(), &[], Clock::system()).unwrap_err();
        assert_eq!(error.key(), "JWT_PRIVATE_KEY");
        let error = LegacyJwtState::new(LegacyJwtSettings::default(), &"".into(), &[], Clock::system()).unwrap_err();
        assert_eq!(error.key(), "SECRET_KEY");
    }
}
