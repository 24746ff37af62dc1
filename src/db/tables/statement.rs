//! A statement that is put together piece by piece. Python counterpart: `django.db.models.sql.Query.as_sql`.

use std::fmt;

use diesel::QueryResult;

use super::column::TableColumn;
use crate::db::DbConnection;
use crate::db::text_query::{TextQuery, TextRow};

/// Pieces of SQL and bound values. Unlike a [`TextQuery`] it owns both, so that it can be made in one place and run in another.
#[derive(Clone, Default)]
pub struct Statement(Vec<Piece>);

#[derive(Clone)]
enum Piece {
    Sql(String),
    Value(Option<String>),
}

impl Statement {
    /// A statement that begins with `sql`.
    #[must_use]
    pub fn new(sql: impl Into<String>) -> Self {
        Self(vec![Piece::Sql(sql.into())])
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Continues with `sql`.
    pub fn push(&mut self, sql: &str) -> &mut Self {
        if let Some(Piece::Sql(last)) = self.0.last_mut() {
            last.push_str(sql);
        } else {
            self.0.push(Piece::Sql(sql.to_owned()));
        }
        self
    }

    /// Continues with a parameter that is a text.
    pub fn bind_text(&mut self, value: impl Into<String>) -> &mut Self {
        self.0.push(Piece::Value(Some(value.into())));
        self
    }

    /// Continues with a parameter for `column`. `value` is a text in the format of [`ColumnKind`](super::ColumnKind).
    pub fn bind(&mut self, column: &TableColumn, value: Option<&str>, vendor: &str) -> &mut Self {
        self.push("CAST(");
        self.0.push(Piece::Value(value.map(|value| column.kind.write(value.to_owned(), vendor))));
        self.push(&column.cast)
    }

    /// Continues with the pieces of `other`.
    pub fn append(&mut self, other: Self) -> &mut Self {
        for piece in other.0 {
            match piece {
                Piece::Sql(sql) => {
                    self.push(&sql);
                }
                value @ Piece::Value(_) => self.0.push(value),
            }
        }
        self
    }

    /// The rows. Every column must be a text.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn rows(&self, conn: &mut DbConnection) -> QueryResult<Vec<TextRow>> {
        self.query().rows(conn)
    }

    /// The first column of the first row.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn scalar(&self, conn: &mut DbConnection) -> QueryResult<Option<String>> {
        let first = self.rows(conn)?.into_iter().next();
        Ok(first.and_then(|TextRow(values)| values.into_iter().next()).flatten())
    }

    /// The number of rows that the statement has changed.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn run(&self, conn: &mut DbConnection) -> QueryResult<usize> {
        self.query().run(conn)
    }

    fn query(&self) -> TextQuery<'_> {
        let query = TextQuery::default().used_once();
        self.0.iter().fold(query, |query, piece| match piece {
            Piece::Sql(sql) => query.sql(sql),
            Piece::Value(value) => query.bind(value.as_deref()),
        })
    }
}

impl fmt::Debug for Statement {
    /// Without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Sql(sql) => f.write_str(sql),
            Piece::Value(_) => f.write_str("?"),
        })
    }
}
