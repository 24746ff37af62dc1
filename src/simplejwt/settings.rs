//! Settings of the JWT app. Python counterpart: the `SIMPLE_JWT` dict.
//!
//! Names and meanings are simplejwt's; in the environment they carry the prefix `SIMPLE_JWT_`. Python settings that name
//! code (`TOKEN_USER_CLASS`, `USER_AUTHENTICATION_RULE`, the `…_SERIALIZER`s) have no counterpart: in Rust one passes a
//! type or a function instead, see `docs/SETTINGS.md`.

use chrono::Duration;

use super::tokens::AuthToken;
use crate::conf::{Environment, SettingsError, values};
use crate::core::crypto::SecretString;
use crate::core::jwt::Algorithm;

/// How tokens are made and checked.
///
/// Start from `SimpleJwtSettings::default()` and assign what differs; new fields may appear in minor versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimpleJwtSettings {
    /// How long an access token is accepted. Default: 60 minutes (simplejwt: 5).
    pub access_token_lifetime: Duration,
    /// How long a refresh token is accepted. Default: 1 day.
    pub refresh_token_lifetime: Duration,
    /// Give a new refresh token at each refresh. Default: yes (simplejwt: no).
    pub rotate_refresh_tokens: bool,
    /// End the old refresh token when a new one is given, and let `verify` ask the blacklist. Default: no.
    pub blacklist_after_rotation: bool,
    /// Write `last_login` at each obtain. Default: no; it is a write to the user's row per login.
    pub update_last_login: bool,
    /// Signature algorithm. Default: HS256. A token signed with any other one is refused.
    pub algorithm: Algorithm,
    /// Key that signs, and for HS* also verifies: a secret, or PEM. Default: the project's `SECRET_KEY`.
    pub signing_key: Option<SecretString>,
    /// Public key in PEM form that verifies. Default: the public half of `signing_key`. Not used with HS*.
    pub verifying_key: Option<SecretString>,
    /// `aud` of new tokens, required of every token read. Several: each token must name one of them. Default: none.
    pub audience: Vec<String>,
    /// `iss` of new tokens, required of every token read. Default: none.
    pub issuer: Option<String>,
    /// Address of a JWK set whose keys verify in place of `verifying_key`, chosen by `kid`. Default: none.
    pub jwk_url: Option<String>,
    /// Clock difference tolerated in `exp`, `nbf` and `iat`. Default: none.
    pub leeway: Duration,
    /// Words accepted before the token in the header; the first one is used in challenges. Default: `Bearer`.
    pub auth_header_types: Vec<String>,
    /// Name of the header that carries the token. Default: `authorization` (`HTTP_AUTHORIZATION`).
    pub auth_header_name: String,
    /// Attribute of the user that tokens name. Default: `id`.
    pub user_id_field: String,
    /// Claim that carries it. Default: `user_id`.
    pub user_id_claim: String,
    /// Kinds of token that open a protected view. Default: `AccessToken`.
    pub auth_token_classes: Vec<AuthToken>,
    /// Claim that carries the kind. `None` switches the check of the kind off: **an access token then passes as a
    /// refresh token**. Default: `token_type`.
    pub token_type_claim: Option<String>,
    /// Claim that carries the token's id. Default: `jti`.
    pub jti_claim: Option<String>,
    /// How long a sliding token is accepted. Default: 5 minutes.
    pub sliding_token_lifetime: Duration,
    /// How long a sliding token can be refreshed. Default: 1 day.
    pub sliding_token_refresh_lifetime: Duration,
    /// Claim that carries the end of that time. Default: `refresh_exp`.
    pub sliding_token_refresh_exp_claim: String,
    /// Put a digest of the password string into tokens and refuse them once it has changed. Default: no.
    pub check_revoke_token: bool,
    /// Claim that carries that digest. Default: `hash_password`.
    pub revoke_token_claim: String,
    /// Refuse inactive users. Default: yes.
    pub check_user_is_active: bool,
}

