//! Settings of the older tokens. Python counterpart: `rest_framework_jwt.settings`, the dict `JWT_AUTH`.

use chrono::Duration;

use crate::conf::{Environment, SettingsError, values};
use crate::core::crypto::SecretString;
use crate::core::jwt::Algorithm;

/// Names and defaults of djangorestframework-jwt. Its names begin with `JWT_` already, so they are the names in the
/// environment too.
///
/// Start from `LegacyJwtSettings::default()` and assign what differs; new fields may appear in minor versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LegacyJwtSettings {
    /// HMAC secret. Default: the project's `SECRET_KEY`.
    pub secret_key: Option<SecretString>,
    /// Key that checks signatures, in PEM form; the public half of `private_key` when it is not set. Default: none.
    pub public_key: Option<SecretString>,
    /// Key that signs, in PEM form. Default: none, and `secret_key` signs.
    pub private_key: Option<SecretString>,
    /// Default: `HS256`.
    pub algorithm: Algorithm,
    /// **Danger**: false accepts every token, whoever wrote it, and so lets anybody in as anybody. Default: true.
    pub verify: bool,
    /// **Danger**: false accepts tokens for ever. Default: true.
    pub verify_expiration: bool,
    /// How far the clocks of those who issue tokens may be off. Default: zero.
    pub leeway: Duration,
    /// How long a token is good. Default: 300 seconds.
    pub expiration_delta: Duration,
    /// `aud` of new tokens, and what a token's must be. Default: none, and a token that has one is refused.
    pub audience: Option<String>,
    /// `iss` of new tokens, and what a token's must be. Default: none, and it is not looked at.
    pub issuer: Option<String>,
    /// Whether new tokens may be exchanged for fresh ones. Default: false.
    pub allow_refresh: bool,
    /// How long after the login. Default: 7 days.
    pub refresh_expiration_delta: Duration,
    /// First word of the `Authorization` header, in any case, and of the challenge. Default: `JWT`.
    pub auth_header_prefix: String,
    /// Name of a cookie that new tokens are also put in, and taken from when there is no `Authorization` header.
    /// Default: none.
    ///
    /// **Danger**: browsers send cookies along with requests that other sites make, and there is no CSRF token here.
    pub auth_cookie: Option<String>,
    /// Claims that mark a token of another kind, which is refused here however well it is signed: both kinds may have
    /// `SECRET_KEY` for a key, and a `username` that a project adds to its simplejwt tokens would make them pass for
    /// these. Default: `token_type`. Not in the environment: the set-up adds `SIMPLE_JWT_TOKEN_TYPE_CLAIM` where that is
    /// another name.
    pub foreign_claims: Vec<String>,
}

impl Default for LegacyJwtSettings {
    fn default() -> Self {
        Self {
            secret_key: None,
            public_key: None,
            private_key: None,
            algorithm: Algorithm::HS256,
            verify: true,
            verify_expiration: true,
            leeway: Duration::zero(),
            expiration_delta: Duration::seconds(300),
            audience: None,
            issuer: None,
            allow_refresh: false,
            refresh_expiration_delta: Duration::days(7),
            auth_header_prefix: "JWT".to_owned(),
            auth_cookie: None,
            foreign_claims: vec!["token_type".to_owned()],
        }
    }
}

/// Settings of the package that name a Python function.
const PYTHON_CODE: [&str; 7] = [
    "JWT_ENCODE_HANDLER",
    "JWT_DECODE_HANDLER",
    "JWT_PAYLOAD_HANDLER",
    "JWT_PAYLOAD_GET_USER_ID_HANDLER",
    "JWT_PAYLOAD_GET_USERNAME_HANDLER",
    "JWT_RESPONSE_PAYLOAD_HANDLER",
    "JWT_GET_USER_SECRET_KEY",
];

impl LegacyJwtSettings {
    /// The same, with the claim by which the project's other tokens say their kind among the foreign ones.
    #[must_use]
    pub fn beside(mut self, token_type_claim: Option<&str>) -> Self {
        if let Some(claim) = token_type_claim.filter(|claim| !self.foreign_claims.iter().any(|known| known == claim)) {
            self.foreign_claims.push(claim.to_owned());
        }
        self
    }

