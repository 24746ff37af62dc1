//! A table with its columns. Python counterpart: `connection.introspection.get_table_description`.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use diesel::QueryResult;
use diesel::result::Error;

use super::column::TableColumn;
use crate::db::DbConnection;
use crate::db::introspection::columns;
use crate::db::text_query::quote_name;

/// A table as statements need it.
#[derive(Clone, Debug)]
pub struct Table {
    /// The name in the database.
    pub name: String,
    /// The name in quotes.
    pub quoted: String,
    /// The kind of database: `sqlite` or `postgresql`.
    pub vendor: &'static str,
    /// The columns in their order.
    pub columns: Vec<TableColumn>,
}

impl Table {
    /// Reads the columns of the table `name`.
    ///
    /// # Errors
    /// Returns the errors of the statement, and one that names the table if it does not exist.
    pub fn read(conn: &mut DbConnection, name: &str) -> QueryResult<Self> {
        let (vendor, quoted) = (conn.vendor(), quote_name(name));
        let columns: Vec<_> =
            columns(conn, name)?.into_iter().map(|column| TableColumn::new(column, &quoted, vendor)).collect();
        if columns.is_empty() {
            return Err(Error::QueryBuilderError(format!("there is no table {name:?}").into()));
        }
        Ok(Self { name: name.to_owned(), quoted, vendor, columns })
    }

    /// The column with that name.
    ///
    /// # Errors
    /// Returns an error that names the column if it does not exist.
    pub fn column(&self, name: &str) -> QueryResult<&TableColumn> {
        let column = self.columns.iter().find(|column| column.column.name == name);
        column
            .ok_or_else(|| Error::QueryBuilderError(format!("the table {:?} has no column {name:?}", self.name).into()))
    }
}

/// The tables that were read so far.
#[derive(Debug, Default)]
pub struct Tables(RwLock<HashMap<String, Arc<Table>>>);

impl Tables {
    /// The table `name`, which is read from the database the first time.
    ///
    /// # Errors
    /// Same as [`Table::read`].
    pub fn get(&self, conn: &mut DbConnection, name: &str) -> QueryResult<Arc<Table>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(table) = known {
            return Ok(table);
        }
        let table = Arc::new(Table::read(conn, name)?);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::clone(&table));
        Ok(table)
    }

    /// Forgets all tables. Called after a statement has failed, as when a migration has changed a table meanwhile.
    pub fn clear(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
