//! Rows by their key, looked up by many requests at the same time. The pattern is known as a *data loader*.

use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::result::QueryResult;

use super::{DatabaseError, DbConnection};

/// A search for one row by its key. The value is the key. For [`Database::look_up`](super::Database::look_up).
///
/// A protected view does such a search at every request. On PostgreSQL simultaneous ones share a statement.
pub trait Lookup: Send + Sync + Sized + 'static {
    /// The row, or the required part of it.
    type Found: Send + 'static;

    /// The row of this key.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    fn find(&self, conn: &mut DbConnection) -> QueryResult<Option<Self::Found>>;

    /// The rows of all `keys`, in their order, by one statement. A key may occur more than once.
    ///
    /// # Errors
    /// Returns the error of the statement. Each key is then looked up separately, so that one failure does not affect
    /// the others.
    fn find_many(keys: &[Self], conn: &mut DbConnection) -> QueryResult<Vec<Option<Self::Found>>>;
}

/// The result of a look-up.
pub(super) type LookupResult<L> = Result<Option<<L as Lookup>::Found>, DatabaseError>;

/// Turns a panic into an error.
pub(super) fn catch_panic<T>(f: impl FnOnce() -> QueryResult<T>) -> Result<T, DatabaseError> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result.map_err(DatabaseError::from),
        Err(payload) => Err(DatabaseError::panicked(&*payload)),
    }
}
