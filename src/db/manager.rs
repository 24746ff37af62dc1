//! How a connection is made and kept. Python counterpart: `DatabaseWrapper.connect` and `close_if_unusable_or_obsolete`.

use std::sync::Arc;
#[cfg(feature = "postgres")]
use std::time::{Duration, Instant};

#[cfg(feature = "postgres")]
use diesel::connection::SimpleConnection;
use diesel::r2d2::{HandleError, ManageConnection, Pool, R2D2Connection};

use super::url::DatabaseUrl;
use super::{DatabaseError, DatabaseSettings, DbConnection};

/// A connection of the pool; goes back when dropped.
pub type PooledConnection = diesel::r2d2::PooledConnection<ConnectionManager>;

/// Makes connections and sets them up, for the pool and for whoever keeps one of its own.
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

    /// A pool that connects when it is asked to, and not before.
    pub(super) fn pool(&self) -> Pool<Self> {
        Pool::builder()
            .max_size(self.settings.pool_size)
            .min_idle(Some(0))
            .connection_timeout(self.settings.pool_timeout)
            // Costs no round trip here: see `is_valid`.
            .test_on_check_out(true)
            .error_handler(Box::new(LogPoolErrors))
            .build_unchecked(self.clone())
    }

    /// A new connection with all session settings in place.
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

/// A connection that cannot write, to look at a database that somebody else runs.
///
/// # Errors
/// When there is no such database, or it cannot be reached.
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

/// r2d2 keeps trying to connect meanwhile, so a database that restarts quickly is not noticed.
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

/// How long a plan is kept. Planning anew takes tens of microseconds, more than most statements.
#[cfg(feature = "postgres")]
pub(super) const PLAN_LIFETIME: Duration = Duration::from_secs(1);

/// When the plans of a connection were last forgotten.
#[cfg(feature = "postgres")]
struct PlansSince(Instant);

/// PostgreSQL plans a prepared statement for the tables as they are, and keeps that plan for as long as the connection
/// lives or until the tables are analysed. One that was made while the tables were empty reads them from end to end.
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

    /// Finds a connection that the server has closed, after its restart for instance, before a request gets it.
    fn is_valid(&self, conn: &mut DbConnection) -> Result<(), DatabaseError> {
        if conn.is_alive() { Ok(()) } else { Err(DatabaseError::Unavailable("the connection was closed".to_owned())) }
    }

    /// An open transaction counts as broken: whoever left it behind did not finish.
    fn has_broken(&self, conn: &mut DbConnection) -> bool {
        std::thread::panicking() || conn.is_broken() || !conn.is_alive()
    }
}

/// The pool tries again by itself; whoever waits for it gets the last error with the time-out.
#[derive(Debug)]
struct LogPoolErrors;

impl HandleError<DatabaseError> for LogPoolErrors {
    fn handle_error(&self, error: DatabaseError) {
        log::warn!("{error}");
    }
}
