//! Which other sites may call. Python counterpart: `corsheaders.conf` and `corsheaders.checks`.

use std::time::Duration;

use super::Cors;
use crate::conf::{Environment, SettingsError, values};
use crate::http::patterns;
use crate::server::settings::duration;

/// Names and defaults of django-cors-headers. While no origin is allowed nothing of this has an effect.
///
/// Start from `CorsSettings::default()` and assign what differs; new fields may appear in minor versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorsSettings {
    /// Sites whose pages may read the answers, as `https://example.org` or `http://localhost:3000`. Default: none.
    pub allowed_origins: Vec<String>,
    /// Regular expressions for more of them, each compared with the whole origin. Default: none.
    pub allowed_origin_regexes: Vec<String>,
    /// Every site. Default: false. Cannot be had together with [`allow_credentials`](Self::allow_credentials).
    pub allow_all_origins: bool,
    /// Whether cookies and HTTP authentication may come along. Default: false. Tokens in a header that a script sets
    /// are none of that and do not need it.
    pub allow_credentials: bool,
    /// Headers that a script may send. Default: those of django-cors-headers, `authorization` among them.
    pub allow_headers: Vec<String>,
    /// Methods that a script may use. Default: `DELETE,GET,OPTIONS,PATCH,POST,PUT`.
    pub allow_methods: Vec<String>,
    /// Headers of the answer that a script may read beside the usual ones. Default: none.
    pub expose_headers: Vec<String>,
    /// How long a browser may remember these rules; whole seconds. Default: a day. `0` says nothing about it.
    pub preflight_max_age: Duration,
    /// Regular expression for the beginning of the paths that all of this is about. Default: `^.*$`, all of them.
    pub urls_regex: String,
}

impl Default for CorsSettings {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            allowed_origins: Vec::new(),
            allowed_origin_regexes: Vec::new(),
            allow_all_origins: false,
            allow_credentials: false,
            allow_headers: names(&[
                "accept",
                "authorization",
                "content-type",
                "user-agent",
                "x-csrftoken",
                "x-requested-with",
            ]),
            allow_methods: names(&["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"]),
            expose_headers: Vec::new(),
            preflight_max_age: Duration::from_secs(86_400),
            urls_regex: Self::EVERY_URL.to_owned(),
        }
    }
}

