//! The address of the database and its options. Python counterpart: `settings.DATABASES["default"]`.

use std::time::Duration;

use super::url::DatabaseUrl;
use crate::conf::{Environment, SettingsError, settings, values};

settings! {
    section "Database", finish Self::finish;

    /// Settings of `db`. `Debug` shows no password.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DatabaseSettings {
        /// The database: `sqlite://relative/path`, `sqlite:///absolute/path` or `postgres://user:password@host:port/name`.
        ///
        /// A PostgreSQL URL can have the options of libpq: `?sslmode=require`. `/` and `?` in the user or password are
        /// written as `%2F` and `%3F`.
        pub url: DatabaseUrl = DATABASE_URL("sqlite://db.sqlite3", DatabaseUrl::parse, url);
        /// Largest number of connections to PostgreSQL of one server process.
        pub pool_size: u32 = DATABASE_POOL_SIZE("10", values::number_in(1..=1_000));
        /// How long a request waits for a connection before it is answered with 503.
        pub pool_timeout: Duration = DATABASE_POOL_TIMEOUT("5s", timeout);
        /// How long a statement may take before PostgreSQL stops it; `none` for no limit.
        ///
        /// If the connection does not answer within one more second, it is replaced. **Without a limit a dead connection may
        /// never be noticed.**
        pub statement_timeout: Option<Duration> = DATABASE_STATEMENT_TIMEOUT("5s", values::optional(timeout));
        /// How often SQLite waits for the disk: `FULL`, at each commit, or `NORMAL`.
        ///
        /// `NORMAL` is faster, and **acknowledged writes may be lost if the power fails**.
        pub sqlite_synchronous: Synchronous = SQLITE_SYNCHRONOUS(
            "FULL",
            values::choice(&[("FULL", Synchronous::Full), ("NORMAL", Synchronous::Normal)], "FULL or NORMAL")
        );
        /// How long a write waits while another process writes to the same file.
        pub sqlite_busy_timeout: Duration = SQLITE_BUSY_TIMEOUT("20s", timeout);
    }
}

impl DatabaseSettings {
    /// The defaults for a database, for tests and for programs that embed the server.
    ///
    /// # Errors
    /// Returns an error if `url` does not have one of the forms of [`DatabaseSettings::url`].
    pub fn new(url: &str) -> Result<Self, SettingsError> {
        Self::from_env(&Environment::default().with("DATABASE_URL", url))
    }

    fn finish(&mut self, env: &Environment) -> Result<(), SettingsError> {
        let (feature, is_built_in) = match &self.url {
            DatabaseUrl::Sqlite(_) => ("sqlite", cfg!(feature = "sqlite")),
            DatabaseUrl::Postgres(_) => ("postgres", cfg!(feature = "postgres")),
        };
        if env.get("DATABASE_URL").is_some() && !is_built_in {
            let problem = format!(
                "this build was compiled without the feature `{feature}`; add it to the features of actix-simplejwt in \
                 Cargo.toml"
            );
            return Err(SettingsError::new("DATABASE_URL", problem));
        }
        Ok(())
    }
}

/// How often SQLite waits for the disk, `PRAGMA synchronous`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// A commit is on the disk before the request is answered, so it survives a power failure.
    #[default]
    Full,
    /// A commit survives a crash of the process, but the last commits may be lost if the power fails.
    Normal,
}

/// Both databases store these times as milliseconds in 32 bits, so they are limited to one day.
fn timeout(text: &str) -> Result<Duration, String> {
    let is_possible = |time: &Duration| (Duration::from_millis(1)..=Duration::from_secs(86_400)).contains(time);
    values::only(values::unsigned_duration, is_possible, "a duration from 0.001s to 1d, such as 5s")(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &str, value: &str) -> Result<DatabaseSettings, String> {
        DatabaseSettings::from_env(&Environment::default().with(key, value)).map_err(|error| error.to_string())
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
    fn an_invalid_value_is_refused_with_its_key() {
        assert_eq!(
            read("DATABASE_POOL_SIZE", "0").unwrap_err(),
            "DATABASE_POOL_SIZE: \"0\" is not a whole number from 1 to 1000"
        );
        assert_eq!(
            read("DATABASE_POOL_TIMEOUT", "0").unwrap_err(),
            "DATABASE_POOL_TIMEOUT: \"0\" is not a duration from 0.001s to 1d, such as 5s"
        );
        assert_eq!(read("SQLITE_SYNCHRONOUS", "OFF").unwrap_err(), "SQLITE_SYNCHRONOUS: \"OFF\" is not FULL or NORMAL");
    }

    #[test]
    fn a_refused_url_is_not_shown() {
        let error = read("DATABASE_URL", "mysql://root:hunter2@host/name").unwrap_err();
        assert_eq!(
            error,
            "DATABASE_URL: the value is not supported: there is no driver for mysql. Use \
             postgres://user:password@host:5432/name or sqlite:///path/db.sqlite3"
        );
        assert_eq!(
            read("DATABASE_URL", "hunter2://host/name").unwrap_err(),
            "DATABASE_URL: the value is not a database URL such as sqlite:///path/db.sqlite3 or \
             postgres://user:password@host:5432/name"
        );
    }
}
