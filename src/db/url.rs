//! Parses `DATABASE_URL`. Python counterpart: none in Django; `dj-database-url` in many projects.

use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::core::crypto::SecretString;

/// Which database, and where it is. `Display` and `Debug` show no password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file. A relative path starts at the working directory.
    Sqlite(PathBuf),
    /// A server.
    Postgres(PostgresUrl),
}

/// The parts of a `postgres://` URL, as keywords of libpq.
///
/// It is handed to libpq as keywords and values, not as a URL: libpq quotes a URL it cannot read in its error message,
/// with the password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    /// `postgres://user@host:port/name`, for messages.
    shown: String,
    pub(super) parameters: Vec<(String, SecretString)>,
}

/// Databases that Django supports and this server does not.
const UNSUPPORTED: [&str; 6] = ["mysql", "mariadb", "oracle", "mssql", "sqlserver", "cockroachdb"];

impl DatabaseUrl {
    /// Reads `sqlite://relative`, `sqlite:///absolute`, `sqlite:path`, a path without a scheme, `postgres://…` and
    /// `postgresql://…`.
    ///
    /// # Errors
    /// Returns an error with what was expected; the text itself is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) {
            return PostgresUrl::parse(rest).map(Self::Postgres);
        }
        let path = match text.split_once(':') {
            Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
            None if !text.is_empty() => text,
            Some((scheme, _)) if UNSUPPORTED.contains(&scheme.split('+').next().unwrap_or(scheme)) => {
                return Err(format!(
                    "supported: there is no driver for {scheme}. Use postgres://user:password@host:5432/name or \
                     sqlite:///path/db.sqlite3"
                ));
            }
            _ => {
                return Err("a database URL such as sqlite:///path/db.sqlite3 or \
                            postgres://user:password@host:5432/name"
                    .to_owned());
            }
        };
        // Several slashes at the beginning of an absolute path count as one.
        let path = if path.starts_with('/') { format!("/{}", path.trim_start_matches('/')) } else { path.to_owned() };
        if path.is_empty() || path == ":memory:" {
            // Every connection would have a separate database.
            return Err("a file: a database in memory cannot be shared by the connections of a server".to_owned());
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

impl PostgresUrl {
    /// The keywords of libpq for the connection, with their values.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many hosts it names. libpq tries them in turn.
    #[cfg(feature = "postgres")]
    pub(super) fn hosts(&self) -> u32 {
        let hosts = self.parameters.iter().rfind(|(key, _)| key == "host");
        hosts.map_or(1, |(_, hosts)| hosts.expose().split(',').map(|_| 1).sum())
    }

    /// Reads what follows the scheme: `user:password@host:port/name?key=value`, each part optional and
    /// percent-encoded. Several hosts with commas between them, as libpq allows.
    fn parse(rest: &str) -> Result<Self, String> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, name) = rest.split_once('/').unwrap_or((rest, ""));
        // An unencoded `/` or `?` in a password ends the part with the login, and the rest would be shown.
        if name.contains('@')
            || query.split('&').any(|pair| pair.split('=').next().is_some_and(|key| key.contains('@')))
        {
            return Err("a database URL with its user and password percent-encoded, / as %2F and ? as %3F".to_owned());
        }
        let (login, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        for address in address.split(',') {
            let (host, port) = host_and_port(address);
            if !port.is_empty() && port.parse::<u16>().is_err() {
                return Err("a database URL with a port from 1 to 65535".to_owned());
            }
            hosts.push(decode(host)?);
            ports.push(port);
        }
        let (host, port) = (hosts.join(","), ports.join(","));
        let (user, name) = (decode(user)?, decode(name)?);

        let at = if user.is_empty() { "" } else { "@" };
        let shown = format!("postgres://{user}{at}{address}/{name}");
        let mut parameters = Vec::new();
        for (key, value) in [("host", host), ("port", port), ("user", user), ("password", decode(password)?)] {
            if !value.chars().all(|c| c == ',') {
                parameters.push((key.to_owned(), value.into()));
            }
        }
        if !name.is_empty() {
            parameters.push(("dbname".to_owned(), name.into()));
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.push((decode(key)?, decode(value)?.into()));
        }
        Ok(Self { shown, parameters })
    }
}

/// `[::1]:5432` has colons in the host as well.
fn host_and_port(address: &str) -> (&str, &str) {
    if let Some((host, port)) = address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, port.trim_start_matches(':'));
    }
    address.rsplit_once(':').unwrap_or((address, ""))
}

fn decode(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8().ok().filter(|text| !text.contains('\0'));
    decoded.map(|text| text.into_owned()).ok_or("a database URL with UTF-8 text in its percent escapes".to_owned())
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", Path::display(path)),
            Self::Postgres(url) => f.write_str(&url.shown),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "sqlite")]
    #[test]
    fn sqlite_paths_are_read_as_the_reference_project_reads_them() {
        for (text, path) in [
            ("sqlite:///tmp/x.db", "/tmp/x.db"),
            ("sqlite:////tmp/x.db", "/tmp/x.db"),
            ("sqlite:///db.sqlite3", "/db.sqlite3"),
            ("sqlite://db.sqlite3", "db.sqlite3"),
            ("sqlite://data/a%20b.db?x", "data/a%20b.db?x"),
            ("sqlite:db.sqlite3", "db.sqlite3"),
            ("sqlite:/tmp/x.db", "/tmp/x.db"),
            ("db.sqlite3", "db.sqlite3"),
            ("/tmp/x.db", "/tmp/x.db"),
        ] {
            assert_eq!(DatabaseUrl::parse(text), Ok(DatabaseUrl::Sqlite(PathBuf::from(path))), "{text}");
        }
    }

    #[test]
    fn urls_of_other_kinds_are_refused() {
        for text in ["", "mysql://host/name", "sqlite://", "sqlite://:memory:", "postgres://h:70000/x", "file:x"] {
            assert!(DatabaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_password_is_not_printed() {
        let url = DatabaseUrl::parse("postgres://ann:hunter2@db:5432/shop?password=hunter2").unwrap();
        assert_eq!(url.to_string(), "postgres://ann@db:5432/shop");
        assert_eq!(format!("{url:?}"), "DatabaseUrl(postgres://ann@db:5432/shop)");
        let DatabaseUrl::Postgres(postgres) = url else { panic!("not PostgreSQL") };
        assert_eq!(format!("{postgres:?}"), "PostgresUrl(postgres://ann@db:5432/shop)");
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_password_that_is_not_encoded_is_not_taken_for_the_name_of_the_database() {
        for text in ["postgres://ann:12/hunter2@db/shop", "postgres://ann:12?hunter2@db/shop", "postgres://:/@db"] {
            let expected = "a database URL with its user and password percent-encoded, / as %2F and ? as %3F";
            assert_eq!(DatabaseUrl::parse(text), Err(expected.to_owned()), "{text}");
        }
        for text in ["postgres://ann:12%2Fhunter2@db/shop", "postgres://ann:a@b@db/shop?application_name=a@b"] {
            assert!(DatabaseUrl::parse(text).is_ok(), "{text}");
        }
    }
}
