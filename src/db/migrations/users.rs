//! The table that foreign keys to users refer to. Python counterpart: `settings.AUTH_USER_MODEL` as the target of a
//! `ForeignKey`, and `swappable`.

use diesel::QueryResult;
use diesel::result::Error;

use super::super::DbConnection;
use super::super::introspection::{Column, columns};
use super::super::text_query::quote_name;
use super::Step;

/// The table of users, unless a project has its own.
const AUTH_USER: &str = "auth_user";

/// The table that foreign keys to users refer to. The default is `auth_user`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserTable {
    name: String,
}

impl Default for UserTable {
    fn default() -> Self {
        Self::new(AUTH_USER)
    }
}

impl UserTable {
    /// The table with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    /// The name in the database.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tables of `step` that the project does not have.
    pub(super) fn left_out(&self, step: &Step) -> &'static [&'static str] {
        if self.name == AUTH_USER { &[] } else { step.swappable }
    }

    /// The name of the table that the project has in place of `table`.
    pub(super) fn in_place_of(&self, table: &'static str) -> &str {
        if table == AUTH_USER { &self.name } else { table }
    }

    /// The SQL of `step` with foreign keys to this table. The type of its primary key is read from the database.
    pub(super) fn sql(&self, step: &Step, text: &str, conn: &mut DbConnection) -> QueryResult<String> {
        if self.name == AUTH_USER || !text.contains(AUTH_USER) {
            return Ok(text.to_owned());
        }
        let names = |statement: &str, tables: &[&str]| tables.iter().any(|t| statement.contains(&format!("\"{t}\"")));
        let statements = text.split_inclusive(";\n").filter(|statement| !names(statement, step.swappable));
        let lines: String = statements
            .flat_map(|statement| statement.split_inclusive('\n'))
            // Names of constraints are made of the names of both tables.
            .filter(|line| !line.contains("_fk_auth_user"))
            .collect();
        if !lines.contains(AUTH_USER) {
            return Ok(lines);
        }
        let key = columns(conn, &self.name)?.into_iter().find(|column| column.is_primary_key);
        let Column { name, sql_type, .. } = key.ok_or_else(|| {
            Error::QueryBuilderError(format!("the table {:?} has no primary key for foreign keys", self.name).into())
        })?;
        Ok(lines
            .replace(
                &format!("\"{AUTH_USER}\" (\"id\")"),
                &format!("{} ({})", quote_name(&self.name), quote_name(&name)),
            )
            .replace("\"user_id\" integer", &format!("\"user_id\" {sql_type}")))
    }
}
