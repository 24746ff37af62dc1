//! HTTPS and the headers that guard a browser. Python counterpart: `SECURE_…` and `X_FRAME_OPTIONS` in `settings.py`.

use super::Security;
use crate::conf::{Environment, SettingsError, values};
use crate::http::patterns;

/// Names and defaults of Django.
///
/// Start from `SecuritySettings::default()` and assign what differs; new fields may appear in minor versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecuritySettings {
    /// Sends whoever comes by HTTP to HTTPS. Default: false. Needs [`proxy_ssl_header`](Self::proxy_ssl_header), since the
    /// server speaks no TLS itself.
    pub ssl_redirect: bool,
    /// Host of that redirect. Default: `None`, the one that was asked for.
    pub ssl_host: Option<String>,
    /// Regular expressions for paths, without their first slash, that are served by HTTP all the same. Default: none.
    pub redirect_exempt: Vec<String>,
    /// How long browsers may come by HTTPS only; 0 for no such header. Default: 0.
    pub hsts_seconds: u64,
    /// Whether that goes for subdomains too. Default: false.
    pub hsts_include_subdomains: bool,
    /// Whether browsers may know it before the first visit. Default: false.
    pub hsts_preload: bool,
    /// Header, and its value, by which a proxy in front says that it was asked by HTTPS. Default: `None`, and no request
    /// counts as HTTPS. **Danger**: the proxy must overwrite the header, or clients say it themselves.
    pub proxy_ssl_header: Option<(String, String)>,
    /// `X-Content-Type-Options: nosniff`. Default: true.
    pub content_type_nosniff: bool,
    /// `Referrer-Policy`. Default: `same-origin`; empty for no such header.
    pub referrer_policy: Vec<String>,
    /// `Cross-Origin-Opener-Policy`. Default: `same-origin`.
    pub cross_origin_opener_policy: Option<String>,
    /// `X-Frame-Options`. Default: `DENY`.
    pub x_frame_options: String,
}

impl Default for SecuritySettings {
    fn default() -> Self {
        Self {
            ssl_redirect: false,
            ssl_host: None,
            redirect_exempt: Vec::new(),
            hsts_seconds: 0,
            hsts_include_subdomains: false,
            hsts_preload: false,
            proxy_ssl_header: None,
            content_type_nosniff: true,
            referrer_policy: vec!["same-origin".to_owned()],
            cross_origin_opener_policy: Some("same-origin".to_owned()),
            x_frame_options: "DENY".to_owned(),
        }
    }
}

const REFERRER_POLICIES: [&str; 8] = [
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
];

const OPENER_POLICIES: [&str; 3] = ["same-origin", "same-origin-allow-popups", "unsafe-none"];

impl SecuritySettings {
    /// Every key read here, whole.
    pub const KEYS: &'static [&'static str] = &[
        "SECURE_SSL_REDIRECT",
        "SECURE_SSL_HOST",
        "SECURE_REDIRECT_EXEMPT",
        "SECURE_HSTS_SECONDS",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS",
        "SECURE_HSTS_PRELOAD",
        "SECURE_PROXY_SSL_HEADER",
        "SECURE_CONTENT_TYPE_NOSNIFF",
        "SECURE_REFERRER_POLICY",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY",
        "X_FRAME_OPTIONS",
    ];

    /// Reads the keys that `env` has over the defaults.
    ///
    /// # Errors
    /// For an unknown `SECURE_…` key and for a value that is none (`security.E023` and `E024` of Django).
    pub fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        env.refuse_unknown("SECURE_", Self::KEYS)?;
        let mut s = Self::default();
        env.read("SECURE_SSL_REDIRECT", &mut s.ssl_redirect, values::boolean)?;
        env.read("SECURE_SSL_HOST", &mut s.ssl_host, values::optional)?;
        env.read("SECURE_REDIRECT_EXEMPT", &mut s.redirect_exempt, patterns::list)?;
        env.read("SECURE_HSTS_SECONDS", &mut s.hsts_seconds, values::number)?;
        env.read("SECURE_HSTS_INCLUDE_SUBDOMAINS", &mut s.hsts_include_subdomains, values::boolean)?;
        env.read("SECURE_HSTS_PRELOAD", &mut s.hsts_preload, values::boolean)?;
        env.read("SECURE_PROXY_SSL_HEADER", &mut s.proxy_ssl_header, |text| {
            values::optional(text)?.as_deref().map(header_and_value).transpose()
        })?;
        env.read("SECURE_CONTENT_TYPE_NOSNIFF", &mut s.content_type_nosniff, values::boolean)?;
        env.read("SECURE_REFERRER_POLICY", &mut s.referrer_policy, referrer_policy)?;
        env.read("SECURE_CROSS_ORIGIN_OPENER_POLICY", &mut s.cross_origin_opener_policy, |text| {
            values::optional(text)?.map(|text| one_of(&OPENER_POLICIES, text)).transpose()
        })?;
        env.read("X_FRAME_OPTIONS", &mut s.x_frame_options, |text| {
            one_of(&["DENY", "SAMEORIGIN"], text.trim().to_ascii_uppercase())
        })?;
        Security::new(&s)?;
        Ok(s)
    }
}

fn one_of(known: &[&str], text: String) -> Result<String, String> {
    if known.contains(&text.as_str()) { Ok(text) } else { Err(format!("one of {}", known.join(", "))) }
}

fn referrer_policy(text: &str) -> Result<Vec<String>, String> {
    let policies = values::list(&values::optional(text)?.unwrap_or_default())?;
    policies.into_iter().map(|policy| one_of(&REFERRER_POLICIES, policy)).collect()
}

/// `HTTP_X_FORWARDED_PROTO,https`, as Django's `request.META` names headers.
fn header_and_value(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once(',').map(|(header, value)| (header.trim(), value.trim()));
    match parts {
        Some((header, value)) if header.starts_with("HTTP_") && !value.is_empty() => {
            Ok((header.trim_start_matches("HTTP_").to_ascii_lowercase().replace('_', "-"), value.to_owned()))
        }
        _ => Err("a header and its value, as HTTP_X_FORWARDED_PROTO,https".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &str, value: &str) -> Result<SecuritySettings, String> {
        SecuritySettings::from_env(&[(key, value)].into_iter().collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_header_is_named_as_in_djangos_meta() {
        let settings = read("SECURE_PROXY_SSL_HEADER", "HTTP_X_FORWARDED_PROTO, https").unwrap();
        assert_eq!(settings.proxy_ssl_header, Some(("x-forwarded-proto".to_owned(), "https".to_owned())));
        assert_eq!(read("SECURE_PROXY_SSL_HEADER", "none").unwrap().proxy_ssl_header, None);
    }

    #[test]
    fn what_no_browser_knows_stops_the_start() {
        for (key, value, expected) in [
            ("SECURE_PROXY_SSL_HEADER", "X-Forwarded-Proto", "a header and its value, as HTTP_X_FORWARDED_PROTO,https"),
            ("SECURE_PROXY_SSL_HEADER", "X-Proto,https", "a header and its value, as HTTP_X_FORWARDED_PROTO,https"),
            ("SECURE_HSTS_SECONDS", "1y", "a whole number"),
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
