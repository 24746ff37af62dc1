//! Look-ups on PostgreSQL: those that are asked while one statement is under way share the next one.
//!
//! A round trip and a change of threads cost more than finding a row. Nobody waits for company: the first look-up goes
//! at once, and whatever has been asked by the time its answer is there goes together. A look-up never joins a statement
//! that has begun, so its answer is not older than its question.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::r2d2::Pool;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::super::lookup::{Outcome, guarded};
use super::super::manager::{ConnectionManager, PooledConnection, get};
use super::super::{DatabaseError, DbConnection, Lookup};

/// Keys of one statement. More would make the first wait for the last.
const BATCH: usize = 256;

/// The queues of one database, one for each kind of look-up.
#[derive(Default)]
pub(super) struct Lookups(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Lookups {
    /// The row of `key`. The answer arrives even when the caller's thread ends in between, or not at all when it is
    /// dropped before.
    pub(super) fn ask<L: Lookup>(&self, key: L, pool: &Pool<ConnectionManager>) -> Answer<L> {
        let queue = self.queue::<L>();
        let (answer, outcome) = oneshot::channel();
        if queue.push(Asked { key, answer }) {
            let session = Session { queue, is_over: false };
            let pool = pool.clone();
            spawn_blocking(move || session.serve(&pool));
        }
        outcome
    }

    fn queue<L: Lookup>(&self) -> Arc<Queue<L>> {
        let mut queues = lock(&self.0);
        let queue = queues.entry(TypeId::of::<L>()).or_insert_with(|| Arc::<Queue<L>>::default());
        // The entry of a type is made on the line above and nowhere else.
        Arc::clone(queue).downcast().unwrap_or_default()
    }
}

/// The row that was asked for, some time.
pub(super) type Answer<L> = oneshot::Receiver<Outcome<L>>;

struct Asked<L: Lookup> {
    key: L,
    answer: oneshot::Sender<Outcome<L>>,
}

struct Queue<L: Lookup>(Mutex<State<L>>);

struct State<L: Lookup> {
    waiting: Vec<Asked<L>>,
    /// Whether there is a session that will come to them.
    is_served: bool,
}

impl<L: Lookup> Default for Queue<L> {
    fn default() -> Self {
        Self(Mutex::new(State { waiting: Vec::new(), is_served: false }))
    }
}

impl<L: Lookup> Queue<L> {
    /// Whether the caller has to begin a session.
    fn push(&self, asked: Asked<L>) -> bool {
        let mut state = lock(&self.0);
        state.waiting.push(asked);
        !std::mem::replace(&mut state.is_served, true)
    }

    /// Whether somebody waits. If not, that is the end of the session.
    fn goes_on(&self) -> bool {
        let mut state = lock(&self.0);
        state.is_served = !state.waiting.is_empty();
        state.is_served
    }

    /// Those whose turn it is, without those who have gone.
    fn take_batch(&self) -> Vec<Asked<L>> {
        let mut state = lock(&self.0);
        let size = state.waiting.len().min(BATCH);
        state.waiting.drain(..size).filter(|asked| !asked.answer.is_closed()).collect()
    }
}

/// A thread that answers a queue until it is empty.
struct Session<L: Lookup> {
    queue: Arc<Queue<L>>,
    is_over: bool,
}

impl<L: Lookup> Session<L> {
    fn serve(mut self, pool: &Pool<ConnectionManager>) {
        while self.queue.goes_on() {
            let conn = get(pool);
            // Not before there is a connection: whoever comes meanwhile comes along.
            let batch = self.queue.take_batch();
            if !batch.is_empty() {
                answer(batch, conn);
            }
        }
        self.is_over = true;
    }
}

impl<L: Lookup> Drop for Session<L> {
    /// A session that never ran, because the server is stopping, leaves nobody waiting.
    fn drop(&mut self) {
        if !self.is_over {
            let mut state = lock(&self.queue.0);
            state.is_served = false;
            state.waiting.clear();
        }
    }
}

fn answer<L: Lookup>(batch: Vec<Asked<L>>, conn: Result<PooledConnection, DatabaseError>) {
    let (keys, answers): (Vec<L>, Vec<_>) = batch.into_iter().map(|asked| (asked.key, asked.answer)).unzip();
    let found = conn.and_then(|mut conn| find_all(&keys, &mut conn));
    let outcomes: Vec<_> = match found {
        Ok(outcomes) => outcomes,
        Err(error) => keys.iter().map(|_| Err(shared(&error))).collect(),
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // A caller that went away does not want it.
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

/// A failure of the connection, for each of those that shared it.
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
