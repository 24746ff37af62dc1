//! The statements on the table of a model. Python counterpart: `Model.objects`.

use std::sync::Arc;

use diesel::QueryResult;
use diesel::result::Error;

use super::field::Field;
use super::kind::ManyToMany;
use super::model::Model;
use super::row::Row;
use crate::db::DbConnection;
use crate::db::tables::{Statement, Table, TableColumn, Tables};
use crate::db::text_query::{TextRow, quote_name};

/// The largest number of keys in one statement.
pub(in crate::contrib::admin) const KEYS_PER_STATEMENT: usize = 500;

/// The statements on the table of a model. Cheap to clone.
///
/// The columns of the table are read from the database at the first use. Values are bound and names are quoted.
#[derive(Clone, Debug)]
pub struct Manager {
    model: Arc<Model>,
    tables: Arc<Tables>,
}

/// A selection of rows, with their order and limit.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// A part of the table, under the name of the table. Empty for all of it.
    pub part: Statement,
    /// The text after the name of the table in `FROM`: joins.
    pub joins: String,
    /// The condition after `WHERE`. Empty for all rows.
    pub condition: Statement,
    /// The text after `ORDER BY`. Empty for any order.
    pub order_by: String,
    /// The largest number of rows.
    pub limit: Option<u64>,
    /// The number of rows to skip.
    pub offset: u64,
}

impl Selection {
    fn source(&self, table: &Table) -> Statement {
        if self.part.is_empty() { Statement::new(table.quoted.as_str()) } else { self.part.clone() }
    }
}

impl Manager {
    /// The statements on the table of `model`. `tables` is shared by all models.
    #[must_use]
    pub fn new(model: Arc<Model>, tables: Arc<Tables>) -> Self {
        Self { model, tables }
    }

    /// The model whose rows the statements read and write.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The table, with its columns.
    ///
    /// # Errors
    /// Returns the errors of the statement, and one that names the table if it does not exist.
    pub fn table(&self, conn: &mut DbConnection) -> QueryResult<Arc<Table>> {
        self.tables.get(conn, &self.model.table)
    }