impl Default for SimpleJwtSettings {
    fn default() -> Self {
        Self {
            access_token_lifetime: Duration::minutes(60),
            refresh_token_lifetime: Duration::days(1),
            rotate_refresh_tokens: true,
            blacklist_after_rotation: false,
            update_last_login: false,
            algorithm: Algorithm::HS256,
            signing_key: None,
            verifying_key: None,
            audience: Vec::new(),
            issuer: None,
            jwk_url: None,
            leeway: Duration::zero(),
            auth_header_types: vec!["Bearer".to_owned()],
            auth_header_name: "authorization".to_owned(),
            user_id_field: "id".to_owned(),
            user_id_claim: "user_id".to_owned(),
            auth_token_classes: vec![AuthToken::Access],
            token_type_claim: Some("token_type".to_owned()),
            jti_claim: Some("jti".to_owned()),
            sliding_token_lifetime: Duration::minutes(5),
            sliding_token_refresh_lifetime: Duration::days(1),
            sliding_token_refresh_exp_claim: "refresh_exp".to_owned(),
            check_revoke_token: false,
            revoke_token_claim: "hash_password".to_owned(),
            check_user_is_active: true,
        }
    }
}

/// Settings that name Python code, and what to use here instead.
const CODE: [(&str, &str); 10] = [
    ("SIMPLE_JWT_USER_AUTHENTICATION_RULE", "JwtState::with_user_authentication_rule"),
    ("SIMPLE_JWT_TOKEN_USER_CLASS", "the claims of TokenUser"),
    ("SIMPLE_JWT_JSON_ENCODER", "serde_json values in the claims"),
    ("SIMPLE_JWT_TOKEN_OBTAIN_SERIALIZER", "JwtState::with_claims or a view of your own"),
    ("SIMPLE_JWT_TOKEN_REFRESH_SERIALIZER", "JwtState::with_claims or a view of your own"),
    ("SIMPLE_JWT_TOKEN_VERIFY_SERIALIZER", "a view of your own"),
    ("SIMPLE_JWT_TOKEN_BLACKLIST_SERIALIZER", "a view of your own"),
    ("SIMPLE_JWT_SLIDING_TOKEN_OBTAIN_SERIALIZER", "JwtState::with_claims or a view of your own"),
    ("SIMPLE_JWT_SLIDING_TOKEN_REFRESH_SERIALIZER", "a view of your own"),
    ("SIMPLE_JWT_ON_LOGIN_SUCCESS", "a view of your own"),
];

