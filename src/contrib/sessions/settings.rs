//! Settings of sessions. Python counterpart: `SESSION_…` in `settings.py`.

use chrono::Duration;

use crate::conf::{settings, values};
use crate::http::cookies::{CookieOptions, SameSite};

settings! {
    section "Sessions", app "django.contrib.sessions", shared_prefix "SESSION_";

    /// Names and defaults of Django.
    ///
    /// Start from `SessionSettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct SessionSettings {
        /// How long a session lasts after its last change: two weeks.
        pub cookie_age: Duration = SESSION_COOKIE_AGE("1209600", values::positive_duration("2w"));
        /// Name of the cookie.
        pub cookie_name: String = SESSION_COOKIE_NAME("sessionid", values::word);
        /// Path below which the cookie is sent.
        pub cookie_path: String = SESSION_COOKIE_PATH("/", values::cookie_attribute);
        /// Domain of the cookie, to share it with subdomains. By default the host of the request alone.
        pub cookie_domain: Option<String> = SESSION_COOKIE_DOMAIN("none", values::optional(values::cookie_attribute));
        /// Send the cookie by HTTPS only. **Without it anyone on the network path can take over a session.**
        pub cookie_secure: bool = SESSION_COOKIE_SECURE("false", values::boolean);
        /// Hide the cookie from scripts.
        pub cookie_httponly: bool = SESSION_COOKIE_HTTPONLY("true", values::boolean);
        /// `SameSite` of the cookie: `Lax`, `Strict`, `None`, or `false` for no such attribute.
        pub cookie_samesite: Option<SameSite> = SESSION_COOKIE_SAMESITE("Lax", SameSite::parse);
        /// Save the session and set its cookie at every request, so that it expires only after a time without requests.
        ///
        /// This is one more write to the database for each request.
        pub save_every_request: bool = SESSION_SAVE_EVERY_REQUEST("false", values::boolean);
        /// Let browsers delete the cookie when they close. The row in the database still lasts for `SESSION_COOKIE_AGE`.
        pub expire_at_browser_close: bool = SESSION_EXPIRE_AT_BROWSER_CLOSE("false", values::boolean);
    }
}

impl SessionSettings {
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

    #[test]
    fn an_age_is_a_duration_or_djangos_number_of_seconds() {
        let read = |value: &str| {
            let settings = SessionSettings::from_env(&[("SESSION_COOKIE_AGE", value)].into_iter().collect());
            settings.map(|settings| settings.cookie_age.num_seconds()).map_err(|error| error.to_string())
        };
        assert_eq!(SessionSettings::default().cookie_age.num_seconds(), 1_209_600);
        assert_eq!((read("600"), read("1h")), (Ok(600), Ok(3_600)));
        let problem = "SESSION_COOKIE_AGE: \"0\" is not a duration of more than 0, such as 2w";
        assert_eq!(read("0"), Err(problem.to_owned()));
    }

    #[test]
    fn names_of_other_programs_are_ignored() {
        let env = [("SESSION_MANAGER", "local/desk"), ("SESSION_COOKIE_SECUR", "true")].into_iter().collect();
        let settings = SessionSettings::from_env(&env).unwrap();
        let found: Vec<_> = settings.misspelt.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["SESSION_COOKIE_SECUR: there is no such setting; did you mean SESSION_COOKIE_SECURE?"]);
    }

    #[test]
    fn there_is_one_engine() {
        let env = [("SESSION_ENGINE", "django.contrib.sessions.backends.cache")].into_iter().collect();
        assert_eq!(
            SessionSettings::from_env(&env).unwrap_err().to_string(),
            "SESSION_ENGINE: is not a setting; use the table django_session, where all sessions are instead"
        );
    }
}
