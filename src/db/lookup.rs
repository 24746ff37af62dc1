//! Rows by their key, asked for by many requests at once. The pattern is known as a *data loader*.

use diesel::result::QueryResult;

use super::DbConnection;

/// The question for one row by its key; the value is the key. For [`Database::look_up`](super::Database::look_up).
///
/// What a protected view asks on every request is such a question. Where each visit to the database costs a round trip,
/// those that are asked at the same time share one statement.
pub trait Lookup: Send + Sized + 'static {
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
