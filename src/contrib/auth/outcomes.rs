//! Counts the results of logins with a password. Python counterpart: receivers of `user_logged_in` and `user_login_failed`.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counts of this process since they were last taken.
#[derive(Debug, Default)]
pub struct LoginOutcomes {
    succeeded: AtomicU64,
    refused: AtomicU64,
    locked_out: AtomicU64,
}

/// Numbers of logins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginCounts {
    /// The user name and the password were right.
    pub succeeded: u64,
    /// They were wrong, or the user may not log in.
    pub refused: u64,
    /// `LOGIN_FAILURE_LIMIT` or `LOGIN_FAILURE_LIMIT_PER_ADDRESS` was reached before.
    pub locked_out: u64,
}

impl LoginOutcomes {
    pub(super) fn succeed(&self) {
        self.succeeded.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lock_out(&self) {
        self.locked_out.fetch_add(1, Ordering::Relaxed);
    }

    /// The logins since the last call.
    #[must_use]
    pub fn take(&self) -> LoginCounts {
        LoginCounts {
            succeeded: self.succeeded.swap(0, Ordering::Relaxed),
            refused: self.refused.swap(0, Ordering::Relaxed),
            locked_out: self.locked_out.swap(0, Ordering::Relaxed),
        }
    }
}
