//! The error of a login.

use super::hashing::QueueFull;
use crate::db::DatabaseError;

/// Why a password could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Too many logins wait for their password to be hashed.
    #[error("the queue of passwords to be hashed is full")]
    Overloaded,
    /// Too many failures; seconds until an attempt is checked again.
    #[error("too many failed logins for this name from this address")]
    LockedOut(u64),
    /// A throttle refused the login; seconds until the next one is accepted, if known.
    #[error("a throttle refused the login")]
    Throttled(Option<u64>),
    /// The throttles could not count the attempt.
    #[error("logins could not be counted: {0}")]
    Uncounted(String),
    /// The hashing thread ended without a result.
    #[error("a password could not be hashed: {0}")]
    Hashing(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<QueueFull> for AuthError {
    fn from(_: QueueFull) -> Self {
        Self::Overloaded
    }
}
