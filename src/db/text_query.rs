//! Statements on tables that are known only when the program runs, and updates that run very often. Python counterpart:
//! `connection.cursor().execute`.
//!
//! The SQL is put together from constants and from names that the database itself has reported, each quoted by [`quote_name`]. Values
//! are bound parameters and never part of the SQL. Unlike `diesel::sql_query` and diesel's updates, a [`TextQuery`] is prepared once
//! per connection.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::expression::expression_types::Untyped;
#[cfg(feature = "postgres")]
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::row::{NamedRow, Row};
#[cfg(feature = "postgres")]
use diesel::sql_types::Array;
use diesel::sql_types::{Nullable, Text};
#[cfg(feature = "sqlite")]
use diesel::sqlite::Sqlite;

use super::{DbConnection, with_backend};

/// `name` as an identifier in SQL.
#[must_use]
pub fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A statement that is made of pieces of SQL and of values, each of which is a text, or NULL.
#[derive(Debug, Default)]
pub struct TextQuery<'a> {
    parts: Vec<QueryPart<'a>>,
    is_used_once: bool,
}

#[derive(Debug)]
enum QueryPart<'a> {
    Sql(&'a str),
    Value(Option<&'a str>),
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "only PostgreSQL has arrays"))]
    Values(Vec<&'a str>),
}

impl<'a> TextQuery<'a> {
    /// Continues the statement with `sql`.
    #[must_use]
    pub fn sql(mut self, sql: &'a str) -> Self {
        self.parts.push(QueryPart::Sql(sql));
        self
    }

    /// Continues the statement with a parameter.
    #[must_use]
    pub fn bind(mut self, value: Option<&'a str>) -> Self {
        self.parts.push(QueryPart::Value(value));
        self
    }

    /// Continues the statement with a parameter that is an array. PostgreSQL only.
    #[must_use]
    pub fn bind_array(mut self, values: Vec<&'a str>) -> Self {
        self.parts.push(QueryPart::Values(values));
        self
    }

    /// Does not keep the statement prepared on the connection. For SQL that differs from request to request, such as the SQL of a
    /// list with filters: otherwise each variant would take memory for as long as the connection lives.
    #[must_use]
    pub fn used_once(mut self) -> Self {
        self.is_used_once = true;
        self
    }

    /// The rows. Every column must be a text.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn rows(self, conn: &mut DbConnection) -> QueryResult<Vec<TextRow>> {
        with_backend!(conn, |conn| self.load(conn))
    }

    /// The number of rows that the statement has changed.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn run(self, conn: &mut DbConnection) -> QueryResult<usize> {
        with_backend!(conn, |conn| self.execute(conn))
    }
}

impl QueryId for TextQuery<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for TextQuery<'_> {
    type SqlType = Untyped;
}

impl<Conn> RunQueryDsl<Conn> for TextQuery<'_> {}

#[cfg(feature = "sqlite")]
impl QueryFragment<Sqlite> for TextQuery<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        if self.is_used_once {
            out.unsafe_to_cache_prepared();
        }
        for part in &self.parts {
            match part {
                QueryPart::Sql(sql) => out.push_sql(sql),
                QueryPart::Value(value) => out.push_bind_param::<Nullable<Text>, _>(value)?,
                QueryPart::Values(_) => {
                    return Err(diesel::result::Error::QueryBuilderError("SQLite has no arrays".into()));
                }
            }
        }
        Ok(())
    }
}

#[cfg(feature = "postgres")]
impl QueryFragment<Pg> for TextQuery<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.is_used_once {
            out.unsafe_to_cache_prepared();
        }
        for part in &self.parts {
            match part {
                QueryPart::Sql(sql) => out.push_sql(sql),
                QueryPart::Value(value) => out.push_bind_param::<Nullable<Text>, _>(value)?,
                QueryPart::Values(values) => out.push_bind_param::<Array<Text>, _>(values)?,
            }
        }
        Ok(())
    }
}

/// A row of a [`TextQuery`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRow(pub Vec<Option<String>>);

impl<DB: Backend> QueryableByName<DB> for TextRow
where
    String: FromSql<Text, DB>,
{
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        let value = |index| Row::get_value::<Nullable<Text>, Option<String>, _>(row, index);
        (0..row.field_count()).map(value).collect::<deserialize::Result<_>>().map(Self)
    }
}
