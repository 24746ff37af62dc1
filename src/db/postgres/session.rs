//! A session: a thread's connection, and when PostgreSQL must have answered on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{Connection, InstrumentationEvent};

use super::super::connection::{TransactionLevel, begin};
use super::super::{DatabaseError, DbConnection};
use super::manager::{Connections, PooledConnection, forget_old_plans};

/// The time by which PostgreSQL must have answered.
pub(super) struct Deadline {
    origin: Instant,
    /// Milliseconds since `origin`; `NOTHING` while no answer is expected.
    millis: AtomicU64,
}

const NOTHING: u64 = u64::MAX;

impl Deadline {
    pub(super) fn new() -> Self {
        Self { origin: Instant::now(), millis: AtomicU64::new(NOTHING) }
    }

    fn set(&self, limit: Duration) {
        let millis = (self.origin.elapsed() + limit).as_millis();
        self.millis.store(u64::try_from(millis).unwrap_or(NOTHING), Ordering::Relaxed);
    }

    fn clear(&self) {
        self.millis.store(NOTHING, Ordering::Relaxed);
    }

    /// `None` while no answer is expected.
    pub(super) fn get(&self) -> Option<Instant> {
        let millis = self.millis.load(Ordering::Relaxed);
        (millis != NOTHING).then(|| self.origin + Duration::from_millis(millis))
    }
}

/// A connection of the pool while it is needed, and its deadline.
pub(super) struct PostgresSession {
    connections: Arc<Connections>,
    deadline: Arc<Deadline>,
    /// How long a statement may be without an answer.
    limit: Option<Duration>,
    conn: Option<PooledConnection>,
}

impl PostgresSession {
    pub(super) fn new(connections: Arc<Connections>, deadline: Arc<Deadline>, limit: Option<Duration>) -> Self {
        Self { connections, deadline, limit, conn: None }
    }

    /// The connection. It is replaced if the server has closed it, for example at a restart.
    pub(super) fn connection(&mut self) -> Result<&mut DbConnection, DatabaseError> {
        let is_ready = |conn: &mut PooledConnection| conn.is_alive() && forget_old_plans(conn, Instant::now()).is_ok();
        if !self.conn.as_mut().is_some_and(is_ready) {
            // Returned before another is taken.
            self.conn = None;
            let mut conn = self.watched(self.connections.get()?);
            forget_old_plans(&mut conn, Instant::now())?;
            self.conn = Some(conn);
        }
        self.conn.as_deref_mut().ok_or_else(closed)
    }

    /// Begins a transaction on the connection.
    pub(super) fn begin(&mut self) -> Result<(&mut DbConnection, TransactionLevel), DatabaseError> {
        let level = match begin(self.connection()?).map_err(DatabaseError::from) {
            // Nothing has happened yet, so a closed connection may be replaced.
            Err(DatabaseError::Unavailable(_)) => {
                self.release();
                begin(self.connection()?).map_err(DatabaseError::from)?
            }
            result => result?,
        };
        self.conn.as_deref_mut().map(|conn| (conn, level)).ok_or_else(closed)
    }

    /// Returns the connection to the pool, which closes one with an open transaction.
    pub(super) fn release(&mut self) {
        self.deadline.clear();
        self.conn = None;
    }

    /// The connection, made to keep the deadline of its statements.
    fn watched(&self, mut conn: PooledConnection) -> PooledConnection {
        if let (Some(limit), DbConnection::Postgres(conn)) = (self.limit, &mut *conn) {
            let deadline = Arc::clone(&self.deadline);
            conn.set_instrumentation(move |event: InstrumentationEvent<'_>| match event {
                InstrumentationEvent::StartQuery { .. } => deadline.set(limit),
                InstrumentationEvent::FinishQuery { .. } => deadline.clear(),
                _ => {}
            });
        }
        conn
    }
}

fn closed() -> DatabaseError {
    DatabaseError::Unavailable("the connection was closed".to_owned())
}
