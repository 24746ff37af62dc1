//! The rows that a field can refer to. Python counterpart: the `queryset` of `ModelChoiceField`.

use diesel::QueryResult;

use crate::db::DbConnection;

/// The rows that a field can refer to: keys, and what people see of the rows.
pub trait Choices: Send + Sync {
    /// All rows in their order. `None` if there are more than a page should list; then the key is typed.
    ///
    /// # Errors
    /// Those of the statement.
    fn all(&self, conn: &mut DbConnection) -> QueryResult<Option<Vec<(String, String)>>>;

    /// Those of the rows with `keys` that there are, in any order.
    ///
    /// # Errors
    /// Those of the statement.
    fn find(&self, conn: &mut DbConnection, keys: &[String]) -> QueryResult<Vec<(String, String)>>;

    /// The key that was typed as `text`, in the form of [`Choices::find`]. `None` if no row can have it.
    ///
    /// # Errors
    /// Those of the statement that tells which keys are possible.
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
