//! Look-ups on PostgreSQL: those that arrive while a statement runs share the next one.
//!
//! A round trip and a change of threads cost more than finding a row. The first look-up starts at once, and those that arrive
//! until its result is there run together. A look-up never joins a statement that has begun, so its result is current.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::r2d2::Pool;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::super::lookup::{Outcome, guarded};
use super::super::manager::{ConnectionManager, PooledConnection, get};
use super::super::{DatabaseError, DbConnection, Lookup};

/// The most keys of one statement. With more, the first would wait for the last.
const BATCH: usize = 256;

/// The queues of one database, one for each type of look-up.
#[derive(Default)]
pub(super) struct Lookups(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Lookups {
    /// Looks up the row of `key`. If the result is dropped before the look-up has begun, it is not run.
    pub(super) fn ask<L: Lookup>(&self, key: L, pool: &Pool<ConnectionManager>) -> Answer<L> {
        let queue = self.queue::<L>();
        let (answer, outcome) = oneshot::channel();
        if queue.push(Request { key, answer }) {
            let runner = Runner { queue, is_done: false };
            let pool = pool.clone();
            spawn_blocking(move || runner.run(&pool));
        }
        outcome
    }

    fn queue<L: Lookup>(&self) -> Arc<Queue<L>> {
        let mut queues = lock(&self.0);
        let queue = queues.entry(TypeId::of::<L>()).or_insert_with(|| Arc::<Queue<L>>::default());
        // The entry of a type is only created in the line above.
        Arc::clone(queue).downcast().unwrap_or_default()
    }
}

/// Receives the row.
pub(super) type Answer<L> = oneshot::Receiver<Outcome<L>>;

struct Request<L: Lookup> {
    key: L,
    answer: oneshot::Sender<Outcome<L>>,
}

struct Queue<L: Lookup>(Mutex<State<L>>);

struct State<L: Lookup> {
    waiting: Vec<Request<L>>,
    /// Whether a runner works on the queue.
    has_runner: bool,
}

impl<L: Lookup> Default for Queue<L> {
    fn default() -> Self {
        Self(Mutex::new(State { waiting: Vec::new(), has_runner: false }))
    }
}

impl<L: Lookup> Queue<L> {
    /// Whether the caller has to start a runner.
    fn push(&self, request: Request<L>) -> bool {
        let mut state = lock(&self.0);
        state.waiting.push(request);
        !std::mem::replace(&mut state.has_runner, true)
    }

    /// Whether there is more to do. If not, the runner ends.
    fn goes_on(&self) -> bool {
        let mut state = lock(&self.0);
        state.has_runner = !state.waiting.is_empty();
        state.has_runner
    }

    /// The next requests, without those whose caller has stopped waiting.
    fn take_batch(&self) -> Vec<Request<L>> {
        let mut state = lock(&self.0);
        let size = state.waiting.len().min(BATCH);
        state.waiting.drain(..size).filter(|request| !request.answer.is_closed()).collect()
    }
}

/// Runs the look-ups of a queue on one thread until the queue is empty.
struct Runner<L: Lookup> {
    queue: Arc<Queue<L>>,
    is_done: bool,
}

impl<L: Lookup> Runner<L> {
    fn run(mut self, pool: &Pool<ConnectionManager>) {
        while self.queue.goes_on() {
            let conn = get(pool);
            // Only when there is a connection, so that look-ups that arrive while waiting for it are included.
            let batch = self.queue.take_batch();
            if !batch.is_empty() {
                answer(batch, conn);
            }
        }
        self.is_done = true;
    }
}

impl<L: Lookup> Drop for Runner<L> {
    /// If the runner never ran, because the server is stopping, the callers get an error.
    fn drop(&mut self) {
        if !self.is_done {
            let mut state = lock(&self.queue.0);
            state.has_runner = false;
            state.waiting.clear();
        }
    }
}

fn answer<L: Lookup>(batch: Vec<Request<L>>, conn: Result<PooledConnection, DatabaseError>) {
    let (keys, answers): (Vec<L>, Vec<_>) = batch.into_iter().map(|request| (request.key, request.answer)).unzip();
    let found = conn.and_then(|mut conn| find_all(&keys, &mut conn));
    let outcomes: Vec<_> = match found {
        Ok(outcomes) => outcomes,
        Err(error) => keys.iter().map(|_| Err(shared(&error))).collect(),
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // The caller may have stopped waiting.
        let _ = answer.send(outcome);
    }
}

fn find_all<L: Lookup>(keys: &[L], conn: &mut DbConnection) -> Result<Vec<Outcome<L>>, DatabaseError> {
    if let [key] = keys {
        return Ok(vec![guarded(|| key.find(conn))]);
    }
    match guarded(|| L::find_many(keys, conn)) {
        Ok(found) if found.len() == keys.len() => Ok(found.into_iter().map(Ok).collect()),
        Err(error @ DatabaseError::Unavailable(_)) => Err(error),
        Ok(_) | Err(DatabaseError::Query(_)) => Ok(keys.iter().map(|key| guarded(|| key.find(conn))).collect()),
    }
}

/// A failure of the connection, for each of the look-ups.
fn shared(error: &DatabaseError) -> DatabaseError {
    match error {
        DatabaseError::Unavailable(reason) => DatabaseError::Unavailable(reason.clone()),
        DatabaseError::Query(error) => DatabaseError::Unavailable(error.to_string()),
    }
}

/// Nothing can panic while one of these is held, so none is ever poisoned.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
