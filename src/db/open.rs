//! Opens connections. Python counterpart: `DatabaseWrapper.connect`.

use super::url::DatabaseUrl;
use super::{DatabaseError, DatabaseSettings, DbConnection};

/// A new connection with all its settings.
pub(super) fn open(settings: &DatabaseSettings) -> Result<DbConnection, DatabaseError> {
    let connection = match &settings.url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(path) => super::sqlite::open(path, settings).map(DbConnection::Sqlite),
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => super::postgres::open(url, settings).map(DbConnection::Postgres),
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        _ => Err("not in this build".to_owned()),
    };
    connection.map_err(|reason| DatabaseError::Unavailable(format!("cannot open {}: {reason}", settings.url)))
}

/// A connection that cannot write, to inspect the database of another project.
///
/// # Errors
/// Returns an error if the database does not exist or cannot be reached.
pub fn open_read_only(settings: &DatabaseSettings) -> Result<DbConnection, DatabaseError> {
    let connection = match &settings.url {
        #[cfg(feature = "sqlite")]
        DatabaseUrl::Sqlite(path) => super::sqlite::open_read_only(path, settings).map(DbConnection::Sqlite),
        #[cfg(feature = "postgres")]
        DatabaseUrl::Postgres(url) => super::postgres::open_read_only(url, settings).map(DbConnection::Postgres),
        #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
        _ => Err("not in this build".to_owned()),
    };
    connection.map_err(|reason| DatabaseError::Unavailable(format!("cannot open {}: {reason}", settings.url)))
}