impl CorsSettings {
    /// Every key read here, whole.
    pub const KEYS: &'static [&'static str] = &[
        "CORS_ALLOWED_ORIGINS",
        "CORS_ALLOWED_ORIGIN_REGEXES",
        "CORS_ALLOW_ALL_ORIGINS",
        "CORS_ALLOW_CREDENTIALS",
        "CORS_ALLOW_HEADERS",
        "CORS_ALLOW_METHODS",
        "CORS_EXPOSE_HEADERS",
        "CORS_PREFLIGHT_MAX_AGE",
        "CORS_URLS_REGEX",
    ];

    pub(super) const EVERY_URL: &'static str = "^.*$";

    /// Reads the keys that `env` has over the defaults.
    ///
    /// # Errors
    /// For an unknown `CORS_…` key, for a value that is none, and for credentials together with all origins.
    pub fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        env.refuse_unknown("CORS_", Self::KEYS)?;
        let mut s = Self::default();
        env.read("CORS_ALLOWED_ORIGINS", &mut s.allowed_origins, values::list)?;
        env.read("CORS_ALLOWED_ORIGIN_REGEXES", &mut s.allowed_origin_regexes, patterns::list)?;
        env.read("CORS_ALLOW_ALL_ORIGINS", &mut s.allow_all_origins, values::boolean)?;
        env.read("CORS_ALLOW_CREDENTIALS", &mut s.allow_credentials, values::boolean)?;
        env.read("CORS_ALLOW_HEADERS", &mut s.allow_headers, values::list)?;
        env.read("CORS_ALLOW_METHODS", &mut s.allow_methods, values::list)?;
        env.read("CORS_EXPOSE_HEADERS", &mut s.expose_headers, values::list)?;
        env.read("CORS_PREFLIGHT_MAX_AGE", &mut s.preflight_max_age, duration)?;
        env.read("CORS_URLS_REGEX", &mut s.urls_regex, values::string)?;
        Cors::new(&s)?;
        Ok(s)
    }

    /// Whether any site at all may call.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.allow_all_origins || !self.allowed_origins.is_empty() || !self.allowed_origin_regexes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<CorsSettings, String> {
        CorsSettings::from_env(&pairs.iter().copied().collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings, CorsSettings::default());
        assert!(!settings.is_on() && Cors::new(&settings).unwrap().is_none());
    }

    #[test]
    fn a_comma_in_brackets_is_part_of_the_expression() {
        let settings = read(&[("CORS_ALLOWED_ORIGIN_REGEXES", r"^https://\w{1,3}\.a\.org$, https://[b,c]\.org")]);
        assert_eq!(settings.unwrap().allowed_origin_regexes, [r"^https://\w{1,3}\.a\.org$", r"https://[b,c]\.org"]);
    }

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_nothing_else() {
        for origin in
            ["https://a.org", "http://localhost:3000", "null", "file://", "tauri://localhost", "http://[::1]:80"]
        {
            assert!(read(&[("CORS_ALLOWED_ORIGINS", origin)]).is_ok(), "{origin}");
        }
        for (origin, problem) in [
            ("a.org", "is missing scheme or host"),
            ("*", "is missing scheme or host"),
            ("//a.org", "is missing scheme or host"),
            ("https://", "is missing scheme or host"),
            ("a.org:443", "is missing scheme or host"),
            ("https://a.org/", "should not have a path"),
            ("https://a.org/x", "should not have a path"),
            ("https://a.org?x", "should not have a query"),
            ("https://a.org#x", "should not have a fragment"),
            ("https://a b.org", "should have only characters of a URL"),
            ("https://ann@a.org", "should not have a user"),
        ] {
            assert_eq!(
                read(&[("CORS_ALLOWED_ORIGINS", &format!("https://good.org,{origin}"))]).unwrap_err(),
                format!(
                    "CORS_ALLOWED_ORIGINS: {origin:?} {problem}; expected is scheme, host and perhaps a port, as \
                     https://example.org, and for every origin CORS_ALLOW_ALL_ORIGINS=true"
                )
            );
        }
    }

    #[test]
    fn credentials_for_everybody_stop_the_start_and_name_both_keys() {
        assert_eq!(
            read(&[("CORS_ALLOW_ALL_ORIGINS", "true"), ("CORS_ALLOW_CREDENTIALS", "true")]).unwrap_err(),
            "CORS_ALLOW_CREDENTIALS: true together with CORS_ALLOW_ALL_ORIGINS=true lets every site act with the \
             cookies of its visitors; name the sites in CORS_ALLOWED_ORIGINS"
        );
        for catch_all in [".*", "^https?://.+$", "a|.*", r"^https://[^/]+"] {
            let pairs = [("CORS_ALLOWED_ORIGIN_REGEXES", catch_all), ("CORS_ALLOW_CREDENTIALS", "true")];
            assert_eq!(
                read(&pairs).unwrap_err(),
                format!(
                    "CORS_ALLOW_CREDENTIALS: true together with {catch_all:?} in CORS_ALLOWED_ORIGIN_REGEXES lets every \
                     site act with the cookies of its visitors; name the sites in CORS_ALLOWED_ORIGINS"
                )
            );
        }
        assert!(
            read(&[("CORS_ALLOWED_ORIGIN_REGEXES", r"https://\w+\.a\.org"), ("CORS_ALLOW_CREDENTIALS", "1")]).is_ok()
        );
        assert!(read(&[("CORS_ALLOW_CREDENTIALS", "true")]).is_ok());
    }

    #[test]
    fn what_is_no_name_of_a_header_or_method_and_no_expression_is_refused() {
        for (key, value, expected) in [
            ("CORS_ALLOW_HEADERS", "a b", "CORS_ALLOW_HEADERS: \"a b\" is not the name of a header"),
            ("CORS_EXPOSE_HEADERS", "a:", "CORS_EXPOSE_HEADERS: \"a:\" is not the name of a header"),
            ("CORS_ALLOW_METHODS", "GET POST", "CORS_ALLOW_METHODS: \"GET POST\" is not the name of a method"),
            ("CORS_PREFLIGHT_MAX_AGE", "-1", "CORS_PREFLIGHT_MAX_AGE: \"-1\" is not a duration that is not negative"),
            (
                "CORS_ALLOWED_ORIGIN",
                "x",
                "CORS_ALLOWED_ORIGIN: there is no such setting; did you mean CORS_ALLOWED_ORIGINS?",
            ),
        ] {
            assert_eq!(read(&[(key, value)]).unwrap_err(), expected);
        }
        for key in ["CORS_ALLOWED_ORIGIN_REGEXES", "CORS_URLS_REGEX"] {
            for bad in ["(", "a)|(b", "(?=x)"] {
                let error = read(&[(key, bad)]).unwrap_err();
                assert!(error.starts_with(&format!("{key}: {bad:?} is not a regular expression: ")), "{error}");
            }
        }
    }
}
