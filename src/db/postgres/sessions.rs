//! The sessions with PostgreSQL. Each has its own thread, because libpq blocks.
//!
//! libpq waits for an answer without a time limit, and nothing ends the wait if the server is gone while its address still
//! answers, as with a proxy or a load balancer in between. But PostgreSQL stops a statement after
//! `DATABASE_STATEMENT_TIMEOUT` and says so. A statement without an answer a moment later will never get one. Its session is
//! then *given up*: another may take its place, and its thread ends if libpq ever returns.
//!
//! The waiting callers detect this. So no thread watches, and a session without a waiting caller may stay.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::super::blocking::{Permit, Permits, lock};
use super::super::{DatabaseError, DatabaseSettings};
use super::answer_limit;
use super::manager::Connections;
use super::session::{Deadline, PostgresSession};

/// Callers that may wait for a session. A further one fails at once.
const QUEUE: usize = 1_024;
/// The maximum number of given-up sessions that have not returned. Beyond it no session is given up, because each takes
/// a thread.
const MAX_GIVEN_UP: usize = 256;
/// How often a caller that waits looks for sessions that do not answer, if no deadline is known.
const CHECK: Duration = Duration::from_millis(500);

/// A job for a session. It returns the function that answers the caller, to be called when the session is free again.
pub(super) type SessionJob = Box<dyn FnOnce(&mut PostgresSession, &Lease) -> SendAnswer + Send>;
/// Answers the caller of a job.
pub(super) type SendAnswer = Box<dyn FnOnce() + Send>;

/// The sessions of one database. They end when the last clone is dropped.
#[derive(Clone)]
pub(super) struct PostgresSessions(Arc<Inner>);

struct Inner {
    connections: Arc<Connections>,
    /// How long a statement may be without an answer.
    limit: Option<Duration>,
    /// One for each session.
    permits: Permits,
    state: Mutex<SessionLists>,
}

/// The sessions that exist.
#[derive(Default)]
struct SessionLists {
    /// The session that was used last is taken first.
    idle: Vec<IdleSession>,
    busy: Vec<Arc<Lease>>,
    /// Number of sessions that were given up and have not returned.
    lost: usize,
}

/// A session that waits for work. Its thread ends when this is dropped.
struct IdleSession {
    thread: Sender<Assignment>,
    deadline: Arc<Deadline>,
}

/// Work for the thread of a session.
struct Assignment {
    work: SessionJob,
    lease: Arc<Lease>,
    /// For the next assignment. The thread keeps this sender only while it works, so that the thread ends when its
    /// `IdleSession` is dropped.
    thread: Sender<Assignment>,
}

/// The right to use a session, until the work is done or the session is given up.
pub(super) struct Lease {
    state: Mutex<LeaseState>,
    deadline: Arc<Deadline>,
}

/// The permit for a session, and another one that the work needs.
pub(super) type Rights = (Permit, Option<Permit>);

enum LeaseState {
    Working(Rights),
    Done,
    GivenUp,
}

impl Lease {
    /// The second permit, which the work then no longer has.
    pub(super) fn take_second(&self) -> Option<Permit> {
        match &mut *lock(&self.state) {
            LeaseState::Working((_, second)) => second.take(),
            LeaseState::Done | LeaseState::GivenUp => None,
        }
    }

    /// Whether the session was given up.
    pub(super) fn is_given_up(&self) -> bool {
        matches!(*lock(&self.state), LeaseState::GivenUp)
    }

    /// Returns the permits. `false` if that was done before.
    fn end(&self, how: LeaseState) -> bool {
        let mut state = lock(&self.state);
        let was_working = matches!(*state, LeaseState::Working(_));
        if was_working {
            *state = how;
        }
        was_working
    }

    fn is_overdue(&self, now: Instant) -> bool {
        self.deadline.get().is_some_and(|deadline| deadline <= now)
    }
}

impl PostgresSessions {
    pub(super) fn new(settings: &Arc<DatabaseSettings>) -> Self {
        Self(Arc::new(Inner {
            connections: Arc::new(Connections::new(settings)),
            limit: answer_limit(settings),
            permits: Permits::new(settings.pool_size as usize, QUEUE, settings.pool_timeout),
            state: Mutex::default(),
        }))
    }

    /// How long a statement may be without an answer.
    pub(super) fn limit(&self) -> Option<Duration> {
        self.0.limit
    }

    /// The connections that the sessions use.
    pub(super) fn connections(&self) -> &Connections {
        &self.0.connections
    }

    /// Whether callers wait for a session.
    pub(super) fn is_contended(&self) -> bool {
        self.0.permits.waiting() > 0
    }

    /// The permit for a session, if one is free.
    pub(super) fn try_acquire(&self) -> Option<Permit> {
        self.0.permits.try_acquire()
    }

    /// Waits for the permit for a session.
    ///
    /// # Errors
    /// Returns [`DatabaseError::Unavailable`] at once if too many callers wait, and after `DATABASE_POOL_TIMEOUT`.
    pub(super) async fn acquire(&self) -> Result<Permit, DatabaseError> {
        match self.try_acquire() {
            Some(permit) => Ok(permit),
            None => self.wait_for(self.0.permits.acquire()).await,
        }
    }

