//! Runs work that may block on separate threads, and limits how much of it runs at the same time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
#[cfg(feature = "sqlite")]
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::DatabaseError;
use super::callers::Callers;

/// No code can panic while one of these is held, so none is ever poisoned.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Limits how many callers work at the same time. The others wait without occupying a thread.
pub(super) struct Permits {
    #[cfg(feature = "sqlite")]
    total: usize,
    free: Arc<Semaphore>,
    /// How long a caller waits.
    max_wait: Duration,
    /// How many callers may wait.
    limit: usize,
    waiting: Callers,
}

/// The right to work. It ends when dropped.
pub(super) type Permit = OwnedSemaphorePermit;

impl Permits {
    /// `total` callers may work, and `limit` further ones may wait for up to `max_wait`.
    pub(super) fn new(total: usize, limit: usize, max_wait: Duration) -> Self {
        Self {
            #[cfg(feature = "sqlite")]
            total,
            free: Arc::new(Semaphore::new(total)),
            max_wait,
            limit,
            waiting: Callers::default(),
        }
    }

    /// How many callers work or wait.
    #[cfg(feature = "sqlite")]
    pub(super) fn callers(&self) -> usize {
        self.total - self.free.available_permits() + self.waiting.count()
    }

    /// How many callers wait.
    #[cfg(feature = "postgres")]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.count()
    }

    /// A permit, if one is free.
    pub(super) fn try_acquire(&self) -> Option<Permit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// Returns [`DatabaseError::Unavailable`] at once if too many callers wait, and after `max_wait` if no permit
    /// became free.
    pub(super) async fn acquire(&self) -> Result<Permit, DatabaseError> {
        if let Some(permit) = self.try_acquire() {
            return Ok(permit);
        }
        let _caller = self.waiting.enter();
        if self.waiting.count() > self.limit {
            return Err(DatabaseError::Unavailable(format!(
                "{} callers are waiting for a connection already",
                self.limit
            )));
        }
        let permit = timeout(self.max_wait, Arc::clone(&self.free).acquire_owned()).await;
        permit
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| DatabaseError::Unavailable(format!("no connection was free within {:?}", self.max_wait)))
    }
}

/// Runs `f` on a thread that may block.
///
/// # Errors
/// Returns the errors of `f`, and [`DatabaseError`] if `f` panicked or the runtime is stopping.
#[cfg(feature = "sqlite")]
pub(super) async fn on_blocking_thread<T, E, F>(f: F) -> Result<T, E>
where
    F: FnOnce() -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<DatabaseError> + Send + 'static,
{
    spawn_blocking(f).await.unwrap_or_else(|error| {
        Err(match error.try_into_panic() {
            Ok(payload) => DatabaseError::panicked(&*payload),
            Err(_) => DatabaseError::Unavailable("the server is stopping".to_owned()),
        }
        .into())
    })
}
