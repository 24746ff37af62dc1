//! The settings of the whole project, one field per app. Python counterpart: `settings.py`.
//!
//! Names are Django's, in the environment or in the file `.env`; `.env.example` lists all of them with their defaults and
//! `docs/SETTINGS.md` explains them. Settings are values: nothing is global, and two configurations live side by side
//! in one process.

use crate::conf::{Environment, SettingsError, values};
use crate::contrib::auth::settings::AuthSettings;
use crate::core::crypto::SecretString;
use crate::db::DatabaseSettings;
use crate::http::cors::CorsSettings;
use crate::http::security::SecuritySettings;
use crate::legacy_jwt::settings::LegacyJwtSettings;
use crate::rest_framework::settings::RestFrameworkSettings;
use crate::rest_framework::throttling::CacheSettings;
use crate::server::settings::ServerSettings;
use crate::simplejwt::settings::SimpleJwtSettings;

/// Everything that can be configured.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Signs tokens that have no key of their own, and everything else that is signed. No default: outside development
    /// the server does not start without one. **Whoever knows it can log in as anybody.**
    pub secret_key: SecretString,
    /// Default: false. True fills an empty `allowed_hosts` with the names of this machine, and turns on `api_docs`.
    pub debug: bool,
    /// Names under which this site is reached. Default: `*`, any; name them where a proxy in front does not.
    pub allowed_hosts: Vec<String>,
    /// Whether a missing slash at the end of a path is a redirect. Default: true.
    pub append_slash: bool,
    /// Whether the API describes itself, at `/api/schema/` and `/api/docs/`. Default: as `debug`; true in development.
    pub api_docs: Option<bool>,
    /// Ids of checks that are not to be reported, such as `security.W009`. Default: none.
    pub silenced_system_checks: Vec<String>,
    /// HTTPS and headers.
    pub security: SecuritySettings,
    /// Which other sites may call.
    pub cors: CorsSettings,
    /// The database.
    pub database: DatabaseSettings,
    /// Users and passwords.
    pub auth: AuthSettings,
    /// What every view does.
    pub rest_framework: RestFrameworkSettings,
    /// The tokens of `rest_framework_simplejwt`.
    pub simple_jwt: SimpleJwtSettings,
    /// The tokens of the older `rest_framework_jwt`.
    pub legacy_jwt: LegacyJwtSettings,
    /// How the server listens.
    pub server: ServerSettings,
}

impl Settings {
    /// The keys of the project itself; every app has `KEYS` of its own.
    pub const KEYS: &'static [&'static str] =
        &["SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "APPEND_SLASH", "API_DOCS", "SILENCED_SYSTEM_CHECKS"];

    /// Reads the settings of every app.
    ///
    /// # Errors
    /// For the first value that cannot be used and for an unknown key under the prefix of an app.
    pub fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        let mut s = Self {
            secret_key: SecretString::default(),
            debug: false,
            allowed_hosts: vec!["*".to_owned()],
            append_slash: true,
            api_docs: None,
            silenced_system_checks: Vec::new(),
            security: SecuritySettings::from_env(env)?,
            cors: CorsSettings::from_env(env)?,
            database: DatabaseSettings::from_env(env)?,
            auth: AuthSettings::from_env(env)?,
            rest_framework: RestFrameworkSettings::from_env(env)?,
            simple_jwt: SimpleJwtSettings::from_env(env)?,
            legacy_jwt: LegacyJwtSettings::from_env(env)?,
            server: ServerSettings::from_env(env)?,
        };
        env.read_secret("SECRET_KEY", &mut s.secret_key, |text| Ok(text.into()))?;
        env.read("DEBUG", &mut s.debug, values::boolean)?;
        env.read("ALLOWED_HOSTS", &mut s.allowed_hosts, values::list)?;
        env.read("APPEND_SLASH", &mut s.append_slash, values::boolean)?;
        env.read("API_DOCS", &mut s.api_docs, |text| values::optional(text)?.map(|t| values::boolean(&t)).transpose())?;
        env.read("SILENCED_SYSTEM_CHECKS", &mut s.silenced_system_checks, values::list)?;
        Ok(s)
    }

    /// [`Settings::api_docs`], or else [`Settings::debug`].
    #[must_use]
    pub fn has_api_docs(&self) -> bool {
        self.api_docs.unwrap_or(self.debug)
    }

    /// Every key that some app reads.
    #[must_use]
    pub fn all_keys() -> Vec<&'static str> {
        [
            Self::KEYS,
            SecuritySettings::KEYS,
            CorsSettings::KEYS,
            &DatabaseSettings::KEYS,
            AuthSettings::KEYS,
            RestFrameworkSettings::KEYS,
            CacheSettings::KEYS,
            SimpleJwtSettings::KEYS,
            LegacyJwtSettings::KEYS,
            ServerSettings::KEYS,
        ]
        .concat()
    }
}

/// What `.env.example` says of a key: its name and its default value, which is empty where there is none.
type Default = (&'static str, &'static str);

impl Settings {
    /// Every key with its default value as text, from `.env.example`.
    #[must_use]
    pub fn defaults() -> Vec<Default> {
        let lines = include_str!("../.env.example").lines().filter(|line| !line.starts_with("# "));
        lines.filter_map(|line| line.strip_prefix('#')?.split_once('=')).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(mut keys: Vec<&str>) -> Vec<&str> {
        keys.sort_unstable();
        keys
    }

    #[test]
    fn the_example_file_has_every_key_once() {
        let listed = Settings::defaults().into_iter().map(|(key, _)| key).collect();
        assert_eq!(sorted(listed), sorted(Settings::all_keys()));
    }

    #[test]
    fn the_settings_page_has_every_key_once_with_its_default() {
        let page = include_str!("../docs/SETTINGS.md");
        let (page, _) = page.split_once("## What has no counterpart").unwrap();
        let cells = |line: &'static str| {
            let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
            let key = cells.next()?.strip_suffix('`')?;
            Some((key, cells.next()?.trim_matches('`')))
        };
        let listed: Vec<_> = page.lines().filter_map(cells).collect();
        let keys = listed.iter().map(|(key, _)| *key).collect();
        assert_eq!(sorted(keys), sorted(Settings::all_keys()));
        for (key, default) in Settings::defaults() {
            let expected = if default.is_empty() { "–" } else { default };
            assert!(listed.contains(&(key, expected)), "docs/SETTINGS.md: the default of {key} is {expected}");
        }
    }

    #[test]
    fn the_default_values_of_the_example_file_are_those_of_the_code() {
        let nothing_set = format!("{:?}", Settings::from_env(&Environment::default()).unwrap());
        for (key, default) in Settings::defaults().into_iter().filter(|(_, default)| !default.is_empty()) {
            let env = Environment::default().with(key, default);
            assert_eq!(format!("{:?}", Settings::from_env(&env).unwrap()), nothing_set, "{key}={default}");
        }
    }

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
