//! The reasons to refuse a login, and the responses to the client.

use crate::contrib::auth::AuthError;
use crate::db::DatabaseError;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::serializers::non_field_error;

const WRONG_CREDENTIALS: &str = "Unable to log in with provided credentials.";

/// Why a login is refused.
#[derive(Debug, thiserror::Error)]
pub enum AuthTokenError {
    /// DRF's `ValidationError` (400) under `NON_FIELD_ERRORS_KEY`: wrong user name or password, or an inactive user.
    #[error("{WRONG_CREDENTIALS}")]
    WrongCredentials {
        /// The value of `NON_FIELD_ERRORS_KEY`.
        key: String,
    },
    /// The password could not be checked.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<AuthTokenError> for ApiError {
    fn from(error: AuthTokenError) -> Self {
        match error {
            AuthTokenError::WrongCredentials { key } => {
                non_field_error(&key, WRONG_CREDENTIALS).because(WRONG_CREDENTIALS)
            }
            AuthTokenError::Auth(error) => error.into(),
            AuthTokenError::Database(error) => error.into(),
        }
    }
}