    /// The column of the field `name`. `pk` is the primary key.
    ///
    /// # Errors
    /// Returns an error that names the missing table or field.
    pub fn column<'t>(&self, table: &'t Table, name: &str) -> QueryResult<&'t TableColumn> {
        let missing = || Error::QueryBuilderError(format!("{} has no field {name:?}", self.model.label()).into());
        table.column(&self.model.get_field(name).ok_or_else(missing)?.column)
    }

    /// The order of the model by its own columns, then by the key.
    ///
    /// # Errors
    /// Returns an error that names the missing table or field.
    pub fn order_by(&self, table: &Table) -> QueryResult<String> {
        let mut terms = Vec::new();
        for field in &self.model.ordering {
            let (name, descends) = field.strip_prefix('-').map_or((field.as_str(), false), |name| (name, true));
            if self.model.get_field(name).is_some() {
                let column = &self.column(table, name)?.qualified;
                terms.push(format!("{column}{}", if descends { " DESC" } else { "" }));
            }
        }
        terms.push(self.column(table, "pk")?.qualified.clone());
        Ok(terms.join(", "))
    }

    /// The fields that have a column.
    fn stored(&self) -> impl Iterator<Item = &Field> {
        self.model.fields.iter().filter(|field| !field.column.is_empty())
    }

    /// The row with the key `pk`. `None` if there is no such row, or if the column cannot hold the key.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn get(&self, conn: &mut DbConnection, pk: &str) -> QueryResult<Option<Row>> {
        self.get_by(conn, "pk", pk)
    }

    /// The first row whose field has the value `value`. `None` if there is no such row, or if the column cannot hold the value.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn get_by(&self, conn: &mut DbConnection, field: &str, value: &str) -> QueryResult<Option<Row>> {
        Ok(self.filter_by(conn, field, &[value])?.into_iter().next())
    }

    /// The rows whose field has one of `values`, by the primary key. Values that the column cannot hold match nothing.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn filter_by(&self, conn: &mut DbConnection, field: &str, values: &[&str]) -> QueryResult<Vec<Row>> {
        let table = self.table(conn)?;
        let column = self.column(&table, field)?;
        let order_by = self.column(&table, "pk")?.qualified.clone();
        let mut rows = Vec::new();
        for values in values.chunks(KEYS_PER_STATEMENT) {
            if let Some(condition) = one_of(&table, column, values) {
                let selection = Selection { condition, order_by: order_by.clone(), ..Selection::default() };
                rows.extend(self.select(conn, &selection)?);
            }
        }
        Ok(rows)
    }

    /// The rows of `selection`.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn select(&self, conn: &mut DbConnection, selection: &Selection) -> QueryResult<Vec<Row>> {
        let table = self.table(conn)?;
        let mut statement = Statement::new("SELECT ");
        let fields: Vec<(&Field, &TableColumn)> =
            self.stored().map(|field| Ok((field, table.column(&field.column)?))).collect::<QueryResult<_>>()?;
        for (index, (_, column)) in fields.iter().enumerate() {
            statement.push(if index == 0 { "" } else { ", " });
            statement.push(&column.kind.selected(&column.qualified, &column.column));
        }
        statement.push(" FROM ").append(selection.source(&table)).push(&selection.joins);
        if !selection.condition.is_empty() {
            statement.push(" WHERE ").append(selection.condition.clone());
        }
        if !selection.order_by.is_empty() {
            statement.push(" ORDER BY ").push(&selection.order_by);
        }
        if let Some(limit) = selection.limit {
            statement.push(&format!(" LIMIT {limit}"));
        }
        if selection.offset > 0 {
            statement.push(&format!(" OFFSET {}", selection.offset));
        }
        let rows = self.checked(statement.rows(conn))?;
        let read = |TextRow(values): TextRow| {
            let mut row = Row::new(&self.model);
            for ((field, column), value) in fields.iter().zip(values) {
                let value = value.map(|value| column.kind.read(value));
                let places = field.decimal_places.unwrap_or_default();
                row.set(&field.name, value.map(|value| with_places(value, places)));
            }
            row
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Locks the rows with the keys `pks` until the end of the transaction, so that what is read after it cannot change before it
    /// is written: `select_for_update(no_key=True)`. On SQLite the transaction itself is the lock.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn lock(&self, conn: &mut DbConnection, pks: &[&str]) -> QueryResult<()> {
        let table = self.table(conn)?;
        let key = self.column(&table, "pk")?;
        let Some(condition) = one_of(&table, key, pks).filter(|_| table.vendor != "sqlite") else { return Ok(()) };
        let mut statement = Statement::new(format!("SELECT '1' FROM {} WHERE ", table.quoted));
        // In the order of the keys, because transactions that lock in different orders wait for each other. Without the keys
        // themselves, so that other rows can be added that refer to these.
        statement.append(condition).push(&format!(" ORDER BY {} FOR NO KEY UPDATE", key.qualified));
        self.checked(statement.rows(conn)).map(drop)
    }

    /// The number of rows that meet `condition`, or of all rows if it is empty. Stops counting at `limit`.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn count(&self, conn: &mut DbConnection, condition: &Statement, limit: Option<u64>) -> QueryResult<u64> {
        self.count_of(conn, &Selection { condition: condition.clone(), limit, ..Selection::default() })
    }

    /// The number of rows in `selection`. Stops counting at its limit.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn count_of(&self, conn: &mut DbConnection, selection: &Selection) -> QueryResult<u64> {
        let table = self.table(conn)?;
        let mut statement = Statement::new("SELECT CAST(count(*) AS text) FROM ");
        statement.push(if selection.limit.is_some() { "(SELECT 1 FROM " } else { "" });
        statement.append(selection.source(&table)).push(&selection.joins);
        if !selection.condition.is_empty() {
            statement.push(" WHERE ").append(selection.condition.clone());
        }
        if let Some(limit) = selection.limit {
            statement.push(&format!(" LIMIT {limit}) AS counted"));
        }
        let count = self.checked(statement.scalar(conn))?;
        Ok(count.and_then(|count| count.parse().ok()).unwrap_or_default())
    }

    /// Whether a row other than `pk` has the value `value` in the field.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn is_taken(&self, conn: &mut DbConnection, field: &str, value: &str, pk: &str) -> QueryResult<bool> {
        Ok(self.filter_by(conn, field, &[value])?.iter().any(|row| row.pk() != pk))
    }

    /// Inserts `object`, with the values and the many-to-many keys that it has, and sets its primary key. For
    /// [`Database::write`](crate::db::Database::write).
    ///
    /// # Errors
    /// Returns the errors of the statement, such as a unique violation.
    pub fn insert(&self, conn: &mut DbConnection, object: &mut Row) -> QueryResult<()> {
        let table = self.table(conn)?;
        let has_value = |field: &&Field| object.has(&field.name) && !(field.auto && object.get(&field.name).is_none());
        let fields: Vec<&Field> = self.stored().filter(has_value).collect();
        let mut statement = Statement::new("INSERT INTO ");
        statement.push(&table.quoted);
        if fields.is_empty() {
            statement.push(" DEFAULT VALUES");
        } else {
            let names: Vec<_> = fields.iter().map(|field| quote_name(&field.column)).collect();
            statement.push(&format!(" ({}) VALUES (", names.join(", ")));
            for (index, field) in fields.iter().enumerate() {
                statement.push(if index == 0 { "" } else { ", " });
                statement.bind(table.column(&field.column)?, object.get(&field.name), table.vendor);
            }
            statement.push(")");
        }
        let pk = self.column(&table, "pk")?;
        statement.push(" RETURNING ").push(&pk.kind.selected(&pk.quoted, &pk.column));
        let key = self.checked(statement.scalar(conn))?;
        object.set("pk", key.map(|key| pk.kind.read(key)));
        self.save_many(conn, object)
    }

    /// Writes the values and the many-to-many keys that `object` has into the row with the key `pk`. Returns whether there was
    /// such a row.
    ///
    /// # Errors
    /// Returns the errors of the statement, such as a unique violation.
    pub fn update(&self, conn: &mut DbConnection, pk: &str, object: &Row) -> QueryResult<bool> {
        let table = self.table(conn)?;
        let key = self.column(&table, "pk")?;
        let fields: Vec<&Field> = self.stored().filter(|field| object.has(&field.name) && !field.auto).collect();
        let mut statement = Statement::new("UPDATE ");
        statement.push(&table.quoted).push(" SET ");
        for (index, field) in fields.iter().enumerate() {
            statement.push(if index == 0 { "" } else { ", " }).push(&quote_name(&field.column)).push(" = ");
            statement.bind(table.column(&field.column)?, object.get(&field.name), table.vendor);
        }
        statement.push(" WHERE ").push(&key.qualified).push(" = ").bind(key, Some(pk), table.vendor);
        if !fields.is_empty() && self.checked(statement.run(conn))? == 0 {
            return Ok(false);
        }
        self.save_many(conn, object)?;
        Ok(true)
    }

    /// Deletes the rows with the keys `pks`, and their rows in the tables of many-to-many fields. Rows that refer to them must be
    /// deleted by the caller. Returns how many there were.
    ///
    /// # Errors
    /// Returns the errors of the statement, such as a foreign key violation.
    pub fn delete(&self, conn: &mut DbConnection, pks: &[&str]) -> QueryResult<usize> {
        for between in self.model.fields.iter().filter_map(Field::many) {
            let table = self.tables.get(conn, &between.through)?;
            delete_where(conn, &table, table.column(&between.source)?, pks)?;
        }
        let table = self.table(conn)?;
        delete_where(conn, &table, self.column(&table, "pk")?, pks)
    }

    /// The table between this model and another one.
    ///
    /// # Errors
    /// Returns the errors of the statement, and one that names the table if it does not exist.
    pub fn through(&self, conn: &mut DbConnection, between: &ManyToMany) -> QueryResult<Arc<Table>> {
        self.tables.get(conn, &between.through)
    }

    /// The keys of the many-to-many field of the row `pk`, ascending.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn many(&self, conn: &mut DbConnection, between: &ManyToMany, pk: &str) -> QueryResult<Vec<String>> {
        let table = self.tables.get(conn, &between.through)?;
        let (source, target) = (table.column(&between.source)?, table.column(&between.target)?);
        let mut statement = Statement::new("SELECT ");
        statement.push(&target.kind.selected(&target.qualified, &target.column)).push(" FROM ").push(&table.quoted);
        statement.push(" WHERE ").push(&source.qualified).push(" = ").bind(source, Some(pk), table.vendor);
        statement.push(" ORDER BY ").push(&target.qualified);
        let rows = self.checked(statement.rows(conn))?;
        let key = |TextRow(values): TextRow| values.into_iter().next().flatten().map(|key| target.kind.read(key));
        Ok(rows.into_iter().filter_map(key).collect())
    }

    /// Same as [`Manager::many`] for the rows `pks`: pairs of the key of a row and a key of the field.
    ///
    /// # Errors
    /// Returns the errors of the statements.
    pub fn many_of(
        &self,
        conn: &mut DbConnection,
        between: &ManyToMany,
        pks: &[&str],
    ) -> QueryResult<Vec<(String, String)>> {
        let table = self.tables.get(conn, &between.through)?;
        let (source, target) = (table.column(&between.source)?, table.column(&between.target)?);
        let mut pairs = Vec::new();
        for pks in pks.chunks(KEYS_PER_STATEMENT) {
            let Some(condition) = one_of(&table, source, pks) else { continue };
            let mut statement = Statement::new("SELECT ");
            statement.push(&source.kind.selected(&source.qualified, &source.column)).push(", ");
            statement.push(&target.kind.selected(&target.qualified, &target.column)).push(" FROM ").push(&table.quoted);
            let rows = self.checked(statement.push(" WHERE ").append(condition).rows(conn))?;
            let pair = |TextRow(values): TextRow| {
                let mut values = values.into_iter().flatten();
                Some((source.kind.read(values.next()?), target.kind.read(values.next()?)))
            };
            pairs.extend(rows.into_iter().filter_map(pair));
        }
        Ok(pairs)
    }

    /// Reads the keys of all many-to-many fields into `object`.
    ///
    /// # Errors
    /// Returns the errors of the statements.
    pub fn load_many(&self, conn: &mut DbConnection, object: &mut Row) -> QueryResult<()> {
        let pk = object.pk().to_owned();
        for field in &self.model.fields {
            if let Some(between) = field.many() {
                let keys = self.many(conn, between, &pk)?;
                object.set_many(&field.name, keys);
            }
        }
        Ok(())
    }

    /// Adds and removes rows of many-to-many tables, so that they have the keys of `object`: `object.field.set(keys)`.
    fn save_many(&self, conn: &mut DbConnection, object: &Row) -> QueryResult<()> {
        let pk = object.pk();
        for field in self.model.fields.iter().filter(|field| object.has_many(&field.name)) {
            let Some(between) = field.many() else { continue };
            let (before, after) = (self.many(conn, between, pk)?, object.many(&field.name));
            let table = self.tables.get(conn, &between.through)?;
            let (source, target) = (table.column(&between.source)?, table.column(&between.target)?);
            let removed: Vec<&str> = before.iter().filter(|key| !after.contains(key)).map(String::as_str).collect();
            if let Some(condition) = one_of(&table, target, &removed) {
                let mut statement = Statement::new("DELETE FROM ");
                statement.push(&table.quoted).push(" WHERE ").push(&source.qualified).push(" = ");
                statement.bind(source, Some(pk), table.vendor).push(" AND ").append(condition).run(conn)?;
            }
            for key in after.iter().filter(|key| !before.contains(key)) {
                let mut statement = Statement::new("INSERT INTO ");
                statement.push(&table.quoted).push(&format!(" ({}, {}) VALUES (", source.quoted, target.quoted));
                statement.bind(source, Some(pk), table.vendor).push(", ");
                statement.bind(target, Some(key), table.vendor).push(")").run(conn)?;
            }
        }
        Ok(())
    }

    /// The result of a statement. After an error, the columns of the tables are read again at the next use.
    fn checked<T>(&self, outcome: QueryResult<T>) -> QueryResult<T> {
        if let Err(Error::DatabaseError(diesel::result::DatabaseErrorKind::Unknown, _)) = outcome {
            self.tables.clear();
        }
        outcome
    }
}

