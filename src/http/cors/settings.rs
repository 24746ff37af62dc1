//! Settings of calls from other sites. Python counterpart: `corsheaders.conf` and `corsheaders.checks`.

use std::time::Duration;

use crate::conf::{settings, values};
use crate::http::patterns;

settings! {
    section "Calls from other sites", prefix "CORS_";

    /// Names and defaults of django-cors-headers. As long as no origin is allowed, they have no effect.
    ///
    /// Start from `CorsSettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct CorsSettings {
        /// Sites whose pages may read the responses: `https://example.org,http://localhost:3000`.
        ///
        /// Without a path, not even a slash.
        pub allowed_origins: Vec<String> = CORS_ALLOWED_ORIGINS("", values::list);
        /// Regular expressions for more such sites: `^https://\w+\.example\.org$`.
        ///
        /// Each is compared with the whole origin. **A dot without a backslash matches any character.**
        pub allowed_origin_regexes: Vec<String> = CORS_ALLOWED_ORIGIN_REGEXES("", patterns::list);
        /// Allow every site. **Only for an API that is open to everyone.**
        pub allow_all_origins: bool = CORS_ALLOW_ALL_ORIGINS("false", values::boolean);
        /// Allow browsers to send cookies. Tokens in the `Authorization` header do not need it.
        ///
        /// It cannot be used together with `CORS_ALLOW_ALL_ORIGINS`.
        pub allow_credentials: bool = CORS_ALLOW_CREDENTIALS("false", values::boolean);
        /// Request headers that a page may send.
        pub allow_headers: Vec<String> = CORS_ALLOW_HEADERS(
            "accept,authorization,content-type,user-agent,x-csrftoken,x-requested-with",
            values::list
        );
        /// Methods that a page may use.
        pub allow_methods: Vec<String> = CORS_ALLOW_METHODS("DELETE,GET,OPTIONS,PATCH,POST,PUT", values::list);
        /// Allow pages of a public site to call this server in a private network.
        pub allow_private_network: bool = CORS_ALLOW_PRIVATE_NETWORK("false", values::boolean);
        /// Response headers that a page may read besides the usual ones: `Retry-After,X-Request-ID`.
        pub expose_headers: Vec<String> = CORS_EXPOSE_HEADERS("", values::list);
        /// How long a browser may cache these rules; `0` for no such header.
        pub preflight_max_age: Duration = CORS_PREFLIGHT_MAX_AGE("86400", values::unsigned_duration);
        /// Regular expression for the paths that may be called, compared from the beginning of the path.
        pub urls_regex: String = CORS_URLS_REGEX("^.*$", values::string);
    }
}

impl CorsSettings {
    pub(super) const EVERY_URL: &'static str = "^.*$";

    /// Whether any other site may call.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.allow_all_origins || !self.allowed_origins.is_empty() || !self.allowed_origin_regexes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::CorsMiddleware;
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<CorsSettings, String> {
        let settings = CorsSettings::from_env(&pairs.iter().copied().collect());
        let checked = settings.and_then(|settings| CorsMiddleware::new(&settings).map(|_| settings));
        checked.map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings, CorsSettings::default());
        assert!(!settings.is_on());
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
    fn credentials_for_every_site_are_refused() {
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
    fn invalid_names_and_expressions_are_refused() {
        for (key, value, expected) in [
            ("CORS_ALLOW_HEADERS", "a b", "CORS_ALLOW_HEADERS: \"a b\" is not the name of a header"),
            ("CORS_EXPOSE_HEADERS", "a:", "CORS_EXPOSE_HEADERS: \"a:\" is not the name of a header"),
            ("CORS_ALLOW_METHODS", "GET POST", "CORS_ALLOW_METHODS: \"GET POST\" is not the name of a method"),
            (
                "CORS_PREFLIGHT_MAX_AGE",
                "-1",
                "CORS_PREFLIGHT_MAX_AGE: \"-1\" is not a duration of 0 or more, such as 5s",
            ),
            ("CORS_ORIGIN_WHITELIST", "x", "CORS_ORIGIN_WHITELIST: is not a setting; use CORS_ALLOWED_ORIGINS instead"),
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
