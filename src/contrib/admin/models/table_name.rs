//! The name of a table of diesel. Python counterpart: `Model._meta.db_table`.

use diesel::query_builder::QueryFragment;
use diesel::{QuerySource, debug_query};

/// The database whose SQL is read below. Any of them works.
#[cfg(feature = "sqlite")]
type AnyBackend = diesel::sqlite::Sqlite;
#[cfg(not(feature = "sqlite"))]
type AnyBackend = diesel::pg::Pg;

/// The `FROM` of a table of diesel.
pub trait TableName: QueryFragment<AnyBackend> {}

impl<F: QueryFragment<AnyBackend>> TableName for F {}

/// The name of a table of diesel. diesel has the name only in the SQL that it writes.
pub(super) fn table_name<T: QuerySource>(table: &T) -> String
where
    T::FromClause: TableName,
{
    let sql = debug_query::<AnyBackend, _>(&table.from_clause()).to_string();
    let name = sql.split(" -- binds").next().unwrap_or_default().trim();
    // With a schema it is `schema`.`name`; the search path of the connection finds the table.
    name.rsplit('.').next().unwrap_or(name).trim_matches(['`', '"']).to_owned()
}
