//! The pool of connections, by r2d2. Python counterpart: `DatabaseWrapper.connect` and `close_if_unusable_or_obsolete`.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ManageConnection, NopErrorHandler, Pool, State};

use super::super::blocking::lock;
use super::super::open::open;
use super::super::{DatabaseError, DatabaseSettings, DbConnection};
use super::{answer_limit, connect_limit};

/// A connection of the pool. It returns to the pool when dropped.
pub(super) type PooledConnection = diesel::r2d2::PooledConnection<ConnectionManager>;

/// Threads that may be connecting without an answer. If there are more, connecting fails at once: threads are not free.
const MAX_CONNECTING: usize = 64;
/// The longest pause between two attempts to connect.
const RETRY: Duration = Duration::from_millis(100);
/// How long a plan is kept. Planning takes tens of microseconds, more than most statements.
const PLAN_LIFETIME: Duration = Duration::from_secs(1);

/// The connections of one database.
pub(super) struct Connections {
    settings: Arc<DatabaseSettings>,
    /// Threads that are connecting.
    connecting: Arc<AtomicUsize>,
    /// r2d2 cannot forget a connection that is in use, so a pool with one that gets no answer is replaced.
    current: Mutex<Current>,
}

struct Current {
    pool: Pool<ConnectionManager>,
    is_retired: Arc<AtomicBool>,
}

impl Connections {
    pub(super) fn new(settings: &Arc<DatabaseSettings>) -> Self {
        let connecting = Arc::default();
        let current = Mutex::new(Current::new(settings, &connecting));
        Self { settings: Arc::clone(settings), connecting, current }
    }

    /// Waits for a connection. r2d2 keeps trying to connect, so that a quick restart of the database causes no error.
    pub(super) fn get(&self) -> Result<PooledConnection, DatabaseError> {
        // Cloned, so that the lock is not held while this waits.
        let pool = lock(&self.current).pool.clone();
        pool.get_timeout(self.settings.pool_timeout).map_err(|error| DatabaseError::Unavailable(error.to_string()))
    }

    /// Uses new connections from now on. Old connections that are in use are closed when they are returned.
    pub(super) fn replace(&self) {
        let new = Current::new(&self.settings, &self.connecting);
        let old = std::mem::replace(&mut *lock(&self.current), new);
        old.is_retired.store(true, Ordering::Relaxed);
        // The old pool lives as long as a connection of it is in use. The others have lost their server as well.
        while let Some(idle) = old.pool.try_get() {
            drop(idle);
        }
    }

    pub(super) fn state(&self) -> State {
        lock(&self.current).pool.state()
    }
}

impl Current {
    /// A pool that connects when a connection is needed.
    fn new(settings: &Arc<DatabaseSettings>, connecting: &Arc<AtomicUsize>) -> Self {
        let is_retired = Arc::new(AtomicBool::new(false));
        let manager = ConnectionManager {
            settings: Arc::clone(settings),
            connecting: Arc::clone(connecting),
            is_retired: Arc::clone(&is_retired),
        };
        let pool = Pool::builder()
            .max_size(settings.pool_size)
            .min_idle(Some(0))
            // Only for the pause, which r2d2 would make longer with each attempt. See `get` for how long a caller waits.
            .connection_timeout(2 * RETRY)
            // This takes no round trip, see `is_valid`.
            .test_on_check_out(true)
            // A caller that waits gets the last error with the timeout.
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(manager);
        Self { pool, is_retired }
    }
}

/// Opens connections and decides whether they can be used again.
#[derive(Debug)]
pub(super) struct ConnectionManager {
    settings: Arc<DatabaseSettings>,
    connecting: Arc<AtomicUsize>,
    /// Whether the pool was replaced.
    is_retired: Arc<AtomicBool>,
}

impl ManageConnection for ConnectionManager {
    type Connection = DbConnection;
    type Error = DatabaseError;

