//! Settings of the JWT app. Python counterpart: the `SIMPLE_JWT` dict.
//!
//! Names and meanings are simplejwt's. In the environment they have the prefix `SIMPLE_JWT_`. Python settings that name code have
//! no counterpart. In Rust you pass a type or a function instead; see `docs/SETTINGS.md`.

use std::time::Duration as StdDuration;

use chrono::Duration;

use super::token_family::settings::TokenFamilySettings;
use super::tokens::AuthToken;
use crate::conf::{SettingsError, settings, values};
use crate::core::crypto::SecretString;
use crate::core::jwt::Algorithm;

settings! {
    section "SIMPLE_JWT", app "rest_framework_simplejwt", prefix "SIMPLE_JWT_",
        finish |settings: &mut Self, _| settings.validate();

    /// How tokens are made and checked.
    ///
    /// Start from `SimpleJwtSettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct SimpleJwtSettings {
        group token_family: TokenFamilySettings;
        /// How long an access token is accepted.
        ///
        /// An access token cannot be revoked: keep this short. simplejwt's own default is 5 minutes.
        pub access_token_lifetime: Duration = SIMPLE_JWT_ACCESS_TOKEN_LIFETIME("60m", values::duration);
        /// Lifetime of a refresh token: the time that a client stays logged in without a password.
        pub refresh_token_lifetime: Duration = SIMPLE_JWT_REFRESH_TOKEN_LIFETIME("1d", values::duration);
        /// Return a new refresh token from each refresh.
        ///
        /// simplejwt's own default is `false`. **Without `SIMPLE_JWT_BLACKLIST_AFTER_ROTATION` the old token stays
        /// valid.**
        pub rotate_refresh_tokens: bool = SIMPLE_JWT_ROTATE_REFRESH_TOKENS("true", values::boolean);
        /// Blacklist a refresh token when it is rotated, so that it works only once. Recommended.
        ///
        /// Then the verify endpoint checks the blacklist too.
        pub blacklist_after_rotation: bool = SIMPLE_JWT_BLACKLIST_AFTER_ROTATION("false", values::boolean);
        /// Write `auth_user.last_login` at each login.
        ///
        /// This is one more write for each login.
        pub update_last_login: bool = SIMPLE_JWT_UPDATE_LAST_LOGIN("false", values::boolean);
        /// Algorithm of the signature: `HS`, `RS`, `PS` or `ES` with 256, 384 or 512, or `EdDSA`.
        ///
        /// A token that is signed with another algorithm is refused.
        pub algorithm: Algorithm = SIMPLE_JWT_ALGORITHM("HS256", values::algorithm);
        /// Secret (HS) or private key in PEM form that signs tokens. `SECRET_KEY` if it is not set.
        ///
        /// A secret should have at least as many bytes as the hash: 32 for HS256. **With it, an attacker can log in as
        /// any user.**
        ///
        /// Or `file:PATH`: a file with this key and more keys. All instances read the file again when it changes. See `manage
        /// rotatekey`.
        pub signing_key: Option<SecretString> = SIMPLE_JWT_SIGNING_KEY("", values::optional(values::pem), secret);
        /// More keys that verify tokens. Asymmetric keys are also published at `/.well-known/jwks.json`.
        ///
        /// PEM blocks, one after the other; public keys are enough. For HS algorithms, one secret per line. If there is no line
        /// break, `\n` counts as one. Or `file:PATH`: a file of such lines. A line `kid: NAME` before a block has the `kid` of the
        /// key.
        pub signing_keys_inactive: Option<SecretString> =
            SIMPLE_JWT_SIGNING_KEYS_INACTIVE("", values::optional(values::lines), secret);
        /// The `kid` in new tokens: `thumbprint` (RFC 7638), `none`, or a text. HS keys never have one.
        ///
        /// If it is not set: `none` with a single key, `thumbprint` with several asymmetric keys. With a `kid`, a token is
        /// checked only with that key. **Turn it on before the first service reads `/.well-known/jwks.json`**: PyJWT's
        /// `PyJWKClient` needs it.
        pub key_id: KeyId = SIMPLE_JWT_KEY_ID("", key_id);
        /// How long clients may cache `/.well-known/jwks.json`: its `Cache-Control: max-age`.
        ///
        /// With `manage rotatekey`, a new key is published for this time before it signs.
        pub jwks_max_age: StdDuration = SIMPLE_JWT_JWKS_MAX_AGE("600s", values::unsigned_duration);
        /// Public key in PEM form that verifies tokens. The public half of the signing key if it is not set.
        ///
        /// HS algorithms do not use it.
        pub verifying_key: Option<SecretString> = SIMPLE_JWT_VERIFYING_KEY("", values::optional(values::pem), secret);
        /// `aud` of new tokens, which received tokens must have as well.
        ///
        /// If there are several, separated by commas, a received token must have one of them.
        pub audience: Vec<String> = SIMPLE_JWT_AUDIENCE("none", values::list);
        /// `iss` of new tokens, which received tokens must have as well.
        pub issuer: Option<String> = SIMPLE_JWT_ISSUER("none", values::optional(issuer));
        /// URL of a JWK set with the public keys that verify tokens, for tokens of another issuer.
        ///
        /// The `kid` of a token chooses the key. `SIMPLE_JWT_VERIFYING_KEY` is not used then.
        pub jwk_url: Option<String> = SIMPLE_JWT_JWK_URL("none", values::optional(values::string));
        /// Tolerated clock difference in the checks of `exp`, `nbf` and `iat`.
        pub leeway: Duration = SIMPLE_JWT_LEEWAY("0", values::duration);
        /// Words that are accepted before the token in the header. They are case-sensitive.
        ///
        /// The first one is in the challenge of a 401.
        pub auth_header_types: Vec<String> = SIMPLE_JWT_AUTH_HEADER_TYPES("Bearer", values::list);
        /// Name of the header with the token, in the form of Django's `request.META`: `HTTP_X_ACCESS_TOKEN`.
        pub auth_header_name: String = SIMPLE_JWT_AUTH_HEADER_NAME("HTTP_AUTHORIZATION", values::meta_header("HTTP_AUTHORIZATION"));
        /// Field of the user model that identifies a user in tokens.
        ///
        /// Choose a field with values that never change and are never given to another user.
        pub user_id_field: String = SIMPLE_JWT_USER_ID_FIELD("id", values::string);
        /// Claim with the value of that field.
        pub user_id_claim: String = SIMPLE_JWT_USER_ID_CLAIM("user_id", values::string);
        /// Token classes that protected views accept: `AccessToken`, `SlidingToken`.
        ///
        /// **Do not use `RefreshToken` or `UntypedToken`: with either of them, views accept refresh tokens.**
        pub auth_token_classes: Vec<AuthToken> = SIMPLE_JWT_AUTH_TOKEN_CLASSES("AccessToken", auth_token_classes);
        /// Claim with the type of the token.
        ///
        /// **With `none` the type is not checked, so an access token is accepted as a refresh token.**
        pub token_type_claim: Option<String> =
            SIMPLE_JWT_TOKEN_TYPE_CLAIM("token_type", values::optional(values::string));
        /// Claim with the id of the token. The blacklist refers to this id.
        pub jti_claim: Option<String> = SIMPLE_JWT_JTI_CLAIM("jti", values::optional(values::string));
        /// How long a sliding token is accepted.
        pub sliding_token_lifetime: Duration = SIMPLE_JWT_SLIDING_TOKEN_LIFETIME("5m", values::duration);
        /// How long a sliding token can be refreshed.
        pub sliding_token_refresh_lifetime: Duration =
            SIMPLE_JWT_SLIDING_TOKEN_REFRESH_LIFETIME("1d", values::duration);
        /// Claim with the time until which a sliding token can be refreshed.
        pub sliding_token_refresh_exp_claim: String =
            SIMPLE_JWT_SLIDING_TOKEN_REFRESH_EXP_CLAIM("refresh_exp", values::string);
        /// Refuse tokens that were issued before the user last changed the password.
        pub check_revoke_token: bool = SIMPLE_JWT_CHECK_REVOKE_TOKEN("false", values::boolean);
        /// Claim with the digest of the password, for `SIMPLE_JWT_CHECK_REVOKE_TOKEN`.
        pub revoke_token_claim: String = SIMPLE_JWT_REVOKE_TOKEN_CLAIM("hash_password", values::string);
        /// Refuse tokens of inactive users.
        pub check_user_is_active: bool = SIMPLE_JWT_CHECK_USER_IS_ACTIVE("true", values::boolean);
    }
}

