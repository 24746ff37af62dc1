//! Look-ups on SQLite: those of one turn of the event loop share a read transaction.
//!
//! Most of what a look-up costs is the transaction around it, whose locks are system calls. When many requests come at
//! once, their look-ups wait until each request that is ready has been read from its socket, and then the first one asks
//! for all of them. The transaction begins after the last question, so no answer is older than its question. When few
//! come nobody waits: the look-up runs at once, in a transaction of its own.

use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use diesel::Connection;
use tokio::task::yield_now;

use super::super::lookup::{Outcome, guarded};
use super::super::{DatabaseError, DbConnection, Lookup};
use super::readers::{Readers, lock};

/// So many have to come together for waiting to cost less than it saves.
const MANY: usize = 8;
/// While few come together, one out of so many waits all the same, to see how many there are now.
const PROBE: usize = 512;

/// The look-ups of one thread.
#[derive(Default)]
pub(super) struct Turn(Mutex<State>);

#[derive(Default)]
struct State {
    /// How many came together of late.
    together: usize,
    /// How many have not waited since.
    alone: usize,
    /// Those that wait now, unless it has been closed.
    batch: Option<Arc<Batch>>,
}

impl State {
    /// The mean of before and now, so that a single small batch among large ones changes nothing.
    fn count(&mut self, now: usize) {
        self.together = (self.together + now).div_ceil(2);
    }
}

impl Turn {
    /// Whether the next look-up has to wait for others.
    pub(super) fn is_shared(&self) -> bool {
        let mut state = lock(&self.0);
        let is_shared = state.together >= MANY
            || state.alone.is_multiple_of(PROBE)
            || state.batch.as_ref().is_some_and(|batch| !lock(&batch.0).is_closed);
        state.alone = if is_shared { 1 } else { state.alone + 1 };
        is_shared
    }

    /// The row of `key`, asked for together with those of the other requests that are ready.
    pub(super) async fn ask<L: Lookup>(&self, key: L, readers: &Readers) -> Outcome<L> {
        let question = Arc::new(Question { key, answer: Mutex::default() });
        let batch = self.join(&question);
        batch.closed().await;
        if let Some(count) = batch.ask(readers) {
            lock(&self.0).count(count);
        }
        let answer = lock(&question.answer).take();
        // They could not be asked together: for a lack of what, this will say.
        answer.unwrap_or_else(|| readers.run(|conn| Ok(question.key.find(conn)?)))
    }

    fn join<L: Lookup>(&self, question: &Arc<Question<L>>) -> Arc<Batch> {
        let mut state = lock(&self.0);
        let batch = state.batch.take().filter(|batch| !lock(&batch.0).is_closed).unwrap_or_default();
        lock(&batch.0).questions.push(Arc::<Question<L>>::clone(question));
        state.batch = Some(Arc::clone(&batch));
        batch
    }
}

struct Question<L: Lookup> {
    key: L,
    answer: Mutex<Option<Outcome<L>>>,
}

/// A [`Question`], its type hidden.
trait Ask: Send + Sync {
    fn ask(&self, conn: &mut DbConnection);
}

impl<L: Lookup> Ask for Question<L> {
    fn ask(&self, conn: &mut DbConnection) {
        let answer = guarded(|| self.key.find(conn));
        *lock(&self.answer) = Some(answer);
    }
}

/// Questions that are asked together.
#[derive(Default)]
struct Batch(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    questions: Vec<Arc<dyn Ask>>,
    tasks: Vec<Waker>,
    is_closed: bool,
}

impl Batch {
    /// Waits until every task that is ready has run.
    async fn closed(self: &Arc<Self>) {
        let mut place = None;
        poll_fn(|cx| self.poll_closed(&mut place, cx)).await;
    }

    /// actix-http polls a second time without having been woken, so how often it was polled says nothing.
    fn poll_closed(self: &Arc<Self>, place: &mut Option<usize>, cx: &Context<'_>) -> Poll<()> {
        let mut waiting = lock(&self.0);
        if waiting.is_closed {
            return Poll::Ready(());
        }
        if let Some(place) = *place {
            waiting.tasks[place].clone_from(cx.waker());
            return Poll::Pending;
        }
        *place = Some(waiting.tasks.len());
        waiting.tasks.push(cx.waker().clone());
        let is_first = waiting.tasks.len() == 1;
        drop(waiting);
        if is_first {
            // The runtime wakes what yields after it has looked at the sockets again. Here that closes the batch.
            let closing = Waker::from(Arc::new(Closing(Arc::clone(self))));
            let _ = pin!(yield_now()).poll(&mut Context::from_waker(&closing));
        }
        Poll::Pending
    }

    /// Nobody else comes: those who wait may ask.
    fn close(&self) {
        let tasks = {
            let mut waiting = lock(&self.0);
            waiting.is_closed = true;
            mem::take(&mut waiting.tasks)
        };
        tasks.into_iter().for_each(Waker::wake);
    }

    /// Asks for all; how many there were. `None` when somebody else has done so or nobody can.
    fn ask(&self, readers: &Readers) -> Option<usize> {
        let questions = mem::take(&mut lock(&self.0).questions);
        // Of a request that has gone nobody else has the question.
        let wanted: Vec<_> = questions.iter().filter(|question| Arc::strong_count(question) > 1).collect();
        let ask_all = |conn: &mut DbConnection| {
            wanted.iter().for_each(|question| question.ask(conn));
            Ok::<_, DatabaseError>(())
        };
        let asked = match wanted.len() {
            0 => return None,
            1 => readers.run(ask_all),
            _ => readers.run(|conn| conn.transaction(ask_all)),
        };
        asked.is_ok().then_some(wanted.len())
    }
}

/// Closes a batch when it is woken, since every task that was ready has run then, or dropped: a runtime that ends wakes
/// nobody.
struct Closing(Arc<Batch>);

impl Wake for Closing {
    fn wake(self: Arc<Self>) {
        self.0.close();
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}