impl SimpleJwtSettings {
    /// Every key read here.
    pub const KEYS: &'static [&'static str] = &[
        "SIMPLE_JWT_ACCESS_TOKEN_LIFETIME",
        "SIMPLE_JWT_REFRESH_TOKEN_LIFETIME",
        "SIMPLE_JWT_ROTATE_REFRESH_TOKENS",
        "SIMPLE_JWT_BLACKLIST_AFTER_ROTATION",
        "SIMPLE_JWT_UPDATE_LAST_LOGIN",
        "SIMPLE_JWT_ALGORITHM",
        "SIMPLE_JWT_SIGNING_KEY",
        "SIMPLE_JWT_VERIFYING_KEY",
        "SIMPLE_JWT_AUDIENCE",
        "SIMPLE_JWT_ISSUER",
        "SIMPLE_JWT_JWK_URL",
        "SIMPLE_JWT_LEEWAY",
        "SIMPLE_JWT_AUTH_HEADER_TYPES",
        "SIMPLE_JWT_AUTH_HEADER_NAME",
        "SIMPLE_JWT_USER_ID_FIELD",
        "SIMPLE_JWT_USER_ID_CLAIM",
        "SIMPLE_JWT_AUTH_TOKEN_CLASSES",
        "SIMPLE_JWT_TOKEN_TYPE_CLAIM",
        "SIMPLE_JWT_JTI_CLAIM",
        "SIMPLE_JWT_SLIDING_TOKEN_LIFETIME",
        "SIMPLE_JWT_SLIDING_TOKEN_REFRESH_LIFETIME",
        "SIMPLE_JWT_SLIDING_TOKEN_REFRESH_EXP_CLAIM",
        "SIMPLE_JWT_CHECK_REVOKE_TOKEN",
        "SIMPLE_JWT_REVOKE_TOKEN_CLAIM",
        "SIMPLE_JWT_CHECK_USER_IS_ACTIVE",
    ];

    /// Reads the keys that `env` has over the defaults.
    ///
    /// # Errors
    /// For an unknown `SIMPLE_JWT_…` key, one that names Python code, and a value that is none.
    pub fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        for (key, instead) in CODE {
            if env.get(key).is_some() {
                return Err(SettingsError::new(key, format!("names Python code; use {instead} instead")));
            }
        }
        env.refuse_unknown("SIMPLE_JWT_", Self::KEYS)?;
        let key = |name: &str| format!("SIMPLE_JWT_{name}");
        let mut s = Self::default();
        env.read(&key("ACCESS_TOKEN_LIFETIME"), &mut s.access_token_lifetime, values::duration)?;
        env.read(&key("REFRESH_TOKEN_LIFETIME"), &mut s.refresh_token_lifetime, values::duration)?;
        env.read(&key("ROTATE_REFRESH_TOKENS"), &mut s.rotate_refresh_tokens, values::boolean)?;
        env.read(&key("BLACKLIST_AFTER_ROTATION"), &mut s.blacklist_after_rotation, values::boolean)?;
        env.read(&key("UPDATE_LAST_LOGIN"), &mut s.update_last_login, values::boolean)?;
        env.read(&key("ALGORITHM"), &mut s.algorithm, |text| text.parse().map_err(|_| algorithms()))?;
        env.read_secret(&key("SIGNING_KEY"), &mut s.signing_key, secret)?;
        env.read_secret(&key("VERIFYING_KEY"), &mut s.verifying_key, secret)?;
        env.read(&key("AUDIENCE"), &mut s.audience, optional_list)?;
        env.read(&key("ISSUER"), &mut s.issuer, issuer)?;
        env.read(&key("JWK_URL"), &mut s.jwk_url, values::optional)?;
        env.read(&key("LEEWAY"), &mut s.leeway, values::duration)?;
        env.read(&key("AUTH_HEADER_TYPES"), &mut s.auth_header_types, values::list)?;
        env.read(&key("AUTH_HEADER_NAME"), &mut s.auth_header_name, header_name)?;
        env.read(&key("USER_ID_FIELD"), &mut s.user_id_field, values::string)?;
        env.read(&key("USER_ID_CLAIM"), &mut s.user_id_claim, values::string)?;
        env.read(&key("AUTH_TOKEN_CLASSES"), &mut s.auth_token_classes, auth_token_classes)?;
        env.read(&key("TOKEN_TYPE_CLAIM"), &mut s.token_type_claim, values::optional)?;
        env.read(&key("JTI_CLAIM"), &mut s.jti_claim, values::optional)?;
        env.read(&key("SLIDING_TOKEN_LIFETIME"), &mut s.sliding_token_lifetime, values::duration)?;
        env.read(&key("SLIDING_TOKEN_REFRESH_LIFETIME"), &mut s.sliding_token_refresh_lifetime, values::duration)?;
        env.read(&key("SLIDING_TOKEN_REFRESH_EXP_CLAIM"), &mut s.sliding_token_refresh_exp_claim, values::string)?;
        env.read(&key("CHECK_REVOKE_TOKEN"), &mut s.check_revoke_token, values::boolean)?;
        env.read(&key("REVOKE_TOKEN_CLAIM"), &mut s.revoke_token_claim, values::string)?;
        env.read(&key("CHECK_USER_IS_ACTIVE"), &mut s.check_user_is_active, values::boolean)?;
        s.validate()?;
        Ok(s)
    }

    /// Refuses a configuration that would start but not work, naming the setting at fault.
    ///
    /// # Errors
    /// For the first such setting.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let positive = [
            ("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME", self.access_token_lifetime),
            ("SIMPLE_JWT_REFRESH_TOKEN_LIFETIME", self.refresh_token_lifetime),
            ("SIMPLE_JWT_SLIDING_TOKEN_LIFETIME", self.sliding_token_lifetime),
            ("SIMPLE_JWT_SLIDING_TOKEN_REFRESH_LIFETIME", self.sliding_token_refresh_lifetime),
        ];
        if let Some((key, _)) = positive.iter().find(|(_, lifetime)| *lifetime <= Duration::zero()) {
            return Err(SettingsError::new(*key, "must be longer than no time at all"));
        }
        if self.leeway < Duration::zero() {
            return Err(SettingsError::new("SIMPLE_JWT_LEEWAY", "must not be negative"));
        }
        if self.auth_header_types.is_empty() {
            return Err(SettingsError::new("SIMPLE_JWT_AUTH_HEADER_TYPES", "must not be empty"));
        }
        // Another text is in no header that can be sent, nor in a challenge.
        if let Some(other) = self.auth_header_types.iter().find(|text| values::word(text).is_err()) {
            let problem = format!("{other:?} is not one word of letters, digits and hyphens");
            return Err(SettingsError::new("SIMPLE_JWT_AUTH_HEADER_TYPES", problem));
        }
        if self.auth_token_classes.is_empty() {
            return Err(SettingsError::new("SIMPLE_JWT_AUTH_TOKEN_CLASSES", "must not be empty"));
        }
        Ok(())
    }
}

