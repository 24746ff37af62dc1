//! SQLite writes: one thread, one connection, many requests per commit.
//!
//! SQLite lets one connection write at a time, and the others poll. Connections that poll delay each other for seconds, and
//! each of them needs its own flush to the disk. Here the writes wait in a queue instead: the thread takes all that wait, runs
//! each in a savepoint of one transaction, commits once and then answers them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use diesel::connection::SimpleConnection;
use tokio::sync::oneshot;

use super::super::callers::Callers;
use super::super::connection::{self, TransactionLevel};
use super::super::open::open;
use super::super::{DatabaseError, DatabaseSettings, DbConnection};

/// Writes that may wait. A further one fails at once (503).
const QUEUE: usize = 1_024;
/// Writes that share one commit. More would gain little, and the first would wait for the last.
const BATCH: usize = 64;

/// The queue and its thread. Dropping it waits until the queue is empty.
pub(in crate::db) struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    callers: Callers,
}

impl Writer {
    /// Starts the thread with `conn` as its first connection, if it can write.
    pub(in crate::db) fn start(settings: Arc<DatabaseSettings>, mut conn: DbConnection) -> Result<Self, DatabaseError> {
        let (queue, jobs) = sync_channel(QUEUE);
        let worker = Worker { settings, conn: (!conn.is_broken()).then_some(conn) };
        let thread = thread::Builder::new().name("sqlite-writer".to_owned()).spawn(move || worker.run(&jobs));
        let thread = thread.map_err(|error| DatabaseError::Unavailable(format!("no thread for writes: {error}")))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), callers: Callers::default() })
    }

    /// Queues `f` and waits until it is committed or has failed. If the caller stops waiting before `f` has begun, `f` is
    /// not run.
    pub(in crate::db) async fn run<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let _caller = self.callers.enter();
        let (answer, outcome) = oneshot::channel();
        let job = Box::new(Write { f: Some(f), outcome: None, answer });
        let sent = self.queue.as_ref().map(|queue| queue.try_send(job));
        match sent {
            Some(Ok(())) => outcome.await.unwrap_or_else(|_| Err(stopped().into())),
            Some(Err(TrySendError::Full(_))) => {
                Err(DatabaseError::Unavailable(format!("{QUEUE} writes are waiting already")).into())
            }
            Some(Err(TrySendError::Disconnected(_))) | None => Err(stopped().into()),
        }
    }

    /// Callers whose write is queued or in progress.
    pub(in crate::db) fn waiting(&self) -> usize {
        self.callers.count()
    }
}

fn stopped() -> DatabaseError {
    DatabaseError::Unavailable("the writing thread has stopped".to_owned())
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // The last handle may have been in a write, and a thread cannot wait for itself.
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                log::error!("the writing thread panicked");
            }
        }
    }
}

/// A queued write of any type.
trait Job: Send {
    /// Whether the caller still waits for the result.
    fn is_wanted(&self) -> bool;
    /// Runs the closure and keeps its result. Returns whether it is to be committed.
    fn run(&mut self, conn: &mut DbConnection) -> bool;
    /// Sends the result, or the `failure` of the transaction.
    fn answer(self: Box<Self>, failure: Option<DatabaseError>);
}

struct Write<F, T, E> {
    f: Option<F>,
    outcome: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Write<F, T, E>
where
    F: FnOnce(&mut DbConnection) -> Result<T, E> + Send,
    T: Send,
    E: From<DatabaseError> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }

    fn run(&mut self, conn: &mut DbConnection) -> bool {
        self.outcome = self.f.take().map(|f| f(conn));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, failure: Option<DatabaseError>) {
        let outcome = match failure {
            // This also replaces an error of the write itself, because that may depend on a row of another write that was rolled
            // back.
            Some(failure) => Err(failure.into()),
            None => self.outcome.unwrap_or_else(|| Err(stopped().into())),
        };
        // The caller may have stopped waiting.
        let _ = self.answer.send(outcome);
    }
}

struct Worker {
    settings: Arc<DatabaseSettings>,
    conn: Option<DbConnection>,
}

impl Worker {
    /// Runs until every handle of the database is dropped and the queue is empty.
    fn run(mut self, queue: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = queue.recv() {
            let waiting = std::iter::once(first).chain(queue.try_iter());
            let jobs: Vec<_> = waiting.filter(|job| job.is_wanted()).take(BATCH).collect();
            if !jobs.is_empty() {
                self.commit_together(jobs);
            }
        }
    }

    fn commit_together(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let mut panics = Vec::new();
        panics.resize_with(jobs.len(), || None);
        let conn = self.conn.take().map_or_else(|| open(&self.settings), Ok);
        let result = conn.and_then(|mut conn| {
            let result = run_all(&mut conn, &mut jobs, &mut panics);
            // After a failure or a panic the state of the connection is unknown.
            if result.is_ok() && panics.iter().all(Option::is_none) && !conn.is_broken() {
                self.conn = Some(conn);
            }
            result
        });
        let alone = jobs.len() == 1;
        let mut failure = result.err();
        for (job, panic) in jobs.into_iter().zip(panics) {
            let shared = |error: &DatabaseError| error.shared("a write that shared the commit");
            let failure = if alone { failure.take() } else { failure.as_ref().map(shared) };
            job.answer(panic.or(failure));
        }
    }
}

/// One transaction around all `jobs`. `Err` if the transaction failed as a whole.
fn run_all(
    conn: &mut DbConnection,
    jobs: &mut [Box<dyn Job>],
    panics: &mut [Option<DatabaseError>],
) -> Result<(), DatabaseError> {
    connection::begin(conn)?;
    for (job, panic) in jobs.iter_mut().zip(&mut *panics) {
        // Not diesel's savepoints: it counts them, and after a panic in a nested transaction its count is wrong.
        conn.batch_execute("SAVEPOINT job").map_err(ended)?;
        let keep = catch_unwind(AssertUnwindSafe(|| job.run(conn))).unwrap_or_else(|payload| {
            *panic = Some(DatabaseError::panicked(&*payload));
            false
        });
        conn.batch_execute(if keep { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" }).map_err(ended)?;
    }
    if panics.iter().any(Option::is_some) {
        Ok(conn.batch_execute("COMMIT")?)
    } else {
        Ok(connection::commit(conn, TransactionLevel::Outermost)?)
    }
}

/// If the savepoint is missing, SQLite has ended the transaction, as it does when the disk is full.
fn ended(error: diesel::result::Error) -> DatabaseError {
    DatabaseError::Unavailable(format!("SQLite ended the transaction: {error}"))
}
