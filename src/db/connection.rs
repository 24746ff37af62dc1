//! A connection to either database, and transactions on it. Python counterpart: `django.db.connection`,
//! `django.db.transaction.atomic`.

use diesel::connection::{AnsiTransactionManager, Connection, SimpleConnection, TransactionManager};
use diesel::result::{Error, QueryResult};

use super::DatabaseError;

/// A connection to the database that `DATABASE_URL` names. Every query of diesel runs on it.
///
/// Code outside of `db` does not depend on which of the two it is.
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

    /// Whether it cannot be used again: a transaction is open or its end failed.
    pub(super) fn is_broken(&mut self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn) => AnsiTransactionManager::is_broken_transaction_manager(conn),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => AnsiTransactionManager::is_broken_transaction_manager(conn),
        }
    }

    /// Whether the connection is still open. Takes no round trip.
    #[cfg(feature = "postgres")]
    pub(super) fn is_alive(&mut self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => true,
            // Looking for notifications reads what has arrived. The first time this reads the last message of a server that
            // has stopped, the second time it finds that the connection is closed.
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => (0..2).all(|_| conn.notifications_iter().all(|found| found.is_ok())),
        }
    }
}

/// Runs a query on the connection inside a [`DbConnection`]: `with_backend!(conn, |conn| query.get_result(conn))`.
///
/// A query on the `DbConnection` itself has the same result, but diesel builds its SQL again at each use, which takes longer
/// than SQLite needs to find a row. So this is for queries that run very often.
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

/// Runs `f` in a transaction: commits if it returns `Ok`, rolls back if it returns `Err`. Inside of another transaction it is
/// a savepoint.
///
/// For management commands and inside of [`Database::write`](super::Database::write). Views use `write`.
///
/// # Errors
/// Returns the error of `f` or of the commit. Then nothing was written. On PostgreSQL the commit also fails if `f`
/// ignored the error of a statement: the server would treat `COMMIT` as a rollback without an error.
pub fn transaction<T, E, F>(conn: &mut DbConnection, f: F) -> Result<T, E>
where
    F: FnOnce(&mut DbConnection) -> Result<T, E>,
    E: From<DatabaseError>,
{
    let level = begin(conn).map_err(DatabaseError::from)?;
    finish(conn, level, f)
}

/// Runs `f`, which only reads. All of its statements see the same state, and no other connection waits for it. Inside of another
/// transaction it is a part of that transaction.
///
/// # Errors
/// Returns the error of `f`.
pub fn snapshot<T, E, F>(conn: &mut DbConnection, f: F) -> Result<T, E>
where
    F: FnOnce(&mut DbConnection) -> Result<T, E>,
    E: From<DatabaseError>,
{
    match begin_snapshot(conn).map_err(DatabaseError::from)? {
        Some(level) => finish(conn, level, f),
        None => f(conn),
    }
}

/// `None` if the connection is in a transaction already.
fn begin_snapshot(conn: &mut DbConnection) -> QueryResult<Option<TransactionLevel>> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => begin_read(conn),
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            let sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            match AnsiTransactionManager::begin_transaction_sql(conn, sql) {
                Err(Error::AlreadyInTransaction) => Ok(None),
                result => result.map(|()| Some(TransactionLevel::Outermost)),
            }
        }
    }
}

/// The level of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransactionLevel {
    Outermost,
    Savepoint,
}

/// Begins a transaction, or a savepoint in one.
pub(super) fn begin(conn: &mut DbConnection) -> QueryResult<TransactionLevel> {
    match conn {
        // A transaction that reads first and writes later fails immediately with BUSY if another one wrote in between,
        // and the timeout has no effect. A transaction that announces the write waits.
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => match AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE") {
            Err(Error::AlreadyInTransaction) => {
                AnsiTransactionManager::begin_transaction(conn).map(|()| TransactionLevel::Savepoint)
            }
            result => result.map(|()| TransactionLevel::Outermost),
        },
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => match AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN") {
            Err(Error::AlreadyInTransaction) => {
                AnsiTransactionManager::begin_transaction(conn).map(|()| TransactionLevel::Savepoint)
            }
            result => result.map(|()| TransactionLevel::Outermost),
        },
    }
}

/// Begins a transaction that only reads and takes its lock, so that no statement in it has to wait. `None` if the connection is
/// in a transaction already. A connection to a file that cannot be written always is.
#[cfg(feature = "sqlite")]
pub(super) fn begin_read(conn: &mut DbConnection) -> QueryResult<Option<TransactionLevel>> {
    match conn {
        DbConnection::Sqlite(conn) => {
            let sql = "BEGIN; SELECT 1 FROM sqlite_master LIMIT 1";
            match AnsiTransactionManager::begin_transaction_sql(conn, sql) {
                Err(Error::AlreadyInTransaction) => Ok(None),
                result => result.map(|()| Some(TransactionLevel::Outermost)),
            }
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => Ok(None),
    }
}

/// Runs `f` in the transaction that was begun, and ends it.
pub(super) fn finish<T, E, F>(conn: &mut DbConnection, level: TransactionLevel, f: F) -> Result<T, E>
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
            // After a failed rollback the connection is not used again. The caller gets the error that caused the rollback.
            if let Err(rollback) = rollback(conn) {
                log::warn!("rollback failed: {rollback}");
            }
            Err(error)
        }
    }
}

/// Commits a transaction or releases a savepoint. After an error the transaction is rolled back.
pub(super) fn commit(conn: &mut DbConnection, level: TransactionLevel) -> QueryResult<()> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            let result = AnsiTransactionManager::commit_transaction(conn);
            if result.is_err() && level == TransactionLevel::Savepoint {
                AnsiTransactionManager::rollback_transaction(conn)?;
            }
            result
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            // In a failed transaction PostgreSQL rolls back at COMMIT and reports success. The statement before it, in the
            // same round trip, then fails.
            let result = match level {
                TransactionLevel::Outermost => conn.batch_execute("SELECT 1; COMMIT"),
                TransactionLevel::Savepoint => AnsiTransactionManager::commit_transaction(conn),
            };
            if result.is_err() {
                // There is nothing to roll back if COMMIT itself failed, e.g. because of a deferred constraint.
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
