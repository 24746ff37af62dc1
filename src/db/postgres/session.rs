//! A session: one connection, and when PostgreSQL must have answered on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};

use super::super::connection::{Level, begin};
use super::super::open::open;
use super::super::{DatabaseError, DatabaseSettings, DbConnection};
use super::connect_limit;

/// How long after its time limit a statement may still be answered: the message has to come through the network.
const GRACE: Duration = Duration::from_secs(1);
/// The pause between two attempts to connect.
const RETRY: Duration = Duration::from_millis(50);
/// How long a plan is kept. Planning takes tens of microseconds, more than most statements.
const PLAN_LIFETIME: Duration = Duration::from_secs(1);

/// How long a statement may be without an answer. `None` if there is no limit.
pub(super) fn answer_limit(settings: &DatabaseSettings) -> Option<Duration> {
    settings.statement_timeout.map(|limit| limit + GRACE)
}

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

    pub(super) fn clear(&self) {
        self.millis.store(NOTHING, Ordering::Relaxed);
    }

    /// `None` while no answer is expected.
    pub(super) fn get(&self) -> Option<Instant> {
        let millis = self.millis.load(Ordering::Relaxed);
        (millis != NOTHING).then(|| self.origin + Duration::from_millis(millis))
    }
}

/// A connection that is opened when it is needed.
pub(super) struct Session {
    settings: Arc<DatabaseSettings>,
    deadline: Arc<Deadline>,
    /// How long a statement may be without an answer.
    limit: Option<Duration>,
    open: Option<Open>,
}

struct Open {
    conn: DbConnection,
    /// When its plans were last discarded.
    plans_since: Instant,
}

impl Session {
    pub(super) fn new(settings: Arc<DatabaseSettings>, deadline: Arc<Deadline>) -> Self {
        let limit = answer_limit(&settings);
        Self { settings, deadline, limit, open: None }
    }

    /// The connection. One that the server has closed, for example because it was restarted, is replaced.
    pub(super) fn connection(&mut self) -> Result<&mut DbConnection, DatabaseError> {
        if !self.open.as_mut().is_some_and(Open::is_ready) {
            // The old one is closed before another is opened.
            self.open = None;
            self.open = Some(self.connect()?);
        }
        self.open.as_mut().map(|open| &mut open.conn).ok_or_else(closed)
    }

    /// Begins a transaction on the connection.
    pub(super) fn begin(&mut self) -> Result<(&mut DbConnection, Level), DatabaseError> {
        let level = match begin(self.connection()?).map_err(DatabaseError::from) {
            // Nothing has happened yet, so a closed connection may be replaced.
            Err(DatabaseError::Unavailable(_)) => {
                self.open = None;
                begin(self.connection()?).map_err(DatabaseError::from)?
            }
            result => result?,
        };
        self.open.as_mut().map(|open| (&mut open.conn, level)).ok_or_else(closed)
    }

    /// Closes a connection that cannot be used again, such as one with an open transaction.
    pub(super) fn tidy(&mut self) {
        self.deadline.clear();
        if self.open.as_mut().is_some_and(|open| open.conn.is_broken()) {
            self.open = None;
        }
    }

    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// Tries to connect for `DATABASE_POOL_TIMEOUT`, so that a quick restart of the database causes no error.
    fn connect(&self) -> Result<Open, DatabaseError> {
        let end = Instant::now() + self.settings.pool_timeout;
        loop {
            // libpq limits how long it connects, but not how long it then waits for the answers to its first statements.
            if let Some(limit) = self.limit {
                self.deadline.set(connect_limit(&self.settings) + limit);
            }
            let opened = open(&self.settings);
            self.deadline.clear();
            match opened {
                Ok(conn) => return Ok(Open { conn: self.watched(conn), plans_since: Instant::now() }),
                Err(error) if Instant::now() + RETRY >= end => return Err(error),
                Err(_) => sleep(RETRY),
            }
        }
    }

    /// The connection, made to keep the deadline of its statements.
    fn watched(&self, mut conn: DbConnection) -> DbConnection {
        if let (Some(limit), DbConnection::Postgres(conn)) = (self.limit, &mut conn) {
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

impl Open {
    /// Whether it can be used, as far as is known without a round trip.
    fn is_ready(&mut self) -> bool {
        self.conn.is_alive() && self.forget_old_plans(Instant::now()).is_ok()
    }

    /// Discards plans that are too old. PostgreSQL plans a prepared statement for the current size of the tables and keeps
    /// the plan until the connection is closed or the tables are analysed. A plan for empty tables reads the whole table.
    fn forget_old_plans(&mut self, now: Instant) -> QueryResult<()> {
        if now >= self.plans_since + PLAN_LIFETIME {
            self.conn.batch_execute("DISCARD PLANS")?;
            self.plans_since = now;
        }
        Ok(())
    }
}

fn closed() -> DatabaseError {
    DatabaseError::Unavailable("the connection was closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::support::{TestDatabase, text};
    use super::*;

    #[test]
    fn plans_are_discarded_when_they_are_old_and_not_before() {
        let Some(test) = TestDatabase::postgres() else { return };
        let settings = Arc::new(test.settings());
        let mut session = Session::new(Arc::clone(&settings), Arc::new(Deadline::new()));
        session.connection().unwrap();
        let open = session.open.as_mut().unwrap();
        let mut observer = open_connection(&settings);
        let pid = text(&mut open.conn, "SELECT pg_backend_pid()::text AS value");
        let last_statement = format!("SELECT query AS value FROM pg_stat_activity WHERE pid = {pid}");
        let since = open.plans_since;
        for (now, last) in [
            (since + PLAN_LIFETIME / 2, "SELECT 'x' AS value"),
            (since + PLAN_LIFETIME, "DISCARD PLANS"),
            (since + PLAN_LIFETIME * 3 / 2, "SELECT 'x' AS value"),
            (since + PLAN_LIFETIME * 2, "DISCARD PLANS"),
        ] {
            text(&mut open.conn, "SELECT 'x' AS value");
            open.forget_old_plans(now).unwrap();
            assert_eq!(text(&mut observer, &last_statement), last);
        }
    }

    fn open_connection(settings: &DatabaseSettings) -> DbConnection {
        open(settings).unwrap()
    }
}
