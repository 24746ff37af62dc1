//! A connection to either database, and transactions on it. Python counterpart: `django.db.connection`,
//! `django.db.transaction.atomic`.

use diesel::connection::{AnsiTransactionManager, Connection, SimpleConnection, TransactionManager};
use diesel::result::{Error, QueryResult};

use super::DatabaseError;

/// A connection to the database that `DATABASE_URL` names. Every query of diesel runs on it.
///
/// Code outside `db` does not ask which of the two it is.
#[derive(diesel::MultiConnection)]
pub enum DbConnection {
    /// SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(diesel::SqliteConnection),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(diesel::PgConnection),
}

impl DbConnection {
    /// Django's name for the kind of database: `sqlite` or `postgresql`.
    #[must_use]
    pub fn vendor(&self) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => "sqlite",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "postgresql",
        }
    }

    /// Whether the other side is still there, without asking it: no round trip.
    pub(super) fn is_alive(&mut self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => true,
            // Looking for notifications reads what has arrived. The first look takes in the last words of a server
            // that went away, the second one finds that the connection is closed.
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => (0..2).all(|_| conn.notifications_iter().all(|found| found.is_ok())),
        }
    }
}

/// Runs a query on the connection inside a [`DbConnection`]: `with_backend!(conn, |conn| query.get_result(conn))`.
///
/// A query on the `DbConnection` itself gives the same, but diesel writes its SQL anew at each use, several times, which
/// costs more than SQLite needs to find a row. So this is for the queries of the hot paths.
macro_rules! with_backend {
    ($conn:expr, |$inner:ident| $query:expr) => {
        match $conn {
            #[cfg(feature = "sqlite")]
            $crate::db::DbConnection::Sqlite($inner) => $query,
            #[cfg(feature = "postgres")]
            $crate::db::DbConnection::Postgres($inner) => $query,
        }
    };
}
pub(crate) use with_backend;

/// Runs `f` in a transaction: commits when it answers `Ok`, rolls back when it answers `Err`. Inside another
/// transaction it is a savepoint.
///
/// For management commands and inside [`Database::write`](super::Database::write); a view has `write`.
///
/// # Errors
/// The error of `f`; else that of the commit, and then nothing was written. On PostgreSQL that is also the answer to an
/// `f` that kept a failed statement to itself: the server would take `COMMIT` for a rollback and not say so.
pub fn transaction<T, E, F>(conn: &mut DbConnection, f: F) -> Result<T, E>
where
    F: FnOnce(&mut DbConnection) -> Result<T, E>,
    E: From<DatabaseError>,
{
    let level = begin(conn).map_err(DatabaseError::from)?;
    finish(conn, level, f)
}

/// How deep a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Outermost,
    Savepoint,
}

/// Begins a transaction, or a savepoint in one.
pub(super) fn begin(conn: &mut DbConnection) -> QueryResult<Level> {
    match conn {
        // A transaction that reads first and writes later gets BUSY at once when another wrote in between, however
        // long the time-out; one that announces the write waits its turn.
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => match AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE") {
            Err(Error::AlreadyInTransaction) => {
                AnsiTransactionManager::begin_transaction(conn).map(|()| Level::Savepoint)
            }
            result => result.map(|()| Level::Outermost),
        },
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => match AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN") {
            Err(Error::AlreadyInTransaction) => {
                AnsiTransactionManager::begin_transaction(conn).map(|()| Level::Savepoint)
            }
            result => result.map(|()| Level::Outermost),
        },
    }
}

/// Runs `f` in the transaction that [`begin`] began, and ends it.
pub(super) fn finish<T, E, F>(conn: &mut DbConnection, level: Level, f: F) -> Result<T, E>
where
    F: FnOnce(&mut DbConnection) -> Result<T, E>,
    E: From<DatabaseError>,
{
    match f(conn) {
        Ok(value) => {
            commit(conn, level).map_err(DatabaseError::from)?;
            Ok(value)
        }
        Err(error) => {
            // A rollback that fails leaves a connection that nobody gets again; what the caller wants to know is why
            // there was one.
            if let Err(rollback) = rollback(conn) {
                log::warn!("rollback failed: {rollback}");
            }
            Err(error)
        }
    }
}

/// Commits a transaction or releases a savepoint. After an error the transaction is rolled back.
pub(super) fn commit(conn: &mut DbConnection, level: Level) -> QueryResult<()> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            let result = AnsiTransactionManager::commit_transaction(conn);
            if result.is_err() && level == Level::Savepoint {
                AnsiTransactionManager::rollback_transaction(conn)?;
            }
            result
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            // PostgreSQL answers COMMIT in a failed transaction with success, having rolled back. The statement in
            // front of it, in the same round trip, fails there.
            let result = match level {
                Level::Outermost => conn.batch_execute("SELECT 1; COMMIT"),
                Level::Savepoint => AnsiTransactionManager::commit_transaction(conn),
            };
            if result.is_err() {
                // Nothing to roll back when COMMIT itself failed, e.g. a deferred constraint.
                let _ = AnsiTransactionManager::rollback_transaction(conn);
            }
            result
        }
    }
}

/// Rolls back the innermost transaction or savepoint.
pub(super) fn rollback(conn: &mut DbConnection) -> QueryResult<()> {
    <DbConnection as Connection>::TransactionManager::rollback_transaction(conn)
}