    /// Waits for `future`, and gives up sessions that do not answer during that time.
    async fn wait_for<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        loop {
            match timeout(self.next_check(), &mut future).await {
                Ok(output) => return output,
                Err(_) => self.give_up_overdue(),
            }
        }
    }

    fn next_check(&self) -> Duration {
        let now = Instant::now();
        let deadlines = |lease: &Arc<Lease>| lease.deadline.get();
        // A deadline that has passed belongs to a session that cannot be given up, see `MAX_GIVEN_UP`.
        let next = lock(&self.0.state).busy.iter().filter_map(deadlines).filter(|next| *next > now).min();
        // Timers of tokio count milliseconds.
        next.map_or(CHECK, |next| next.saturating_duration_since(now).min(CHECK)) + Duration::from_millis(1)
    }

    /// Runs `work` on a session, and waits for its result.
    ///
    /// # Errors
    /// Returns the errors of `work`, and [`DatabaseError`] if it panicked or PostgreSQL does not answer.
    pub(super) async fn run<T, E, F>(&self, rights: Rights, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut PostgresSession) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let (answer, mut answered) = oneshot::channel();
        let lease = self.start(
            rights,
            Box::new(move |session, _| {
                let result = catch_unwind(AssertUnwindSafe(|| work(session))).unwrap_or_else(|payload| {
                    // The connection may be in a transaction.
                    session.release();
                    Err(DatabaseError::panicked(&*payload).into())
                });
                Box::new(move || {
                    // The caller may have stopped waiting.
                    let _ = answer.send(result);
                })
            }),
        );
        loop {
            match timeout(self.next_check(), &mut answered).await {
                Ok(Ok(result)) => return result,
                Ok(Err(_)) => return Err(stopping().into()),
                Err(_) => {
                    self.give_up_overdue();
                    // This also applies if too many sessions are lost to give this one up. The result may have come at
                    // the last moment.
                    if lease.is_given_up() || lease.is_overdue(Instant::now()) {
                        return answered.try_recv().unwrap_or_else(|_| Err(self.no_answer().into()));
                    }
                }
            }
        }
    }

    /// Runs `work` on a session that is idle or new.
    pub(super) fn start(&self, rights: Rights, work: SessionJob) -> Arc<Lease> {
        let mut state = lock(&self.0.state);
        let idle = state.idle.pop();
        let deadline = idle.as_ref().map_or_else(|| Arc::new(Deadline::new()), |idle| Arc::clone(&idle.deadline));
        let lease = Arc::new(Lease { state: Mutex::new(LeaseState::Working(rights)), deadline });
        state.busy.push(Arc::clone(&lease));
        drop(state);
        match idle {
            Some(IdleSession { thread, .. }) => {
                // The thread waits for this.
                let _ = thread.send(Assignment { work, lease: Arc::clone(&lease), thread: thread.clone() });
            }
            None => self.start_thread(work, &lease),
        }
        lease
    }

    fn start_thread(&self, work: SessionJob, lease: &Arc<Lease>) {
        let connections = Arc::clone(&self.0.connections);
        let session = PostgresSession::new(connections, Arc::clone(&lease.deadline), self.0.limit);
        let (thread, assignments) = channel();
        // There is a receiver.
        let _ = thread.send(Assignment { work, lease: Arc::clone(lease), thread: thread.clone() });
        drop(thread);
        let shared = Arc::downgrade(&self.0);
        let started = thread::Builder::new().name("postgres".to_owned());
        // Without the thread the work is dropped, and its caller gets an error.
        if let Err(error) = started.spawn(move || serve(&shared, session, &assignments)) {
            log::error!("no thread for a session with PostgreSQL: {error}");
            let mut state = lock(&self.0.state);
            state.busy.retain(|busy| !Arc::ptr_eq(busy, lease));
            lease.end(LeaseState::Done);
        }
    }

    /// Gives up the sessions that have had no answer in time.
    pub(super) fn give_up_overdue(&self) {
        let Some(limit) = self.0.limit else { return };
        let now = Instant::now();
        let mut state = lock(&self.0.state);
        let busy = state.busy.len();
        for lease in std::mem::take(&mut state.busy) {
            if state.lost < MAX_GIVEN_UP && lease.is_overdue(now) && lease.end(LeaseState::GivenUp) {
                state.lost += 1;
            } else {
                state.busy.push(lease);
            }
        }
        let (count, lost) = (busy - state.busy.len(), state.lost);
        drop(state);
        if count > 0 {
            self.0.connections.replace();
            log::warn!(
                "PostgreSQL has not answered for {limit:?}: {count} connection(s) are given up and all are replaced; \
                 {lost} are open without an answer"
            );
        }
    }

    pub(super) fn no_answer(&self) -> DatabaseError {
        DatabaseError::Unavailable(format!("no answer within {:?}", self.0.limit.unwrap_or_default()))
    }
}

/// The thread of a session: works until the session is given up or the database is closed.
fn serve(shared: &Weak<Inner>, mut session: PostgresSession, assignments: &Receiver<Assignment>) {
    while let Ok(Assignment { work, lease, thread }) = assignments.recv() {
        let answer = work(&mut session, &lease);
        session.release();
        if let Some(shared) = shared.upgrade() {
            let mut state = lock(&shared.state);
            if lease.end(LeaseState::Done) {
                state.busy.retain(|busy| !Arc::ptr_eq(busy, &lease));
                state.idle.push(IdleSession { thread, deadline: Arc::clone(&lease.deadline) });
            } else {
                state.lost -= 1;
            }
        }
        answer();
    }
}

pub(super) fn stopping() -> DatabaseError {
    DatabaseError::Unavailable("the server is stopping".to_owned())
}
