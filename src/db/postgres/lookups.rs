//! Look-ups on PostgreSQL: those that arrive while a statement runs share the next one.
//!
//! A round trip and a change of threads cost more than finding a row. The first look-up starts at once, and those that arrive
//! until its result is there run together. A look-up never joins a statement that has begun, so its result is current.
//!
//! If a statement takes unusually long, a second session serves the look-ups that wait for it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, timeout};

use super::super::blocking::{Permit, lock};
use super::super::lookup::{LookupResult, catch_panic};
use super::super::{DatabaseError, DbConnection, Lookup};
use super::session::PostgresSession;
use super::sessions::{Lease, PostgresSessions, SendAnswer, stopping};

/// The most keys of one statement. With more, the first would wait for the last.
const BATCH: usize = 256;
/// Look-ups of one type that may wait. A further one fails at once.
const QUEUE: usize = 2_048;
/// Sessions that serve one type of look-up at the same time.
const SESSIONS: usize = 2;
/// How long a look-up waits before it takes another session. Most are answered in a millisecond.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// How often it tries that again.
const NEXT_WAIT: Duration = Duration::from_millis(500);
/// What look-ups of several callers have in common.
const SHARED: &str = "a look-up that shared the statement";

/// The queues of one database, one for each type of look-up.
pub(super) struct Lookups {
    sessions: PostgresSessions,
    queues: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Lookups {
    pub(super) fn new(sessions: PostgresSessions) -> Self {
        Self { sessions, queues: Mutex::default() }
    }

    /// Looks up the row of `key`. If the future is dropped before the look-up has begun, it is not run.
    pub(super) async fn find<L: Lookup>(&self, key: L) -> LookupResult<L> {
        let queue = self.queue::<L>();
        let (answer, mut answered) = oneshot::channel();
        let serve = |turn| serve(Arc::clone(&queue), self.sessions.clone(), turn, Handle::current());
        queue.push(QueuedLookup { key, queued_at: Instant::now(), answer })?.into_iter().for_each(serve);
        let end = self.sessions.limit().map(|limit| Instant::now() + limit + FIRST_WAIT);
        let mut wait = FIRST_WAIT;
        loop {
            let rest = end.map_or(NEXT_WAIT, |end| end.saturating_duration_since(Instant::now()));
            match timeout(wait.min(rest), &mut answered).await {
                Ok(outcome) => return outcome.unwrap_or_else(|_| Err(stopping())),
                // Its statement has had no answer, or it has waited too long for its turn.
                Err(_) if rest.is_zero() => return Err(self.sessions.no_answer()),
                Err(_) => {
                    self.sessions.give_up_overdue();
                    queue.another_turn().into_iter().for_each(serve);
                    wait = NEXT_WAIT;
                }
            }
        }
    }

    fn queue<L: Lookup>(&self) -> Arc<Queue<L>> {
        let mut queues = lock(&self.queues);
        let queue = queues.entry(TypeId::of::<L>()).or_insert_with(|| Arc::<Queue<L>>::default());
        // The entry of a type is only created in the line above.
        Arc::clone(queue).downcast().unwrap_or_default()
    }
}

/// The right to serve a queue.
type QueuePermit = OwnedSemaphorePermit;

struct QueuedLookup<L: Lookup> {
    key: L,
    queued_at: Instant,
    answer: oneshot::Sender<LookupResult<L>>,
}

struct Queue<L: Lookup> {
    waiting: Mutex<Vec<QueuedLookup<L>>>,
    /// Taken and returned while `waiting` is locked, so that no request is left without a session.
    turns: Arc<Semaphore>,
}

impl<L: Lookup> Default for Queue<L> {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turns: Arc::new(Semaphore::new(SESSIONS)) }
    }
}

impl<L: Lookup> Queue<L> {
    /// Adds a request. Returns a turn if no session serves the queue.
    fn push(&self, request: QueuedLookup<L>) -> Result<Option<QueuePermit>, DatabaseError> {
        let mut waiting = lock(&self.waiting);
        if waiting.len() >= QUEUE {
            waiting.retain(|request| !request.answer.is_closed());
        }
        if waiting.len() >= QUEUE {
            return Err(DatabaseError::Unavailable(format!("{QUEUE} look-ups are waiting already")));
        }
        waiting.push(request);
        let is_served = self.turns.available_permits() < SESSIONS;
        Ok(if is_served { None } else { Arc::clone(&self.turns).try_acquire_owned().ok() })
    }

    /// A turn for a further session, if there is something to do.
    fn another_turn(&self) -> Option<QueuePermit> {
        let waiting = lock(&self.waiting);
        if waiting.is_empty() { None } else { Arc::clone(&self.turns).try_acquire_owned().ok() }
    }

    /// Whether there are requests whose callers wait. If there are none, `end_turn` is called.
    fn has_work(&self, end_turn: impl FnOnce()) -> bool {
        let mut waiting = lock(&self.waiting);
        waiting.retain(|request| !request.answer.is_closed());
        if waiting.is_empty() {
            end_turn();
        }
        !waiting.is_empty()
    }

