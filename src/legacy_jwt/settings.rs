//! Settings of the older tokens. Python counterpart: `rest_framework_jwt.settings`, the dict `JWT_AUTH`.
//!
//! The names of djangorestframework-jwt begin with `JWT_` and are the names in the environment too. Other programs use
//! names such as `JWT_SECRET` for their own purposes, so an unknown name is not an error.

use chrono::Duration;

use crate::conf::{settings, values};
use crate::core::crypto::SecretString;
use crate::core::jwt::Algorithm;
use crate::http::cookies::SameSite;

settings! {
    section "JWT_AUTH", app "rest_framework_jwt", shared_prefix "JWT_";

    /// Names and defaults of djangorestframework-jwt.
    ///
    /// Start from `LegacyJwtSettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct LegacyJwtSettings {
        /// Secret of HS algorithms. `SECRET_KEY` if it is not set.
        ///
        /// **With it, an attacker can log in as any user.**
        pub secret_key: Option<SecretString> =
            JWT_SECRET_KEY("", values::optional(|text| Ok(SecretString::from(text))), secret);
        /// Key in PEM form that verifies tokens. The public half of `JWT_PRIVATE_KEY` if it is not set.
        pub public_key: Option<SecretString> = JWT_PUBLIC_KEY("", values::optional(values::pem), secret);
        /// Key in PEM form that signs tokens. `JWT_SECRET_KEY` signs if it is not set.
        pub private_key: Option<SecretString> = JWT_PRIVATE_KEY("", values::optional(values::pem), secret);
        /// Algorithm of the signature, as in `SIMPLE_JWT_ALGORITHM`.
        pub algorithm: Algorithm = JWT_ALGORITHM("HS256", values::algorithm);
        /// Verify signatures. **With `false` every token is accepted, even a forged one.**
        pub verify: bool = JWT_VERIFY("true", values::boolean);
        /// Check `exp`. **With `false` a token never expires.**
        pub verify_expiration: bool = JWT_VERIFY_EXPIRATION("true", values::boolean);
        /// Tolerated clock difference in the check of `exp`.
        pub leeway: Duration = JWT_LEEWAY("0", values::duration);
        /// How long a token is accepted.
        pub expiration_delta: Duration = JWT_EXPIRATION_DELTA("300", values::duration);
        /// `aud` of new tokens, which received tokens must have as well.
        ///
        /// If it is not set, a token that has an `aud` is refused.
        pub audience: Option<String> = JWT_AUDIENCE("none", values::optional(values::string));
        /// `iss` of new tokens, which received tokens must have as well.
        pub issuer: Option<String> = JWT_ISSUER("none", values::optional(values::string));
        /// Allow tokens to be exchanged for new ones.
        pub allow_refresh: bool = JWT_ALLOW_REFRESH("false", values::boolean);
        /// How long after the login a token can be exchanged.
        pub refresh_expiration_delta: Duration = JWT_REFRESH_EXPIRATION_DELTA("7d", values::duration);
        /// First word of the `Authorization` header, in upper or lower case, and of the challenge.
        pub auth_header_prefix: String = JWT_AUTH_HEADER_PREFIX("JWT", values::word);
        /// Name of a cookie that also gets new tokens. It is read if there is no `Authorization` header.
        ///
        /// **Browsers send cookies with requests that other sites make, and there is no CSRF token here.**
        pub auth_cookie: Option<String> = JWT_AUTH_COOKIE("none", values::optional(values::word));
        /// Whether that cookie has `Secure`, so that browsers send it by HTTPS only: `true`, `false`, or `auto`.
        ///
        /// With `auto` it has `Secure` if the request came by HTTPS, according to `SECURE_PROXY_SSL_HEADER`. Not in the package.
        pub auth_cookie_secure: Option<bool> = JWT_AUTH_COOKIE_SECURE("auto", secure);
        /// `SameSite` of that cookie: `Lax`, `Strict`, `None`, or `false` for no attribute, which browsers treat as `Lax`.
        ///
        /// `None` needs `Secure`, and **lets every other site send the cookie**. Not in the package.
        pub auth_cookie_samesite: Option<SameSite> = JWT_AUTH_COOKIE_SAMESITE("", SameSite::parse);
    }
}

fn secure(text: &str) -> Result<Option<bool>, String> {
    match text.trim() {
        "auto" => Ok(None),
        text => values::boolean(text).map(Some).map_err(|_| "true, false or auto".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Environment;

    fn read(pairs: &[(&str, &str)]) -> Result<LegacyJwtSettings, String> {
        let env: Environment = pairs.iter().copied().collect();
        LegacyJwtSettings::from_env(&env).map_err(|error| error.to_string())
    }

    #[test]
    fn names_of_other_programs_are_ignored() {
        let settings = read(&[("JWT_SECRET", "hunter2"), ("JWT_SECRET_FILE", "/run/jwt"), ("JWT_TTL", "60")]).unwrap();
        assert_eq!(settings, LegacyJwtSettings::default());
    }

    #[test]
    fn misspelt_names_are_reported() {
        let settings = read(&[("JWT_EXPIRATION_DELTAS", "1")]).unwrap();
        let found: Vec<_> = settings.misspelt.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["JWT_EXPIRATION_DELTAS: there is no such setting; did you mean JWT_EXPIRATION_DELTA?"]);
    }

    #[test]
    fn invalid_values_are_refused() {
        assert_eq!(
            read(&[("JWT_PAYLOAD_HANDLER", "app.utils.payload")]).unwrap_err(),
            "JWT_PAYLOAD_HANDLER: is not a setting; use your own view instead"
        );
        assert_eq!(
            read(&[("JWT_AUTH_COOKIE", "a=b; c")]).unwrap_err(),
            "JWT_AUTH_COOKIE: \"a=b; c\" is not one word of letters, digits and hyphens"
        );
        assert!(read(&[("JWT_ALGORITHM", "none")]).is_err());
        assert_eq!(
            read(&[("JWT_AUTH_COOKIE_SECURE", "maybe")]).unwrap_err(),
            "JWT_AUTH_COOKIE_SECURE: \"maybe\" is not true, false or auto"
        );
        assert_eq!(
            read(&[("JWT_AUTH_COOKIE_SAMESITE", "Loose")]).unwrap_err(),
            "JWT_AUTH_COOKIE_SAMESITE: \"Loose\" is not Lax, Strict, None or false"
        );
    }
}