/// A decimal number with at least this number of digits after the point. SQLite stores `20.00` as 20.
fn with_places(number: String, places: usize) -> String {
    let digits = number.split_once('.').map_or(0, |(_, digits)| digits.len());
    if places <= digits {
        return number;
    }
    let point = if digits == 0 { "." } else { "" };
    format!("{number}{point}{}", "0".repeat(places - digits))
}

/// The condition that `column` has one of `values`. `None` if it can have none of them.
pub fn one_of(table: &Table, column: &TableColumn, values: &[&str]) -> Option<Statement> {
    let values: Vec<String> = values.iter().filter_map(|value| column.kind.parse(value).ok()).collect();
    if values.is_empty() {
        return None;
    }
    let mut condition = Statement::new(format!("{} IN (", column.qualified));
    for (index, value) in values.iter().enumerate() {
        condition.push(if index == 0 { "" } else { ", " }).bind(column, Some(value), table.vendor);
    }
    condition.push(")");
    Some(condition)
}

/// Deletes the rows whose `column` has one of `values`, and returns how many there were.
fn delete_where(conn: &mut DbConnection, table: &Table, column: &TableColumn, values: &[&str]) -> QueryResult<usize> {
    let mut count = 0;
    for values in values.chunks(KEYS_PER_STATEMENT) {
        if let Some(condition) = one_of(table, column, values) {
            let mut statement = Statement::new("DELETE FROM ");
            count += statement.push(&table.quoted).push(" WHERE ").append(condition).run(conn)?;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_number_has_its_places() {
        for (number, places, shown) in
            [("20", 2, "20.00"), ("5.5", 2, "5.50"), ("5.25", 2, "5.25"), ("7", 0, "7"), ("-1", 1, "-1.0")]
        {
            assert_eq!(with_places(number.to_owned(), places), shown);
        }
    }
}
