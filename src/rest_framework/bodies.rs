//! The memory of all bodies that are being read. Python counterpart: none; a worker of gunicorn reads one body at a time.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::exceptions::ApiError;

/// So much of each body is not counted, in bytes. Otherwise slow clients with large bodies could keep others from logging in,
/// whose bodies are small.
pub(super) const UNCOUNTED: usize = 8 * 1024;

/// Seconds after which a client may try again.
const RETRY_AFTER: u64 = 1;

/// The maximum size of all bodies together: `DATA_UPLOAD_MAX_MEMORY_TOTAL`.
#[derive(Debug)]
pub struct BodyBudget {
    limit: usize,
    taken: AtomicUsize,
}

/// The memory of one body. It is released when dropped.
#[derive(Debug)]
pub(super) struct Share<'a> {
    budget: &'a BodyBudget,
    taken: usize,
}

impl BodyBudget {
    /// A budget of `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, taken: AtomicUsize::new(0) }
    }

    /// The share of a body that was not read yet.
    pub(super) fn share(&self) -> Share<'_> {
        Share { budget: self, taken: 0 }
    }
}

impl Share<'_> {
    /// The body has this number of bytes now.
    ///
    /// # Errors
    /// 503 if that is more than the budget has left.
    pub(super) fn grow_to(&mut self, length: usize) -> Result<(), ApiError> {
        let more = length.saturating_sub(UNCOUNTED).saturating_sub(self.taken);
        if more == 0 {
            return Ok(());
        }
        self.taken += more;
        let before = self.budget.taken.fetch_add(more, Ordering::Relaxed);
        if before.saturating_add(more) <= self.budget.limit {
            return Ok(());
        }
        let limit = self.budget.limit;
        let reason =
            format_args!("the bodies of all requests would exceed {limit} bytes, DATA_UPLOAD_MAX_MEMORY_TOTAL");
        // The rest of the body is not read.
        Err(ApiError::service_unavailable(reason, RETRY_AFTER).closing())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(self.taken, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_share_a_budget_and_give_it_back() {
        let budget = BodyBudget::new(1_000);
        let (mut first, mut second) = (budget.share(), budget.share());
        first.grow_to(UNCOUNTED + 600).unwrap();
        second.grow_to(UNCOUNTED).unwrap();
        second.grow_to(UNCOUNTED + 400).unwrap();
        assert_eq!(second.grow_to(UNCOUNTED + 401).unwrap_err().status(), 503);
        drop(second);
        first.grow_to(UNCOUNTED + 1_000).unwrap();
        // The beginning of a body is always read.
        budget.share().grow_to(UNCOUNTED).unwrap();
        assert_eq!(budget.share().grow_to(UNCOUNTED + 1).unwrap_err().status(), 503);
        drop(first);
        assert_eq!(budget.taken.load(Ordering::Relaxed), 0);
    }
}
