//! The queue of passwords to be hashed. Python counterpart: none; gunicorn's workers hash in the order of the requests.
//!
//! Hashing is slow by design: it takes a tenth of a second of a processor core. Every client has its own line, and the lines are
//! served in turn. So a client that sends a thousand logins delays only its own logins, and the login of another client waits for
//! at most one hash of each client. When the queue is full, the last login of the longest line is refused.
//!
//! A client is an address, or the network of an IPv6 address. Callers without a client, such as commands, share a line.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The queue and its lines. Cheap to clone.
#[derive(Clone)]
pub(super) struct HashingQueue(Arc<Inner>);

struct Inner {
    threads: usize,
    /// How many callers may wait.
    capacity: usize,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    /// The number of turns in use.
    running: usize,
    waiting: usize,
    /// The waiting callers, by client. No line is empty.
    by_client: HashMap<String, VecDeque<Waiting>>,
    /// The clients that wait, in the order in which they are served.
    order: VecDeque<String>,
    last_id: u64,
}

struct Waiting {
    id: u64,
    call: oneshot::Sender<Turn>,
}

/// The queue is full, and no other client has more logins in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct QueueFull;

/// The right to hash on one thread. The next caller is called when it is dropped.
pub(super) struct Turn(Option<Arc<Inner>>);

impl HashingQueue {
    /// A queue for `threads` callers at a time, in which `capacity` further ones may wait.
    pub(super) fn new(threads: usize, capacity: usize) -> Self {
        Self(Arc::new(Inner { threads, capacity, lines: Mutex::default() }))
    }

    /// Callers that hash or wait.
    pub(super) fn pending(&self) -> usize {
        let lines = self.0.lock();
        lines.running + lines.waiting
    }

    /// The largest possible number of them.
    pub(super) fn capacity(&self) -> usize {
        self.0.threads.saturating_add(self.0.capacity)
    }

    /// Whether [`HashingQueue::turn`] would refuse `client` now. It is cheap, so ask before other work is done for the client.
    pub(super) fn is_full_for(&self, client: &str) -> bool {
        let lines = self.0.lock();
        lines.running >= self.0.threads
            && lines.waiting >= self.0.capacity
            && lines.client_with_longer_line(client).is_none()
    }

    /// Waits at the end of the line of `client`.
    ///
    /// # Errors
    /// Returns an error at once if the queue is full. If another client has a longer line, the last caller of that line is
    /// refused instead.
    pub(super) async fn turn(&self, client: &str) -> Result<Turn, QueueFull> {
        let place = match self.0.enter(client)? {
            Admission::Turn(turn) => return Ok(turn),
            Admission::Place(place) => place,
        };
        place.called().await
    }
}

