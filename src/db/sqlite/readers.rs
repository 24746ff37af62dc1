//! Reading SQLite: where the caller runs, unless it would have to wait.
//!
//! Finding a row takes microseconds, less than handing the work to another thread. So each thread that serves requests
//! has a separate connection, which it keeps until the thread or the database ends. That connection never waits. Work
//! that takes time (opening a connection, a file that another process has locked, a query for a whole page) runs on a
//! thread that may block.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Weak};

use diesel::connection::SimpleConnection;

use super::super::blocking::{Permits, lock, on_blocking_thread};
use super::super::connection::{TransactionLevel, begin_read, finish};
use super::super::lookup::{LookupResult, catch_panic};
use super::super::open::open;
use super::super::{DatabaseError, DatabaseSettings, DbConnection, Lookup};

/// Threads that may block for reads at the same time.
const THREADS: usize = 4;
/// Reads that may wait for such a thread.
const QUEUE: usize = 256;

/// The reading connections of one database.
pub(in crate::db) struct Readers(Arc<Inner>);

struct Inner {
    settings: Arc<DatabaseSettings>,
    permits: Permits,
    /// Connections of the threads that serve requests. Only this list owns them, so that they close with the database, on any
    /// thread.
    of_threads: Mutex<Vec<Arc<IdleConnection>>>,
    /// Connections that wait for a lock, up to `SQLITE_BUSY_TIMEOUT`. The others fail at once.
    with_timeout: Mutex<Vec<DbConnection>>,
}

/// The connection of a thread, while it is not in use.
type IdleConnection = Mutex<Option<Box<DbConnection>>>;

/// The data that a thread has about a database.
struct KnownDatabase {
    database: Weak<Inner>,
    idle: Weak<IdleConnection>,
}

thread_local! {
    static KNOWN: RefCell<Vec<KnownDatabase>> = const { RefCell::new(Vec::new()) };
}

impl Readers {
    pub(in crate::db) fn new(settings: Arc<DatabaseSettings>) -> Self {
        let permits = Permits::new(THREADS, QUEUE, settings.pool_timeout);
        Self(Arc::new(Inner { settings, permits, of_threads: Mutex::default(), with_timeout: Mutex::default() }))
    }

    /// Runs `f` on the connection of this thread, in a read transaction: `f` cannot be repeated, and once the transaction
    /// has begun nothing in it has to wait.
    pub(in crate::db) async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let idle = self.idle();
        // It is taken out while in use, so that a panic in `f` closes it.
        let conn = lock(&idle).take();
        if let Some(mut conn) = conn
            && let Ok(level) = begin_read(&mut conn)
        {
            let result = catch_unwind(AssertUnwindSafe(|| run(&mut conn, level, f)));
            let result = result.unwrap_or_else(|payload| Err(DatabaseError::panicked(&*payload).into()));
            self.0.put_back(conn, &idle);
            return result;
        }
        self.wait(Some(idle), f).await
    }

    /// The row of `key`, by the connection of this thread.
    pub(in crate::db) async fn look_up<L: Lookup>(&self, key: L) -> LookupResult<L> {
        let idle = self.idle();
        let conn = lock(&idle).take();
        if let Some(mut conn) = conn {
            match catch_panic(|| key.find(&mut conn)) {
                // The file may be locked, and a new connection can wait for it.
                Err(DatabaseError::Unavailable(_)) => {}
                outcome => {
                    self.0.put_back(conn, &idle);
                    return outcome;
                }
            }
        }
        self.wait(Some(idle), move |conn| Ok(key.find(conn)?)).await
    }

    /// Runs `f` on a thread that may block.
    pub(in crate::db) async fn query<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        self.wait(None, f).await
    }

    /// Callers that wait or run on a thread that may block.
    pub(in crate::db) fn waiting(&self) -> usize {
        self.0.permits.callers()
    }

    /// Runs `f` on a thread that may block. The connection is then kept for the thread with this `idle` connection, if given.
    async fn wait<T, E, F>(&self, idle: Option<Arc<IdleConnection>>, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let permit = self.0.permits.acquire().await?;
        let shared = Arc::clone(&self.0);
        on_blocking_thread(move || {
            let result = shared.read_with_timeout(idle.as_deref(), f);
            drop(permit);
            result
        })
        .await
    }

    /// The idle connection of this thread.
    fn idle(&self) -> Arc<IdleConnection> {
        let known = KNOWN.try_with(|databases| {
            let is_this = |known: &&KnownDatabase| std::ptr::eq(known.database.as_ptr(), Arc::as_ptr(&self.0));
            databases.borrow().iter().find(is_this).and_then(|known| known.idle.upgrade())
        });
        match known {
            Ok(Some(idle)) => idle,
            Ok(None) => self.register_thread(),
            // The thread is ending, so nothing is kept for it.
            Err(_) => Arc::default(),
        }
    }

    fn register_thread(&self) -> Arc<IdleConnection> {
        let idle = Arc::<IdleConnection>::default();
        lock(&self.0.of_threads).push(Arc::clone(&idle));
        let entry = KnownDatabase { database: Arc::downgrade(&self.0), idle: Arc::downgrade(&idle) };
        KNOWN.with_borrow_mut(|databases| {
            databases.retain(|known| known.database.strong_count() > 0);
            databases.push(entry);
        });
        idle
    }
}

impl Inner {
    fn connect(&self) -> Result<Box<DbConnection>, DatabaseError> {
        let mut conn = open(&self.settings)?;
        // A write here would bypass the writing thread and its `BEGIN IMMEDIATE`.
        conn.batch_execute("PRAGMA query_only = ON")?;
        Ok(Box::new(conn))
    }

    fn put_back(&self, mut conn: Box<DbConnection>, idle: &IdleConnection) {
        if !conn.is_broken() {
            *lock(idle) = Some(conn);
        }
    }

    fn read_with_timeout<T, E, F>(&self, idle: Option<&IdleConnection>, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E>,
        E: From<DatabaseError>,
    {
        let pooled = if idle.is_none() { lock(&self.with_timeout).pop().map(Box::new) } else { None };
        let mut conn = pooled.map_or_else(|| self.connect(), Ok)?;
        let level = begin_read(&mut conn).map_err(DatabaseError::from)?;
        let result = run(&mut conn, level, f);
        match idle {
            // The thread that gets it serves requests and must not sleep.
            Some(idle) if conn.batch_execute("PRAGMA busy_timeout = 0").is_ok() => self.put_back(conn, idle),
            None if !conn.is_broken() => lock(&self.with_timeout).push(*conn),
            _ => {}
        }
        result
    }
}

fn run<T, E, F>(conn: &mut DbConnection, level: Option<TransactionLevel>, f: F) -> Result<T, E>
where
    F: FnOnce(&mut DbConnection) -> Result<T, E>,
    E: From<DatabaseError>,
{
    match level {
        Some(level) => finish(conn, level, f),
        None => f(conn),
    }
}

impl Drop for KnownDatabase {
    /// The thread ends, and its connection with it.
    fn drop(&mut self) {
        if let Some(database) = self.database.upgrade() {
            let mut all = lock(&database.of_threads);
            if let Some(index) = all.iter().position(|idle| std::ptr::eq(Arc::as_ptr(idle), self.idle.as_ptr())) {
                let idle = all.swap_remove(index);
                drop(all);
                drop(idle);
            }
        }
    }
}
