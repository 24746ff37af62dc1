//! The rows that a field can refer to. Python counterpart: the `queryset` of `ModelChoiceField`.

use diesel::QueryResult;

use crate::db::DbConnection;

/// The rows that a field can refer to: keys and texts.
pub trait Choices: Send + Sync {
    /// All rows in their order. `None` if there are too many for a page. Then the user types the key.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    fn all(&self, conn: &mut DbConnection) -> QueryResult<Option<Vec<(String, String)>>>;

    /// The existing rows among `keys`, in any order.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    fn find(&self, conn: &mut DbConnection, keys: &[String]) -> QueryResult<Vec<(String, String)>>;

    /// The key that was typed as `text`, in the format of [`Choices::find`]. `None` if no row can have it.
    ///
    /// # Errors
    /// Returns the errors of the statement that finds out which keys are possible.
    fn key(&self, conn: &mut DbConnection, text: &str) -> QueryResult<Option<String>>;
}

/// Choices that are known without the database.
#[derive(Clone, Debug, Default)]
pub struct FixedChoices(pub Vec<(String, String)>);

impl Choices for FixedChoices {
    fn all(&self, _: &mut DbConnection) -> QueryResult<Option<Vec<(String, String)>>> {
        Ok(Some(self.0.clone()))
    }

    fn find(&self, _: &mut DbConnection, keys: &[String]) -> QueryResult<Vec<(String, String)>> {
        Ok(self.0.iter().filter(|(key, _)| keys.contains(key)).cloned().collect())
    }

    fn key(&self, _: &mut DbConnection, text: &str) -> QueryResult<Option<String>> {
        Ok(Some(text.to_owned()))
    }
}
