//! Where the database is and how it is used. Python counterpart: `settings.DATABASES["default"]`.

use std::time::Duration;

use super::url::DatabaseUrl;
use crate::conf::{Environment, SettingsError, values};

/// How often SQLite waits for the disk, `PRAGMA synchronous`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// A commit is on the disk before it is answered: it survives a power loss.
    #[default]
    Full,
    /// A commit survives the death of the process, but the last ones may be lost with the power.
    Normal,
}

impl Synchronous {
    fn parse(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_uppercase().as_str() {
            "FULL" => Ok(Self::Full),
            "NORMAL" => Ok(Self::Normal),
            _ => Err("FULL or NORMAL".to_owned()),
        }
    }
}

/// Settings of `db`. `Debug` shows no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// `DATABASE_URL`: `sqlite://db.sqlite3` (the default, in the working directory), `sqlite:///absolute/path` or
    /// `postgres://user:password@host:port/name?sslmode=require`.
    pub url: DatabaseUrl,
    /// `DATABASE_POOL_SIZE`, default 10: the most connections that PostgreSQL sees from one server process.
    pub pool_size: u32,
    /// `DATABASE_POOL_TIMEOUT`, default 5 s: how long a request waits for a connection before it is answered 503.
    pub pool_timeout: Duration,
    /// `DATABASE_STATEMENT_TIMEOUT`, default 30 s, `none` for no limit: after it PostgreSQL stops a statement.
    pub statement_timeout: Option<Duration>,
    /// `SQLITE_SYNCHRONOUS`, default `FULL`. `NORMAL` is faster and may lose acknowledged writes with the power.
    pub sqlite_synchronous: Synchronous,
    /// `SQLITE_BUSY_TIMEOUT`, default 20 s: how long a write waits while another process writes to the same file.
    pub sqlite_busy_timeout: Duration,
}

impl DatabaseSettings {
    /// The names of all keys.
    pub const KEYS: [&str; 6] = [
        "DATABASE_URL",
        "DATABASE_POOL_SIZE",
        "DATABASE_POOL_TIMEOUT",
        "DATABASE_STATEMENT_TIMEOUT",
        "SQLITE_SYNCHRONOUS",
        "SQLITE_BUSY_TIMEOUT",
    ];

    /// The defaults for a database, for tests and for programs that embed the server.
    ///
    /// # Errors
    /// When `url` is not one of the forms of [`DatabaseSettings::url`].
    pub fn new(url: &str) -> Result<Self, SettingsError> {
        Self::from_env(&Environment::default().with("DATABASE_URL", url))
    }

    /// Reads the keys named at the fields.
    ///
    /// # Errors
    /// When a value cannot be used. An unusable URL is not shown: it may hold a password.
    pub fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        let mut settings = Self {
            url: DatabaseUrl::default(),
            pool_size: 10,
            pool_timeout: Duration::from_secs(5),
            statement_timeout: Some(Duration::from_secs(30)),
            sqlite_synchronous: Synchronous::Full,
            sqlite_busy_timeout: Duration::from_secs(20),
        };
        env.read_secret("DATABASE_URL", &mut settings.url, DatabaseUrl::parse)?;
        env.read("DATABASE_POOL_SIZE", &mut settings.pool_size, pool_size)?;
        env.read("DATABASE_POOL_TIMEOUT", &mut settings.pool_timeout, duration)?;
        env.read("DATABASE_STATEMENT_TIMEOUT", &mut settings.statement_timeout, optional_duration)?;
        env.read("SQLITE_SYNCHRONOUS", &mut settings.sqlite_synchronous, Synchronous::parse)?;
        env.read("SQLITE_BUSY_TIMEOUT", &mut settings.sqlite_busy_timeout, duration)?;
        Ok(settings)
    }
}

fn pool_size(text: &str) -> Result<u32, String> {
    values::number(text).ok().filter(|size| (1..=1_000).contains(size)).ok_or("a number from 1 to 1000".to_owned())
}

/// Both databases count these in milliseconds and in 32 bits, so a day is the limit.
fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "a duration from 1ms to 1d, such as 5 or 30s".to_owned();
    let duration = values::duration(text).ok().and_then(|duration| duration.to_std().ok()).ok_or_else(expected)?;
    let is_possible = (Duration::from_millis(1)..=Duration::from_secs(86_400)).contains(&duration);
    is_possible.then_some(duration).ok_or_else(expected)
}

fn optional_duration(text: &str) -> Result<Option<Duration>, String> {
    values::optional(text)?.as_deref().map(duration).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &str, value: &str) -> Result<DatabaseSettings, String> {
        DatabaseSettings::from_env(&Environment::default().with(key, value)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_may_be_empty() {
        let settings = DatabaseSettings::from_env(&Environment::default()).unwrap();
        assert_eq!(settings.url.to_string(), "sqlite://db.sqlite3");
        assert_eq!(settings.pool_size, 10);
        assert_eq!(settings.pool_timeout, Duration::from_secs(5));
        assert_eq!(settings.statement_timeout, Some(Duration::from_secs(30)));
        assert_eq!(settings.sqlite_synchronous, Synchronous::Full);
        assert_eq!(settings.sqlite_busy_timeout, Duration::from_secs(20));
    }

    #[test]
    fn each_key_reaches_its_field() {
        assert_eq!(read("DATABASE_POOL_SIZE", "3").unwrap().pool_size, 3);
        assert_eq!(read("DATABASE_POOL_TIMEOUT", "2.5s").unwrap().pool_timeout, Duration::from_millis(2_500));
        assert_eq!(read("DATABASE_STATEMENT_TIMEOUT", "none").unwrap().statement_timeout, None);
        assert_eq!(read("DATABASE_STATEMENT_TIMEOUT", "1m").unwrap().statement_timeout, Some(Duration::from_secs(60)));
        assert_eq!(read("SQLITE_SYNCHRONOUS", "normal").unwrap().sqlite_synchronous, Synchronous::Normal);
        assert_eq!(read("SQLITE_BUSY_TIMEOUT", "1").unwrap().sqlite_busy_timeout, Duration::from_secs(1));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_key() {
        assert_eq!(
            read("DATABASE_POOL_SIZE", "0").unwrap_err(),
            "DATABASE_POOL_SIZE: \"0\" is not a number from 1 to 1000"
        );
        assert_eq!(
            read("DATABASE_POOL_TIMEOUT", "0").unwrap_err(),
            "DATABASE_POOL_TIMEOUT: \"0\" is not a duration from 1ms to 1d, such as 5 or 30s"
        );
        assert_eq!(read("SQLITE_SYNCHRONOUS", "OFF").unwrap_err(), "SQLITE_SYNCHRONOUS: \"OFF\" is not FULL or NORMAL");
    }

    #[test]
    fn a_refused_url_is_not_shown() {
        let error = read("DATABASE_URL", "mysql://root:hunter2@host/name").unwrap_err();
        assert_eq!(
            error,
            "DATABASE_URL: the value is not a database URL such as sqlite:///path/db.sqlite3 or \
             postgres://user:password@host:5432/name"
        );
    }
}
