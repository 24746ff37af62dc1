//! Why users cannot be read from the database.

use diesel::prelude::*;
use diesel::result::Error;

use crate::conf::SettingsError;
use crate::db::introspection::{columns, tables_with};
use crate::db::schema::django_content_type;
use crate::db::{DatabaseError, DbConnection};

/// Why users cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UserModelError {
    /// The table does not exist yet. `migrate` may make it.
    #[error(transparent)]
    NoTable(SettingsError),
    /// The table does not fit the settings.
    #[error(transparent)]
    Setting(SettingsError),
    /// The database failed.
    #[error(transparent)]
    Query(#[from] Error),
}

impl UserModelError {
    /// A table that does not fit the setting `key`.
    pub(super) fn setting(key: &str, problem: impl Into<String>) -> Self {
        Self::Setting(SettingsError::new(key, problem))
    }
}

/// The same error as an error of a statement, with the same text.
impl From<UserModelError> for Error {
    fn from(error: UserModelError) -> Self {
        match error {
            UserModelError::Query(error) => error,
            UserModelError::NoTable(error) | UserModelError::Setting(error) => Self::QueryBuilderError(error.into()),
        }
    }
}

impl From<UserModelError> for DatabaseError {
    fn from(error: UserModelError) -> Self {
        Error::from(error).into()
    }
}

/// The error about a missing table. `model` is its app label and name, if these name the table.
pub(super) fn missing_table(
    conn: &mut DbConnection,
    table: &str,
    model: Option<(&str, &str)>,
) -> QueryResult<UserModelError> {
    let mut models: Vec<(String, String)> = Vec::new();
    if !columns(conn, "django_content_type")?.is_empty() {
        models = django_content_type::table
            .select((django_content_type::app_label, django_content_type::model))
            .load(conn)?;
    }
    let mut problem = format!("the database has no table {table:?}");
    if model.is_some_and(|(app, name)| models.iter().any(|known| known.0 == app && known.1 == name)) {
        problem.push_str(", but django_content_type has the model; set AUTH_USER_TABLE to the name of its table");
    }
    let candidates: Vec<_> = tables_with(conn, ["password", "last_login"])?
        .iter()
        .map(|table| match models.iter().find(|(app, name)| format!("{app}_{name}") == *table) {
            Some((app, name)) => format!("{table:?} (AUTH_USER_MODEL={app}.{name})"),
            None => format!("{table:?}"),
        })
        .collect();
    if !candidates.is_empty() {
        problem.push_str(&format!(". Tables with passwords: {}", candidates.join(", ")));
    }
    let key = if model.is_none() && table != "auth_user" { "AUTH_USER_TABLE" } else { "AUTH_USER_MODEL" };
    Ok(UserModelError::NoTable(SettingsError::new(key, problem)))
}