    /// Connects on a separate thread: libpq limits the time to connect, but not the time to wait for the answers to its first
    /// statements, and r2d2 has three threads for all its pool.
    fn connect(&self) -> Result<DbConnection, DatabaseError> {
        let unavailable =
            |reason: String| DatabaseError::Unavailable(format!("cannot open {}: {reason}", self.settings.url));
        let Some(limit) = answer_limit(&self.settings).map(|limit| limit + connect_limit(&self.settings)) else {
            return open(&self.settings);
        };
        if self.connecting.load(Ordering::Relaxed) >= MAX_CONNECTING {
            return Err(unavailable(format!("{MAX_CONNECTING} attempts to connect have had no answer")));
        }
        let (send, receive) = sync_channel(1);
        let (settings, connecting) = (Arc::clone(&self.settings), Arc::clone(&self.connecting));
        let attempt = move || {
            let opened = open(&settings);
            connecting.fetch_sub(1, Ordering::Relaxed);
            // Closed if it comes too late.
            let _ = send.send(opened);
        };
        self.connecting.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = thread::Builder::new().name("postgres-connect".to_owned()).spawn(attempt) {
            self.connecting.fetch_sub(1, Ordering::Relaxed);
            return Err(unavailable(format!("no thread: {error}")));
        }
        receive.recv_timeout(limit).unwrap_or_else(|_| Err(unavailable(format!("no answer within {limit:?}"))))
    }

    /// Finds connections that the server has closed, for example because it was restarted.
    fn is_valid(&self, conn: &mut DbConnection) -> Result<(), DatabaseError> {
        if conn.is_alive() { Ok(()) } else { Err(DatabaseError::Unavailable("the connection was closed".to_owned())) }
    }

    /// A connection with an open transaction is broken as well.
    fn has_broken(&self, conn: &mut DbConnection) -> bool {
        self.is_retired.load(Ordering::Relaxed) || thread::panicking() || conn.is_broken()
    }
}

/// When the plans of a connection were last discarded.
struct PlansSince(Instant);

/// Discards plans that are too old. PostgreSQL plans a prepared statement for the current size of the tables and keeps the
/// plan until the connection is closed or the tables are analysed. A plan for empty tables reads the whole table.
pub(super) fn forget_old_plans(conn: &mut PooledConnection, now: Instant) -> QueryResult<()> {
    match PooledConnection::extensions_mut(conn).get::<PlansSince>() {
        Some(since) if now < since.0 + PLAN_LIFETIME => return Ok(()),
        Some(_) => conn.batch_execute("DISCARD PLANS")?,
        None => {}
    }
    PooledConnection::extensions_mut(conn).insert(PlansSince(now));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::support::{TestDatabase, text};
    use super::*;

    #[test]
    fn plans_are_discarded_when_they_are_old_and_not_before() {
        let Some(test) = TestDatabase::postgres() else { return };
        let settings = Arc::new(test.settings());
        let mut conn = Connections::new(&settings).get().unwrap();
        let mut observer = open(&settings).unwrap();
        let pid = text(&mut conn, "SELECT pg_backend_pid()::text AS value");
        let last_statement = format!("SELECT query AS value FROM pg_stat_activity WHERE pid = {pid}");
        let since = Instant::now();
        forget_old_plans(&mut conn, since).unwrap();
        for (now, last) in [
            (since + PLAN_LIFETIME / 2, "SELECT 'x' AS value"),
            (since + PLAN_LIFETIME, "DISCARD PLANS"),
            (since + PLAN_LIFETIME * 3 / 2, "SELECT 'x' AS value"),
            (since + PLAN_LIFETIME * 2, "DISCARD PLANS"),
        ] {
            text(&mut conn, "SELECT 'x' AS value");
            forget_old_plans(&mut conn, now).unwrap();
            assert_eq!(text(&mut observer, &last_statement), last);
        }
    }

    #[test]
    fn connections_of_a_pool_that_was_replaced_are_closed() {
        let Some(test) = TestDatabase::postgres() else { return };
        let connections = Connections::new(&Arc::new(test.settings()));
        let backend = |conn: &mut PooledConnection| text(conn, "SELECT pg_backend_pid()::text AS value");
        let (mut idle, mut busy) = (connections.get().unwrap(), connections.get().unwrap());
        let pids = format!("{}, {}", backend(&mut idle), backend(&mut busy));
        drop(idle);
        connections.replace();
        let state = connections.state();
        assert_eq!((state.connections, state.idle_connections), (0, 0));
        drop(busy);
        let mut observer = connections.get().unwrap();
        // Waits for a backend that is ending. False after five seconds, and if there is no such backend.
        let ended = format!(
            "SELECT coalesce(bool_and(pg_terminate_backend(pid, 5000)), true)::text AS value \
             FROM pg_stat_activity WHERE pid IN ({pids}) AND state = 'idle'"
        );
        assert_eq!(text(&mut observer, &ended), "true");
    }
}
