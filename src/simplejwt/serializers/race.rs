//! Two requests about one token: one of them wins. What Django's `get_or_create` leaves open.

use std::sync::Arc;

use super::Context;
use crate::db::{DatabaseError, DbConnection, is_foreign_key_violation, is_unique_violation};
use crate::rest_framework::exceptions::ApiError;
use crate::simplejwt::exceptions::TokenError;

/// Runs `work` as one transaction, and once more when somebody else got in between: the second time their rows are there
/// to be seen, and what was a unique violation is `Token is blacklisted`.
///
/// The outer `Err` of `work` rolls back; an inner one is an answer that goes with the commit.
pub(super) async fn decide_race<T: Send + 'static>(
    context: Context,
    work: impl Fn(&Context, &mut DbConnection) -> Result<Result<T, ApiError>, RaceError> + Send + Sync + 'static,
) -> Result<T, ApiError> {
    let work = Arc::new(work);
    let attempt = || {
        let (context, work) = (context.clone(), Arc::clone(&work));
        let db = context.db.clone();
        async move { db.write(move |conn| work(&context, conn)).await }
    };
    let outcome = match attempt().await {
        Err(RaceError::Lost) => attempt().await,
        outcome => outcome,
    };
    match outcome {
        Ok(answer) => answer,
        Err(RaceError::Lost) => Err(TokenError::blacklisted().into()),
        Err(RaceError::Refused(error)) => Err(error),
    }
}

/// Why a transaction of [`decide_race`] was rolled back.
pub(super) enum RaceError {
    /// Another transaction has inserted the row, or deleted the user.
    Lost,
    /// Anything else.
    Refused(ApiError),
}

impl From<DatabaseError> for RaceError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Query(error) if is_unique_violation(&error) || is_foreign_key_violation(&error) => {
                Self::Lost
            }
            error => Self::Refused(error.into()),
        }
    }
}

impl From<TokenError> for RaceError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Database(error) => error.into(),
            error => Self::Refused(error.into()),
        }
    }
}

impl From<ApiError> for RaceError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}
