//! A column of the table, as statements need it.

use super::kind::Kind;
use crate::db::introspection::Column;
use crate::db::text_query::quote_name;

/// A column as statements need it.
pub(super) struct Field {
    pub(super) column: Column,
    pub(super) kind: Kind,
    /// The name of the column in quotes.
    pub(super) quoted: String,
    /// The same with the table in front. SQLite takes a quoted name that stands alone for a text if there is no such column.
    pub(super) qualified: String,
    /// What comes behind a parameter after `CAST(`.
    pub(super) cast: String,
}

impl Field {
    pub(super) fn new(column: Column, table: &str, vendor: &str) -> Self {
        let kind = Kind::of(&column, vendor);
        let quoted = quote_name(&column.name);
        let qualified = format!("{table}.{quoted}");
        Self { kind, quoted, qualified, cast: kind.cast(&column, vendor), column }
    }
}

/// The column of the field `name`: the one with its name, or that of a foreign key.
pub(super) fn find_column(fields: &[Field], name: &str) -> Option<usize> {
    let position = |name: &str| fields.iter().position(|field| field.column.name == name);
    position(name).or_else(|| position(&format!("{name}_id")))
}
