//! Settings of the CSRF protection. Python counterpart: `CSRF_…` in `settings.py`.

use chrono::Duration;

use crate::conf::{settings, values};
use crate::http::cookies::{CookieOptions, SameSite};

settings! {
    section "CSRF", prefix "CSRF_";

    /// Names and defaults of Django.
    ///
    /// Start from `CsrfSettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct CsrfSettings {
        /// How long a browser keeps the cookie: 52 weeks; `none` until the browser is closed.
        pub cookie_age: Option<Duration> = CSRF_COOKIE_AGE("31449600", values::optional(values::positive_duration("52w")));
        /// Name of the cookie.
        pub cookie_name: String = CSRF_COOKIE_NAME("csrftoken", values::word);
        /// Path below which the cookie is sent.
        pub cookie_path: String = CSRF_COOKIE_PATH("/", values::cookie_attribute);
        /// Domain of the cookie, to share it with subdomains. By default the host of the request alone.
        pub cookie_domain: Option<String> = CSRF_COOKIE_DOMAIN("none", values::optional(values::cookie_attribute));
        /// Send the cookie by HTTPS only.
        pub cookie_secure: bool = CSRF_COOKIE_SECURE("false", values::boolean);
        /// Hide the cookie from scripts. The token is in the page as well, so this protects little.
        pub cookie_httponly: bool = CSRF_COOKIE_HTTPONLY("false", values::boolean);
        /// `SameSite` of the cookie: `Lax`, `Strict`, `None`, or `false` for no such attribute.
        pub cookie_samesite: Option<SameSite> = CSRF_COOKIE_SAMESITE("Lax", SameSite::parse);
        /// The header that scripts send the token in, as Django's `request.META` names it.
        pub header_name: String = CSRF_HEADER_NAME("HTTP_X_CSRFTOKEN", values::meta_header("HTTP_X_CSRFTOKEN"));
        /// Other origins whose forms are accepted, with their scheme: `https://app.example.org`, `https://*.example.org`.
        pub trusted_origins: Vec<String> = CSRF_TRUSTED_ORIGINS("", values::only(
            values::list,
            |origins| origins.iter().all(|origin| is_origin(origin)),
            "a list of origins with their scheme, such as https://example.org"
        ));
    }
}

fn is_origin(origin: &str) -> bool {
    origin.split_once("://").is_some_and(|(scheme, host)| {
        ["http", "https"].contains(&scheme) && !host.is_empty() && !host.contains(['/', '?', '#', '@'])
    })
}

impl CsrfSettings {
    /// The attributes of the cookie.
    #[must_use]
    pub fn cookie(&self) -> CookieOptions {
        CookieOptions {
            name: self.cookie_name.clone(),
            path: self.cookie_path.clone(),
            domain: self.cookie_domain.clone(),
            secure: self.cookie_secure,
            http_only: self.cookie_httponly,
            same_site: self.cookie_samesite,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &str, value: &str) -> Result<CsrfSettings, String> {
        CsrfSettings::from_env(&[(key, value)].into_iter().collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_values_are_those_of_django() {
        assert_eq!(CsrfSettings::default().cookie_age, Some(Duration::seconds(31_449_600)));
        assert_eq!(read("CSRF_COOKIE_AGE", "none").unwrap().cookie_age, None);
        assert_eq!(read("CSRF_HEADER_NAME", "HTTP_X_XSRF_TOKEN").unwrap().header_name, "x-xsrf-token");
        let settings = read("CSRF_TRUSTED_ORIGINS", "https://a.org, https://*.b.org:8443").unwrap();
        assert_eq!(settings.trusted_origins, ["https://a.org", "https://*.b.org:8443"]);
    }

    #[test]
    fn invalid_values_are_refused() {
        for (key, value, expected) in [
            ("CSRF_COOKIE_AGE", "0", "a duration of more than 0, such as 52w"),
            ("CSRF_HEADER_NAME", "X-CSRFToken", "a header as request.META names it, such as HTTP_X_CSRFTOKEN"),
            ("CSRF_TRUSTED_ORIGINS", "a.org", "a list of origins with their scheme, such as https://example.org"),
            (
                "CSRF_TRUSTED_ORIGINS",
                "https://a.org/x",
                "a list of origins with their scheme, such as https://example.org",
            ),
            ("CSRF_COOKIE_SAMESITE", "sometimes", "Lax, Strict, None or false"),
            ("CSRF_COOKIE_PATH", "/;x", "text that is allowed in a cookie"),
        ] {
            assert_eq!(read(key, value).unwrap_err(), format!("{key}: {value:?} is not {expected}"));
        }
        assert_eq!(
            read("CSRF_USE_SESSIONS", "true").unwrap_err(),
            "CSRF_USE_SESSIONS: is not a setting; use the cookie, in which the secret is kept instead"
        );
    }
}
