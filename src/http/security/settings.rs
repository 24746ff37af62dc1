//! HTTPS and security headers. Python counterpart: `SECURE_…` and `X_FRAME_OPTIONS` in `settings.py`.

use actix_web::http::header::{HeaderMap, HeaderValue};

use crate::conf::{settings, values};
use crate::http::patterns;

settings! {
    section "HTTPS and headers", prefix "SECURE_";

    /// Names and defaults of Django.
    ///
    /// Start from `SecuritySettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct SecuritySettings {
        /// Header and value by which the proxy says that a request came by HTTPS: `HTTP_X_FORWARDED_PROTO,https`.
        ///
        /// If it is not set, no request counts as HTTPS. **The proxy must overwrite the header, or clients can send it
        /// themselves.**
        pub proxy_ssl_header: Option<(String, String)> =
            SECURE_PROXY_SSL_HEADER("none", values::optional(header_and_value));
        /// Redirect HTTP requests to HTTPS with a 301.
        ///
        /// Needs `SECURE_PROXY_SSL_HEADER`, or every request is redirected, again and again.
        pub ssl_redirect: bool = SECURE_SSL_REDIRECT("false", values::boolean);
        /// Host of the redirect to HTTPS. The host of the request if it is not set.
        pub ssl_host: Option<String> = SECURE_SSL_HOST("none", values::optional(values::string));
        /// Regular expressions for paths, without the leading slash, that are not redirected.
        ///
        /// `/healthz` and `/readyz` are never redirected.
        pub redirect_exempt: Vec<String> = SECURE_REDIRECT_EXEMPT("", patterns::list);
        /// The number of seconds for which browsers use only HTTPS for this site; `0` for no header.
        ///
        /// **It cannot be revoked before that time.**
        pub hsts_seconds: u64 = SECURE_HSTS_SECONDS("0", values::number);
        /// Include the subdomains: `includeSubDomains`.
        pub hsts_include_subdomains: bool = SECURE_HSTS_INCLUDE_SUBDOMAINS("false", values::boolean);
        /// Allow browser vendors to put the site on their list of sites that use only HTTPS: `preload`.
        pub hsts_preload: bool = SECURE_HSTS_PRELOAD("false", values::boolean);
        /// Send `X-Content-Type-Options: nosniff`.
        pub content_type_nosniff: bool = SECURE_CONTENT_TYPE_NOSNIFF("true", values::boolean);
        /// `Referrer-Policy`; `none` for no such header.
        pub referrer_policy: Vec<String> = SECURE_REFERRER_POLICY("same-origin", referrer_policy);
        /// `Cross-Origin-Opener-Policy`; `none` for no such header.
        pub cross_origin_opener_policy: Option<String> = SECURE_CROSS_ORIGIN_OPENER_POLICY(
            "same-origin",
            values::optional(values::one_of(&["same-origin", "same-origin-allow-popups", "unsafe-none"]))
        );
        /// `X-Frame-Options`: `DENY` or `SAMEORIGIN`.
        pub x_frame_options: String = X_FRAME_OPTIONS(
            "DENY",
            |text| values::one_of(&["DENY", "SAMEORIGIN"])(&text.to_ascii_uppercase())
        );
    }
}

const REFERRER_POLICIES: &[&str] = &[
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
];

fn referrer_policy(text: &str) -> Result<Vec<String>, String> {
    values::list(text)?.iter().map(|policy| values::one_of(REFERRER_POLICIES)(policy)).collect()
}

impl SecuritySettings {
    /// `HttpRequest.is_secure`: whether the proxy says that the request came by HTTPS.
    #[must_use]
    pub fn is_secure(&self, headers: &HeaderMap) -> bool {
        self.proxy_ssl_header
            .as_ref()
            .is_some_and(|(name, secure)| has_secure_value(headers.get(name.as_str()), secure))
    }
}

/// If there are several values, the first one counts. It is from the proxy that is nearest to the client.
pub(super) fn has_secure_value(value: Option<&HeaderValue>, secure: &str) -> bool {
    let text = value.and_then(|value| value.to_str().ok());
    text.is_some_and(|text| text.split(',').next().unwrap_or(text).trim() == secure)
}

/// `HTTP_X_FORWARDED_PROTO,https`, as Django's `request.META` names headers.
fn header_and_value(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once(',').and_then(|(name, value)| {
        Some((values::meta_header("HTTP_X_FORWARDED_PROTO")(name).ok()?, value.trim().to_owned()))
    });
    let parts = parts.filter(|(_, value)| !value.is_empty());
    parts.ok_or_else(|| "a header and its value, such as HTTP_X_FORWARDED_PROTO,https".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::SecurityMiddleware;
    use super::*;

    fn read(key: &str, value: &str) -> Result<SecuritySettings, String> {
        let settings = SecuritySettings::from_env(&[(key, value)].into_iter().collect());
        let checked = settings.and_then(|settings| SecurityMiddleware::new(&settings, &[]).map(|_| settings));
        checked.map_err(|error| error.to_string())
    }

    #[test]
    fn a_header_is_named_as_in_djangos_meta() {
        let settings = read("SECURE_PROXY_SSL_HEADER", "HTTP_X_FORWARDED_PROTO, https").unwrap();
        assert_eq!(settings.proxy_ssl_header, Some(("x-forwarded-proto".to_owned(), "https".to_owned())));
        assert_eq!(read("SECURE_PROXY_SSL_HEADER", "none").unwrap().proxy_ssl_header, None);
    }

    #[test]
    fn invalid_values_are_refused() {
        for (key, value, expected) in [
            (
                "SECURE_PROXY_SSL_HEADER",
                "X-Forwarded-Proto",
                "a header and its value, such as HTTP_X_FORWARDED_PROTO,https",
            ),
            (
                "SECURE_PROXY_SSL_HEADER",
                "X-Proto,https",
                "a header and its value, such as HTTP_X_FORWARDED_PROTO,https",
            ),
            ("SECURE_HSTS_SECONDS", "1y", "a whole number, 0 or more"),
            ("SECURE_CROSS_ORIGIN_OPENER_POLICY", "open", "one of same-origin, same-origin-allow-popups, unsafe-none"),
            ("X_FRAME_OPTIONS", "ALLOW", "one of DENY, SAMEORIGIN"),
            (
                "SECURE_REFERRER_POLICY",
                "origin,anything",
                "one of no-referrer, no-referrer-when-downgrade, origin, origin-when-cross-origin, same-origin, \
                 strict-origin, strict-origin-when-cross-origin, unsafe-url",
            ),
        ] {
            assert_eq!(read(key, value).unwrap_err(), format!("{key}: {value:?} is not {expected}"));
        }
        let error = read("SECURE_REDIRECT_EXEMPT", "^api/,(").unwrap_err();
        assert!(error.starts_with("SECURE_REDIRECT_EXEMPT: \"(\" is not a regular expression: "), "{error}");
        assert_eq!(
            read("SECURE_SSL_HOST", "a b").unwrap_err(),
            "SECURE_SSL_HOST: \"a b\" is not a host, as example.org"
        );
        assert_eq!(
            read("SECURE_SSL_REDIRCT", "true").unwrap_err(),
            "SECURE_SSL_REDIRCT: there is no such setting; did you mean SECURE_SSL_REDIRECT?"
        );
    }
}
