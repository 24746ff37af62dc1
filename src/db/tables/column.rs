//! A column of a table, as statements need it. Python counterpart: `Field.get_attname_column`.

use super::kind::ColumnKind;
use crate::db::introspection::Column;
use crate::db::text_query::quote_name;

/// A column as statements need it.
#[derive(Clone, Debug)]
pub struct TableColumn {
    /// Its description in the database.
    pub column: Column,
    /// The kind of its values.
    pub kind: ColumnKind,
    /// The name of the column in quotes.
    pub quoted: String,
    /// The same with the table in front. SQLite reads a quoted name without a table as a text if the column does not
    /// exist.
    pub qualified: String,
    /// The SQL after a parameter that follows `CAST(`.
    pub cast: String,
}

impl TableColumn {
    /// The column of the table `table`, whose name is quoted, on a database of that vendor.
    #[must_use]
    pub fn new(column: Column, table: &str, vendor: &str) -> Self {
        let kind = ColumnKind::of(&column, vendor);
        let quoted = quote_name(&column.name);
        let qualified = format!("{table}.{quoted}");
        Self { kind, quoted, qualified, cast: kind.cast(&column, vendor), column }
    }
}

/// The column of the field `name`: the column with its name, or the column of a foreign key.
#[must_use]
pub fn find_column(fields: &[TableColumn], name: &str) -> Option<usize> {
    let position = |name: &str| fields.iter().position(|field| field.column.name == name);
    position(name).or_else(|| position(&format!("{name}_id")))
}