    /// Every key read here, whole.
    pub const KEYS: &'static [&'static str] = &[
        "JWT_SECRET_KEY",
        "JWT_PUBLIC_KEY",
        "JWT_PRIVATE_KEY",
        "JWT_ALGORITHM",
        "JWT_VERIFY",
        "JWT_VERIFY_EXPIRATION",
        "JWT_LEEWAY",
        "JWT_EXPIRATION_DELTA",
        "JWT_AUDIENCE",
        "JWT_ISSUER",
        "JWT_ALLOW_REFRESH",
        "JWT_REFRESH_EXPIRATION_DELTA",
        "JWT_AUTH_HEADER_PREFIX",
        "JWT_AUTH_COOKIE",
    ];

    /// Reads the keys that `env` has over the defaults.
    ///
    /// # Errors
    /// For an unknown `JWT_…` key, for one that names Python code, and for a value that is none.
    pub fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        if let Some(key) = PYTHON_CODE.into_iter().find(|key| env.get(key).is_some()) {
            return Err(SettingsError::new(key, "names a Python function, which cannot be called from here"));
        }
        env.refuse_unknown("JWT_", Self::KEYS)?;
        let secret = |text: &str| Ok(values::optional(text)?.map(SecretString::from));
        let pem =
            |text: &str| values::optional(text)?.map(|text| values::pem(&text).map(SecretString::from)).transpose();
        let mut s = Self::default();
        env.read_secret(Self::KEYS[0], &mut s.secret_key, secret)?;
        env.read_secret(Self::KEYS[1], &mut s.public_key, pem)?;
        env.read_secret(Self::KEYS[2], &mut s.private_key, pem)?;
        env.read(Self::KEYS[3], &mut s.algorithm, |text| {
            text.trim().parse().map_err(|unknown: crate::core::jwt::UnknownAlgorithm| unknown.to_string())
        })?;
        env.read(Self::KEYS[4], &mut s.verify, values::boolean)?;
        env.read(Self::KEYS[5], &mut s.verify_expiration, values::boolean)?;
        env.read(Self::KEYS[6], &mut s.leeway, values::duration)?;
        env.read(Self::KEYS[7], &mut s.expiration_delta, values::duration)?;
        env.read(Self::KEYS[8], &mut s.audience, values::optional)?;
        env.read(Self::KEYS[9], &mut s.issuer, values::optional)?;
        env.read(Self::KEYS[10], &mut s.allow_refresh, values::boolean)?;
        env.read(Self::KEYS[11], &mut s.refresh_expiration_delta, values::duration)?;
        env.read(Self::KEYS[12], &mut s.auth_header_prefix, values::word)?;
        env.read(Self::KEYS[13], &mut s.auth_cookie, |text| {
            values::optional(text)?.map(|name| values::word(&name)).transpose()
        })?;
        Ok(s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<LegacyJwtSettings, String> {
        let env: Environment = pairs.iter().copied().collect();
        LegacyJwtSettings::from_env(&env).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_is_read() {
        let settings = read(&[
            ("JWT_SECRET_KEY", "secret"),
            ("JWT_PUBLIC_KEY", "a\\nb"),
            ("JWT_PRIVATE_KEY", "c\\nd"),
            ("JWT_ALGORITHM", "RS512"),
            ("JWT_VERIFY", "no"),
            ("JWT_VERIFY_EXPIRATION", "no"),
            ("JWT_LEEWAY", "30"),
            ("JWT_EXPIRATION_DELTA", "1h"),
            ("JWT_AUDIENCE", "aud-1"),
            ("JWT_ISSUER", "iss-1"),
            ("JWT_ALLOW_REFRESH", "true"),
            ("JWT_REFRESH_EXPIRATION_DELTA", "2d"),
            ("JWT_AUTH_HEADER_PREFIX", "Bearer"),
            ("JWT_AUTH_COOKIE", "token"),
        ])
        .unwrap();
        let expected = LegacyJwtSettings {
            secret_key: Some("secret".into()),
            public_key: Some("a\nb".into()),
            private_key: Some("c\nd".into()),
            algorithm: Algorithm::RS512,
            verify: false,
            verify_expiration: false,
            leeway: Duration::seconds(30),
            expiration_delta: Duration::hours(1),
            audience: Some("aud-1".to_owned()),
            issuer: Some("iss-1".to_owned()),
            allow_refresh: true,
            refresh_expiration_delta: Duration::days(2),
            auth_header_prefix: "Bearer".to_owned(),
            auth_cookie: Some("token".to_owned()),
            foreign_claims: vec!["token_type".to_owned()],
        };
        assert_eq!(settings, expected);
    }

    #[test]
    fn what_is_unknown_or_unusable_stops_the_start() {
        assert_eq!(
            read(&[("JWT_EXPIRATION_DELTAS", "1")]).unwrap_err(),
            "JWT_EXPIRATION_DELTAS: there is no such setting; did you mean JWT_EXPIRATION_DELTA?"
        );
        assert_eq!(
            read(&[("JWT_PAYLOAD_HANDLER", "app.utils.payload")]).unwrap_err(),
            "JWT_PAYLOAD_HANDLER: names a Python function, which cannot be called from here"
        );
        assert_eq!(
            read(&[("JWT_AUTH_COOKIE", "a=b; c")]).unwrap_err(),
            "JWT_AUTH_COOKIE: \"a=b; c\" is not one word of letters, digits and hyphens"
        );
        assert!(read(&[("JWT_ALGORITHM", "none")]).is_err());
    }
}