    /// The next requests.
    fn take_batch(&self) -> Vec<QueuedLookup<L>> {
        let mut waiting = lock(&self.waiting);
        let size = waiting.len().min(BATCH);
        waiting.drain(..size).collect()
    }

    /// Answers the requests that have waited since `began` with an error. Later ones may wait as long as these.
    fn fail(&self, began: Instant, error: &DatabaseError) {
        let mut waiting = lock(&self.waiting);
        let later = waiting.partition_point(|request| request.queued_at <= began);
        for request in waiting.drain(..later) {
            let _ = request.answer.send(Err(error.shared(SHARED)));
        }
    }
}

/// Serves the queue on a session until it is empty, or until another caller waits for a session.
fn serve<L: Lookup>(queue: Arc<Queue<L>>, sessions: PostgresSessions, turn: QueuePermit, runtime: Handle) {
    match sessions.try_acquire() {
        Some(permit) => serve_on(permit, queue, sessions, Some(turn), runtime),
        // This is not the task of a caller, because a caller may stop waiting.
        None => drop(runtime.clone().spawn(async move {
            let mut turn = Some(turn);
            while queue.has_work(|| drop(turn.take())) {
                let began = Instant::now();
                match sessions.acquire().await {
                    Ok(permit) => return serve_on(permit, queue, sessions, turn, runtime),
                    Err(error) => queue.fail(began, &error),
                }
            }
        })),
    }
}

fn serve_on<L: Lookup>(
    permit: Permit,
    queue: Arc<Queue<L>>,
    sessions: PostgresSessions,
    turn: Option<QueuePermit>,
    runtime: Handle,
) {
    let pool = sessions.clone();
    let work = move |session: &mut PostgresSession, lease: &Lease| -> SendAnswer {
        while !lease.is_given_up() && queue.has_work(|| drop(lease.take_second())) {
            let began = Instant::now();
            match session.connection() {
                // Look-ups that arrived while this waited for a connection are included.
                Ok(conn) => answer(queue.take_batch(), conn),
                Err(error) => queue.fail(began, &error),
            }
            if pool.is_contended() {
                if let Some(turn) = lease.take_second() {
                    serve(queue, pool, turn, runtime);
                }
                break;
            }
        }
        Box::new(|| {})
    };
    sessions.start((permit, turn), Box::new(work));
}

fn answer<L: Lookup>(batch: Vec<QueuedLookup<L>>, conn: &mut DbConnection) {
    let (keys, answers): (Vec<L>, Vec<_>) = batch.into_iter().map(|request| (request.key, request.answer)).unzip();
    let outcomes: Vec<_> = match find_all(&keys, conn) {
        Ok(outcomes) => outcomes,
        Err(error) => keys.iter().map(|_| Err(error.shared(SHARED))).collect(),
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // The caller may have stopped waiting.
        let _ = answer.send(outcome);
    }
}

fn find_all<L: Lookup>(keys: &[L], conn: &mut DbConnection) -> Result<Vec<LookupResult<L>>, DatabaseError> {
    match keys {
        [] => return Ok(Vec::new()),
        [key] => return Ok(vec![catch_panic(|| key.find(conn))]),
        _ => {}
    }
    match catch_panic(|| L::find_many(keys, conn)) {
        Ok(found) if found.len() == keys.len() => Ok(found.into_iter().map(Ok).collect()),
        Err(error @ DatabaseError::Unavailable(_)) => Err(error),
        Ok(_) | Err(DatabaseError::Query(_)) => Ok(keys.iter().map(|key| catch_panic(|| key.find(conn))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use diesel::result::QueryResult;
    use futures_util::FutureExt;

    use super::*;

    struct Number;

    impl Lookup for Number {
        type Found = i64;

        fn find(&self, _: &mut DbConnection) -> QueryResult<Option<i64>> {
            Ok(None)
        }

        fn find_many(keys: &[Self], _: &mut DbConnection) -> QueryResult<Vec<Option<i64>>> {
            Ok(keys.iter().map(|_| None).collect())
        }
    }

    /// The time of a look-up to get a session begins when it is asked for.
    #[test]
    fn a_look_up_that_comes_later_does_not_fail_with_earlier_ones() {
        let queue = Queue::<Number>::default();
        let began = Instant::now();
        let asked = |queued_at| {
            let (answer, answered) = oneshot::channel();
            queue.push(QueuedLookup { key: Number, queued_at, answer }).unwrap();
            answered
        };
        let (early, late) = (asked(began), asked(began + Duration::from_micros(1)));
        queue.fail(began, &DatabaseError::Unavailable("no connection".to_owned()));
        let refused = early.now_or_never().unwrap().unwrap().unwrap_err();
        assert_eq!(refused.to_string(), "database unavailable: no connection");
        assert_eq!(queue.take_batch().len(), 1);
        assert!(late.now_or_never().unwrap().is_err(), "it was taken without an answer");
    }
}
