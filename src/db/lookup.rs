//! Rows by their key, asked for by many requests at once. The pattern is known as a *data loader*.

use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::result::QueryResult;

use super::{DatabaseError, DbConnection};

/// The question for one row by its key; the value is the key. For [`Database::look_up`](super::Database::look_up).
///
/// What a protected view asks on every request is such a question. Those that are asked at the same time share what a visit
/// to the database costs: on PostgreSQL a statement, on SQLite a read transaction.
pub trait Lookup: Send + Sync + Sized + 'static {
    /// The row, or what of it is asked for.
    type Found: Send + 'static;

    /// The row of this key.
    ///
    /// # Errors
    /// Those of the statement.
    fn find(&self, conn: &mut DbConnection) -> QueryResult<Option<Self::Found>>;

    /// The rows of all `keys`, in their order, by one statement. A key may be there more than once.
    ///
    /// # Errors
    /// Those of the statement; then each key is asked for by itself, so that none spoils the others' answers.
    fn find_many(keys: &[Self], conn: &mut DbConnection) -> QueryResult<Vec<Option<Self::Found>>>;
}

/// The answer to a look-up.
pub(super) type Outcome<L> = Result<Option<<L as Lookup>::Found>, DatabaseError>;

/// A panic in a look-up is the failure of that look-up and of no other.
pub(super) fn guarded<T>(f: impl FnOnce() -> QueryResult<T>) -> Result<T, DatabaseError> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result.map_err(DatabaseError::from),
        Err(payload) => Err(DatabaseError::panicked(&*payload)),
    }
}
