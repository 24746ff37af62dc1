//! Statements on tables whose names are known only when the program runs.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::db::DbConnection;

#[derive(QueryableByName)]
struct ValueRow {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

#[derive(QueryableByName)]
struct GroupRow {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The first column of each row as text.
pub(super) fn texts(conn: &mut DbConnection, column: &str, rest: &str) -> QueryResult<Vec<Option<String>>> {
    let query = format!("SELECT CAST({column} AS TEXT) AS value {rest}");
    Ok(sql_query(query).load::<ValueRow>(conn)?.into_iter().map(|row| row.value).collect())
}

/// How often each text occurs, the most frequent first.
pub(super) fn groups(conn: &mut DbConnection, text: &str, rest: &str) -> QueryResult<Vec<(String, i64)>> {
    let query = format!("SELECT {text} AS value, count(*) AS n {rest} GROUP BY 1 ORDER BY 2 DESC, 1");
    let rows = sql_query(query).load::<GroupRow>(conn)?;
    Ok(rows.into_iter().map(|row| (row.value.unwrap_or_default(), row.n)).collect())
}

/// The number of rows.
pub(super) fn count(conn: &mut DbConnection, rest: &str) -> QueryResult<i64> {
    let query = format!("SELECT NULL AS value, count(*) AS n {rest}");
    Ok(sql_query(query).get_result::<GroupRow>(conn)?.n)
}

/// A name in quotes. Quotes in it are doubled.
pub(super) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in quotes.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