/// The `kid` of the key that signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeyId {
    /// No `kid` with a single key, the thumbprint with several asymmetric keys.
    #[default]
    Auto,
    /// None.
    None,
    /// The thumbprint of the public key.
    Thumbprint,
    /// This text.
    Text(String),
}

impl SimpleJwtSettings {
    /// Refuses settings with which the server cannot answer requests.
    ///
    /// # Errors
    /// Returns an error for the first such setting.
    pub fn validate(&self) -> Result<(), SettingsError> {
        if self.auth_header_types.is_empty() {
            return Err(SettingsError::new("SIMPLE_JWT_AUTH_HEADER_TYPES", "must not be empty"));
        }
        // Other text cannot be in a header or in a challenge.
        for text in &self.auth_header_types {
            values::word(text)
                .map_err(|expected| SettingsError::expected("SIMPLE_JWT_AUTH_HEADER_TYPES", text, &expected))?;
        }
        self.token_family.refuse_claims(&[
            (&self.user_id_claim, "SIMPLE_JWT_USER_ID_CLAIM"),
            (self.jti_claim.as_deref().unwrap_or_default(), "SIMPLE_JWT_JTI_CLAIM"),
            (self.token_type_claim.as_deref().unwrap_or_default(), "SIMPLE_JWT_TOKEN_TYPE_CLAIM"),
            (&self.revoke_token_claim, "SIMPLE_JWT_REVOKE_TOKEN_CLAIM"),
        ])
    }
}

