//! How many wait, or are being served.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A count of callers.
#[derive(Debug, Default)]
pub(super) struct Waiting(AtomicUsize);

/// One caller; counted until dropped.
pub(super) struct Place<'a>(&'a Waiting);

impl Waiting {
    pub(super) fn enter(&self) -> Place<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Place(self)
    }

    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
