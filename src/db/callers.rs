//! Counts the callers that use the database or wait for it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of callers.
#[derive(Debug, Default)]
pub(super) struct Callers(AtomicUsize);

/// One caller. It is counted until dropped.
pub(super) struct CountedCaller<'a>(&'a Callers);

impl Callers {
    pub(super) fn enter(&self) -> CountedCaller<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        CountedCaller(self)
    }

    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for CountedCaller<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
