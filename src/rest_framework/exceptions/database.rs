//! What a client reads when the database or the queue of logins fails.

use super::ApiError;
use crate::auth::AuthError;
use crate::db::DatabaseError;

/// Seconds after which a busy or missing service is worth another try.
const RETRY_AFTER: u64 = 1;

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Unavailable(_) => Self::service_unavailable(error, RETRY_AFTER),
            DatabaseError::Query(_) => Self::internal(error),
        }
    }
}

impl From<diesel::result::Error> for ApiError {
    fn from(error: diesel::result::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Overloaded => Self::service_unavailable(error, RETRY_AFTER),
            AuthError::LockedOut(seconds) => Self::throttled(Some(seconds)).because(error),
            AuthError::Hashing(_) => Self::internal(error),
            AuthError::Database(error) => error.into(),
        }
    }
}
