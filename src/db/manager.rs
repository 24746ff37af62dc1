//! Creates connections and checks whether they can be used again. Python counterpart: `DatabaseWrapper.connect` and `close_if_unusable_or_obsolete`.

use std::sync::Arc;
#[cfg(feature = "postgres")]
use std::time::{Duration, Instant};

#[cfg(feature = "postgres")]
use diesel::connection::SimpleConnection;
use diesel::r2d2::{HandleError, ManageConnection, Pool, R2D2Connection};

use super::url::DatabaseUrl;
use super::{DatabaseError, DatabaseSettings, DbConnection};

/// A connection of the pool. It returns to the pool when dropped.
pub type PooledConnection = diesel::r2d2::PooledConnection<ConnectionManager>;

/// Creates connections and sets them up.
#[derive(Clone, Debug)]
pub struct ConnectionManager {
    settings: Arc<DatabaseSettings>,
}

impl ConnectionManager {
    pub(super) fn new(settings: DatabaseSettings) -> Self {
        Self { settings: Arc::new(settings) }
    }

    pub(super) fn settings(&self) -> &DatabaseSettings {
        &self.settings
    }

    /// A pool that connects when a connection is needed.
    pub(super) fn pool(&self) -> Pool<Self> {
        Pool::builder()
            .max_size(self.settings.pool_size)
            .min_idle(Some(0))
            .connection_timeout(self.settings.pool_timeout)
            // This takes no round trip, see `is_valid`.
            .test_on_check_out(true)
            .error_handler(Box::new(LogPoolErrors))
            .build_unchecked(self.clone())
    }

    /// A new connection with all its settings.
    pub(super) fn open(&self) -> Result<DbConnection, DatabaseError> {
        let connection = match &self.settings.url {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(path) => super::sqlite::open(path, &self.settings).map(DbConnection::Sqlite),
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(url) => super::postgres::open(url, &self.settings).map(DbConnection::Postgres),
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => Err("not in this build".to_owned()),
        };
        connection.map_err(|reason| DatabaseError::Unavailable(format!("cannot open {}: {reason}", self.settings.url)))
    }
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

/// Waits for a connection. r2d2 keeps trying to connect, so that a quick restart of the database causes no error.
pub(super) fn get(pool: &Pool<ConnectionManager>) -> Result<PooledConnection, DatabaseError> {
    let conn = pool.get().map_err(|error| DatabaseError::Unavailable(error.to_string()))?;
    #[cfg(feature = "postgres")]
    let conn = {
        let mut conn = conn;
        if conn.vendor() == "postgresql" {
            forget_old_plans(&mut conn, Instant::now())?;
        }
        conn
    };
    Ok(conn)
}

/// How long a plan is kept. Planning takes tens of microseconds, more than most statements.
#[cfg(feature = "postgres")]
pub(super) const PLAN_LIFETIME: Duration = Duration::from_secs(1);

/// When the plans of a connection were last discarded.
#[cfg(feature = "postgres")]
struct PlansSince(Instant);

/// Discards plans that are too old. PostgreSQL plans a prepared statement for the current size of the tables and keeps the
/// plan until the connection is closed or the tables are analysed. A plan for empty tables reads the whole table.
#[cfg(feature = "postgres")]
pub(super) fn forget_old_plans(conn: &mut PooledConnection, now: Instant) -> Result<(), DatabaseError> {
    let extensions = PooledConnection::extensions_mut(conn);
    match extensions.get::<PlansSince>() {
        Some(since) if now < since.0 + PLAN_LIFETIME => return Ok(()),
        Some(_) => conn.batch_execute("DISCARD PLANS")?,
        None => {}
    }
    PooledConnection::extensions_mut(conn).insert(PlansSince(now));
    Ok(())
}

impl ManageConnection for ConnectionManager {
    type Connection = DbConnection;
    type Error = DatabaseError;

    fn connect(&self) -> Result<DbConnection, DatabaseError> {
        self.open()
    }

    /// Finds connections that the server has closed, for example because it was restarted.
    fn is_valid(&self, conn: &mut DbConnection) -> Result<(), DatabaseError> {
        if conn.is_alive() { Ok(()) } else { Err(DatabaseError::Unavailable("the connection was closed".to_owned())) }
    }

    /// A connection with an open transaction is broken as well.
    fn has_broken(&self, conn: &mut DbConnection) -> bool {
        std::thread::panicking() || conn.is_broken() || !conn.is_alive()
    }
}

/// The pool tries again by itself. A caller that waits gets the last error with the timeout.
#[derive(Debug)]
struct LogPoolErrors;

impl HandleError<DatabaseError> for LogPoolErrors {
    fn handle_error(&self, error: DatabaseError) {
        log::warn!("{error}");
    }
}