fn key_id(text: &str) -> Result<KeyId, String> {
    match text.trim() {
        "" => Ok(KeyId::Auto),
        text if text.eq_ignore_ascii_case("thumbprint") => Ok(KeyId::Thumbprint),
        text if text.eq_ignore_ascii_case("none") => Ok(KeyId::None),
        text if is_kid(text) => Ok(KeyId::Text(text.to_owned())),
        _ => Err(format!("none, thumbprint or {KID_CHARACTERS}")),
    }
}

/// The rule of [`is_kid`], for messages.
pub(super) const KID_CHARACTERS: &str = "up to 255 letters, digits and signs";

/// Whether `kid` can be the name of a key. A long name would make every token too long to be accepted.
pub(super) fn is_kid(kid: &str) -> bool {
    (1..=255).contains(&kid.len()) && kid.bytes().all(|byte| byte.is_ascii_graphic())
}

/// simplejwt also accepts a list, but then it writes a list into `iss`, which its own check refuses.
fn issuer(text: &str) -> Result<String, String> {
    if text.contains(',') { Err("a single issuer".to_owned()) } else { Ok(text.trim().to_owned()) }
}

fn auth_token_classes(text: &str) -> Result<Vec<AuthToken>, String> {
    let classes: Option<_> = values::class_names(text)?.iter().map(|name| AuthToken::from_class_name(name)).collect();
    classes.ok_or_else(|| "a list of AccessToken, SlidingToken, RefreshToken, UntypedToken".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Environment;

    fn read(key: &str, value: &str) -> Result<SimpleJwtSettings, String> {
        let env: Environment = [(key, value)].into_iter().collect();
        SimpleJwtSettings::from_env(&env).map_err(|e| e.to_string())
    }

    #[test]
    fn lifetimes_may_be_zero_or_negative_as_in_django() {
        assert_eq!(read("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME", "0").unwrap().access_token_lifetime, Duration::zero());
        assert_eq!(
            read("SIMPLE_JWT_REFRESH_TOKEN_LIFETIME", "-1d").unwrap().refresh_token_lifetime,
            Duration::days(-1)
        );
        assert_eq!(read("SIMPLE_JWT_LEEWAY", "-5").unwrap().leeway, Duration::seconds(-5));
        assert!(read("SIMPLE_JWT_AUTH_TOKEN_CLASSES", "").unwrap().auth_token_classes.is_empty());
    }

    #[test]
    fn a_key_id_is_one_of_two_words_or_a_text() {
        let read = |text: &str| read("SIMPLE_JWT_KEY_ID", text).map(|settings| settings.key_id);
        assert_eq!(SimpleJwtSettings::default().key_id, KeyId::Auto);
        assert_eq!(read("none").unwrap(), KeyId::None);
        for text in ["thumbprint", "Thumbprint"] {
            assert_eq!(read(text).unwrap(), KeyId::Thumbprint);
        }
        assert_eq!(read("2026-a").unwrap(), KeyId::Text("2026-a".to_owned()));
        for text in ["two words", "\u{e9}", "a\nb", &"x".repeat(256)] {
            assert!(read(text).unwrap_err().contains("none, thumbprint or"), "{text}");
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
            "SIMPLE_JWT_USER_AUTHENTICATION_RULE: is not a setting; use the builder's user_authentication_rule instead"
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