fn algorithms() -> String {
    format!("one of {}", Algorithm::ALL.map(Algorithm::as_str).join(", "))
}

fn secret(text: &str) -> Result<Option<SecretString>, String> {
    let pem = values::pem(text)?;
    Ok((!pem.is_empty()).then(|| SecretString::new(pem)))
}

fn optional_list(text: &str) -> Result<Vec<String>, String> {
    values::optional(text)?.map_or_else(|| Ok(Vec::new()), |text| values::list(&text))
}

/// simplejwt takes a list too, but then writes a list into `iss`, which its own check refuses.
fn issuer(text: &str) -> Result<Option<String>, String> {
    match values::optional(text)? {
        Some(text) if text.contains(',') => Err("a single issuer".to_owned()),
        text => Ok(text.map(|text| text.trim().to_owned())),
    }
}

/// `HTTP_X_ACCESS_TOKEN`, the name that WSGI gives a header, as the header's own: `x-access-token`.
fn header_name(text: &str) -> Result<String, String> {
    let name = text.trim().strip_prefix("HTTP_");
    let name = name.and_then(|name| values::word(&name.replace('_', "-")).ok());
    let name = name.ok_or_else(|| "a header as WSGI names it, such as HTTP_AUTHORIZATION".to_owned())?;
    Ok(name.to_ascii_lowercase())
}

fn auth_token_classes(text: &str) -> Result<Vec<AuthToken>, String> {
    let classes: Option<Vec<_>> =
        values::list(text)?.iter().map(|name| AuthToken::from_class_name(values::class_name(name))).collect();
    classes.ok_or_else(|| "a list of AccessToken, SlidingToken, RefreshToken, UntypedToken".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &str, value: &str) -> Result<SimpleJwtSettings, String> {
        let env: Environment = [(key, value)].into_iter().collect();
        SimpleJwtSettings::from_env(&env).map_err(|e| e.to_string())
    }

    #[test]
    fn every_key_is_read() {
        // A key that is listed but not read would leave a nonsense value unnoticed.
        let free_text = ["SIGNING_KEY", "VERIFYING_KEY", "AUDIENCE", "JWK_URL", "AUTH_HEADER_TYPES", "CLAIM", "FIELD"];
        for key in SimpleJwtSettings::KEYS.iter().filter(|key| !free_text.iter().any(|part| key.ends_with(part))) {
            assert!(read(key, "no, nonsense!").is_err(), "{key}");
        }
    }

    #[test]
    fn a_header_is_named_as_wsgi_names_it() {
        let settings = read("SIMPLE_JWT_AUTH_HEADER_NAME", "HTTP_X_ACCESS_TOKEN").unwrap();
        assert_eq!(settings.auth_header_name, "x-access-token");
        for text in ["Authorization", "HTTP_", "HTTP_X Y", "HTTP_\u{e9}", "HTTP_X:"] {
            assert!(read("SIMPLE_JWT_AUTH_HEADER_NAME", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_setting_that_names_python_code_says_what_to_use() {
        assert_eq!(
            read("SIMPLE_JWT_USER_AUTHENTICATION_RULE", "a.b").unwrap_err(),
            "SIMPLE_JWT_USER_AUTHENTICATION_RULE: names Python code; use JwtState::with_user_authentication_rule instead"
        );
    }

    #[test]
    fn unknown_algorithms_and_classes_are_refused_with_the_known_ones() {
        assert!(read("SIMPLE_JWT_ALGORITHM", "none").unwrap_err().contains("HS256, HS384"));
        assert!(read("SIMPLE_JWT_AUTH_TOKEN_CLASSES", "MyToken").unwrap_err().contains("SlidingToken"));
        assert!(read("SIMPLE_JWT_AUTH_HEADER_TYPES", "").unwrap_err().contains("must not be empty"));
        assert_eq!(
            read("SIMPLE_JWT_AUTH_HEADER_TYPES", "JWT,Bea\u{1}rer").unwrap_err(),
            "SIMPLE_JWT_AUTH_HEADER_TYPES: \"Bea\\u{1}rer\" is not one word of letters, digits and hyphens"
        );
    }
}
