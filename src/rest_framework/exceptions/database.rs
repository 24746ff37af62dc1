//! Responses to failures of the database and of logins.

use actix_web::HttpRequest;

use super::ApiError;
use crate::contrib::auth::{AuthError, AuthState};
use crate::db::DatabaseError;
use crate::http::log_data::RefusalKind;
use crate::rest_framework::app_data::app_data;

/// Seconds after which a client should try again.
const RETRY_AFTER: u64 = 1;

/// The error of an application without tables, or with the tables of an older version.
const MIGRATE: &str =
    "Create the tables: run `manage migrate`, or `apps.migrations().run(apps.database()?)` at the start";

impl ApiError {
    /// The 429 of `LOGIN_FAILURE_LIMIT` if that is set, for the description of a view that checks passwords.
    #[must_use]
    pub fn locked_out(req: &HttpRequest) -> Option<Self> {
        app_data::<AuthState>(req).ok().filter(|auth| auth.limits_failures()).map(|_| Self::throttled(None))
    }
}

impl From<DatabaseError> for ApiError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Unavailable(_) => Self::service_unavailable(error, RETRY_AFTER),
            DatabaseError::Query(_) if error.is_missing_table() => Self::internal(format_args!("{error}. {MIGRATE}")),
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
            AuthError::Overloaded | AuthError::Uncounted(_) => Self::service_unavailable(error, RETRY_AFTER),
            AuthError::Throttled(seconds) => Self::throttled(seconds).because(error).refused(RefusalKind::Throttled),
            AuthError::LockedOut(seconds) => {
                Self::throttled(Some(seconds)).because(error).refused(RefusalKind::LockedOut)
            }
            AuthError::Hashing(_) => Self::internal(error),
            AuthError::Database(error) => error.into(),
        }
    }
}