/// What a caller gets: a turn at once, or a place in the line.
enum Admission {
    Turn(Turn),
    Place(QueuePlace),
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        // No code can panic while the lock is held, so the lines are consistent even after a panic.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(self: &Arc<Self>, client: &str) -> Result<Admission, QueueFull> {
        let mut lines = self.lock();
        if lines.running < self.threads {
            lines.running += 1;
            return Ok(Admission::Turn(Turn(Some(Arc::clone(self)))));
        }
        if lines.waiting >= self.capacity {
            let longest = lines.client_with_longer_line(client).ok_or(QueueFull)?;
            lines.refuse_last(&longest);
        }
        let (call, called) = oneshot::channel();
        let id = lines.join(client, call);
        Ok(Admission::Place(QueuePlace { queue: Arc::clone(self), client: client.to_owned(), id, called }))
    }

    /// Passes the turn to the next caller.
    fn next(self: Arc<Self>) {
        loop {
            let mut lines = self.lock();
            let Some(waiting) = lines.take_next() else {
                lines.running -= 1;
                return;
            };
            drop(lines);
            match waiting.call.send(Turn(Some(Arc::clone(&self)))) {
                Ok(()) => return,
                // The caller has just been dropped.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

impl Lines {
    fn length(&self, client: &str) -> usize {
        self.by_client.get(client).map_or(0, VecDeque::len)
    }

    /// The client with the longest line, if that stays longer than the line of `client` with one more in it.
    fn client_with_longer_line(&self, client: &str) -> Option<String> {
        let (longest, line) = self.by_client.iter().max_by_key(|(_, line)| line.len())?;
        (line.len() > self.length(client) + 1).then(|| longest.clone())
    }

    fn join(&mut self, client: &str, call: oneshot::Sender<Turn>) -> u64 {
        self.last_id += 1;
        let waiting = Waiting { id: self.last_id, call };
        match self.by_client.get_mut(client) {
            Some(line) => line.push_back(waiting),
            None => {
                self.by_client.insert(client.to_owned(), VecDeque::from([waiting]));
                self.order.push_back(client.to_owned());
            }
        }
        self.waiting += 1;
        self.last_id
    }

    /// Takes the first caller of the client whose turn it is. A client with more callers is served again after the others.
    fn take_next(&mut self) -> Option<Waiting> {
        let client = self.order.pop_front()?;
        let line = self.by_client.get_mut(&client)?;
        let next = line.pop_front()?;
        if line.is_empty() {
            self.by_client.remove(&client);
        } else {
            self.order.push_back(client);
        }
        self.waiting -= 1;
        Some(next)
    }

    /// The caller is notified by its closed channel.
    fn refuse_last(&mut self, client: &str) {
        if let Some(id) = self.by_client.get(client).and_then(|line| line.back()).map(|last| last.id) {
            self.leave(client, id);
        }
    }

    /// Removes a caller that no longer waits. Does nothing if it is not in the line.
    fn leave(&mut self, client: &str, id: u64) {
        let Some(line) = self.by_client.get_mut(client) else { return };
        let Ok(index) = line.binary_search_by_key(&id, |waiting| waiting.id) else { return };
        line.remove(index);
        self.waiting -= 1;
        if line.is_empty() {
            self.by_client.remove(client);
            self.order.retain(|other| other != client);
        }
    }
}

/// A place in the line of a client. It is free when dropped.
struct QueuePlace {
    queue: Arc<Inner>,
    client: String,
    id: u64,
    called: oneshot::Receiver<Turn>,
}

impl QueuePlace {
    async fn called(mut self) -> Result<Turn, QueueFull> {
        (&mut self.called).await.map_err(|_| QueueFull)
    }
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        self.queue.lock().leave(&self.client, self.id);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;

    use futures_util::FutureExt;

    use super::*;

    type Waiter = Pin<Box<dyn Future<Output = Result<Turn, QueueFull>>>>;

    /// The callers of a queue, in the order in which they came.
    struct Callers {
        queue: HashingQueue,
        waiters: Vec<(String, Waiter)>,
        turns: Vec<Turn>,
        served: Vec<String>,
        refused: Vec<String>,
    }

    impl Callers {
        fn new(threads: usize, capacity: usize) -> Self {
            let queue = HashingQueue::new(threads, capacity);
            Self { queue, waiters: Vec::new(), turns: Vec::new(), served: Vec::new(), refused: Vec::new() }
        }

        /// Callers named `a1`, `a2`, …: the first letter is the client.
        fn come(&mut self, names: &[&str]) {
            for name in names {
                let (queue, client) = (self.queue.clone(), name[..1].to_owned());
                self.waiters.push(((*name).to_owned(), Box::pin(async move { queue.turn(&client).await })));
                self.look();
            }
        }

        fn look(&mut self) {
            for (name, mut waiter) in std::mem::take(&mut self.waiters) {
                match (&mut waiter).now_or_never() {
                    None => self.waiters.push((name, waiter)),
                    Some(Ok(turn)) => {
                        self.turns.push(turn);
                        self.served.push(name);
                    }
                    Some(Err(QueueFull)) => self.refused.push(name),
                }
            }
        }

        /// Ends turns until no login waits, and returns which were served in which order.
        fn served(mut self) -> String {
            while !self.turns.is_empty() {
                self.turns.remove(0);
                self.look();
            }
            assert_eq!((self.queue.pending(), self.queue.0.lock().by_client.len()), (0, 0));
            self.served.join(" ")
        }
    }

    #[test]
    fn clients_are_served_in_turn() {
        let mut callers = Callers::new(1, 10);
        callers.come(&["a1", "a2", "a3", "a4", "b1", "b2", "c1"]);
        assert_eq!(callers.queue.pending(), 7);
        assert_eq!(callers.served(), "a1 a2 b1 c1 a3 b2 a4");
    }

    #[test]
    fn many_logins_of_one_client_delay_only_that_client() {
        let mut callers = Callers::new(2, 4);
        callers.come(&["a1", "a2", "a3", "a4", "a5", "a6", "a7", "b1", "a8", "c1", "b2"]);
        assert!(callers.queue.is_full_for("a"));
        // The first client's own logins are refused first. Then they are refused for others, until no line is longer
        // than the line of the new caller.
        assert_eq!(callers.refused, ["a7", "a6", "a8", "a5", "b2"]);
        assert_eq!(callers.queue.pending(), 6);
        assert_eq!(callers.served(), "a1 a2 a3 b1 c1 a4");
    }

    #[test]
    fn many_clients_share_a_full_queue() {
        let mut callers = Callers::new(1, 2);
        callers.come(&["a1", "b1", "c1", "d1"]);
        assert!(callers.queue.is_full_for("d"));
        assert_eq!(callers.refused, ["d1"]);
        assert_eq!(callers.served(), "a1 b1 c1");
    }

    #[test]
    fn a_queue_without_places_refuses_at_once_and_recovers() {
        let mut callers = Callers::new(1, 0);
        callers.come(&["a1", "b1"]);
        assert_eq!(callers.refused, ["b1"]);
        callers.turns.clear();
        callers.come(&["b2"]);
        assert_eq!(callers.served(), "a1 b2");
    }

    #[test]
    fn a_caller_that_is_dropped_frees_its_place() {
        let mut callers = Callers::new(1, 10);
        callers.come(&["a1", "a2", "b1", "c1"]);
        callers.waiters.retain(|(name, _)| name != "a2");
        assert_eq!(callers.queue.pending(), 3);
        // A caller that is dropped after it was called, but before it knows that, passes its turn on.
        callers.turns.clear();
        callers.waiters.retain(|(name, _)| name != "b1");
        callers.look();
        assert_eq!(callers.served(), "a1 c1");
    }
}
