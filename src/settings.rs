//! The settings of the whole project, one field per app. Python counterpart: `settings.py`.
//!
//! Names are Django's, in the environment or in the file `.env`; `.env.example` lists all of them with their defaults and
//! `docs/SETTINGS.md` explains them. Settings are values: nothing is global, and two configurations live side by side
//! in one process.

use crate::conf::{SettingsError, settings, values};
use crate::contrib::auth::settings::AuthSettings;
use crate::core::crypto::SecretString;
use crate::db::DatabaseSettings;
use crate::http::clickjacking::XFrameOptionsMiddleware;
use crate::http::common::CommonMiddleware;
use crate::http::cors::{CorsMiddleware, CorsSettings};
use crate::http::host::{AllowedHosts, HostMiddleware};
use crate::http::middleware::Middleware;
use crate::http::request_log::RequestLogMiddleware;
use crate::http::security::{SecurityMiddleware, SecuritySettings};
use crate::legacy_jwt::settings::LegacyJwtSettings;
use crate::rest_framework::settings::RestFrameworkSettings;
use crate::server::health::PROBES;
use crate::server::settings::ServerSettings;
use crate::simplejwt::settings::SimpleJwtSettings;

settings! {
    section "Project";

    /// Everything that can be configured.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct Settings {
        group security: SecuritySettings;
        group cors: CorsSettings;
        group server: ServerSettings;
        group database: DatabaseSettings;
        group auth: AuthSettings;
        group rest_framework: RestFrameworkSettings;
        group simple_jwt: SimpleJwtSettings;
        group legacy_jwt: LegacyJwtSettings;
        /// Signs tokens that have no key of their own. **Whoever knows it can log in as any user.**
        ///
        /// Required, except in development: with a SQLite database and a loopback address, each start without a key has
        /// a random one.
        pub secret_key: SecretString = SECRET_KEY("", |text| Ok(SecretString::from(text)), secret);
        /// Development mode: an empty `ALLOWED_HOSTS` means the names of this machine, and `API_DOCS` is on.
        ///
        /// There are no debug pages.
        pub debug: bool = DEBUG("false", values::boolean);
        /// Host names of the site: `example.org`, `.example.org` for all subdomains too, or `*` for any.
        ///
        /// Set it unless a proxy in front checks the host.
        pub allowed_hosts: Vec<String> = ALLOWED_HOSTS("*", values::list);
        /// Redirect a path without its last slash with a 301, for every method.
        pub append_slash: bool = APPEND_SLASH("true", values::boolean);
        /// Publish the OpenAPI description at `/api/schema/` and Swagger UI at `/api/docs/`.
        ///
        /// Both are open to everyone. As `DEBUG` if it is not set, and `true` in development.
        pub api_docs: Option<bool> = API_DOCS("", values::optional(values::boolean));
        /// Ids of checks whose messages are not reported, such as `security.W020`.
        pub silenced_system_checks: Vec<String> = SILENCED_SYSTEM_CHECKS("", values::list);
    }
}

impl Settings {
    /// [`Settings::api_docs`], or else [`Settings::debug`].
    #[must_use]
    pub fn has_api_docs(&self) -> bool {
        self.api_docs.unwrap_or(self.debug)
    }
}

/// `MIDDLEWARE`: a request passes these from top to bottom, its response from bottom to top.
///
/// # Errors
/// If a setting has a value that an entry cannot use.
pub fn middleware(settings: &Settings) -> Result<Vec<Box<dyn Middleware>>, SettingsError> {
    let hosts = AllowedHosts::new(&settings.allowed_hosts, settings.debug);
    Ok(vec![
        Box::new(RequestLogMiddleware::new()),
        Box::new(HostMiddleware::new(hosts, &PROBES)),
        Box::new(CorsMiddleware::new(&settings.cors)?),
        Box::new(SecurityMiddleware::new(&settings.security, &PROBES)?),
        Box::new(XFrameOptionsMiddleware::new(&settings.security.x_frame_options)?),
        Box::new(CommonMiddleware::new(settings.append_slash)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Environment;

    #[test]
    fn two_configurations_live_side_by_side() {
        let first = Settings::from_env(&[("DEBUG", "true"), ("ALLOWED_HOSTS", "a.org, .b.org")].into_iter().collect());
        let second = Settings::from_env(&Environment::default());
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first.debug && !second.debug);
        assert_eq!(first.allowed_hosts, ["a.org", ".b.org"]);
        assert_eq!(second.allowed_hosts, ["*"]);
    }

    #[test]
    fn a_misspelt_key_of_an_app_stops_the_start() {
        let env = Environment::default().with("SIMPLE_JWT_ACESS_TOKEN_LIFETIME", "5m");
        assert_eq!(
            Settings::from_env(&env).unwrap_err().to_string(),
            "SIMPLE_JWT_ACESS_TOKEN_LIFETIME: there is no such setting; did you mean SIMPLE_JWT_ACCESS_TOKEN_LIFETIME?"
        );
    }

    #[test]
    fn secrets_are_not_in_the_debug_output() {
        let env = Environment::default().with("SECRET_KEY", "hunter2").with("DATABASE_URL", "postgres://u:hunter2@h/n");
        assert!(!format!("{:?}", Settings::from_env(&env).unwrap()).contains("hunter2"));
    }
}
