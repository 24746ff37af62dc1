//! The description of a table in the database. Python counterpart: `connection.introspection`.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Bool, Integer, Nullable, Text};

use super::DbConnection;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Column {
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The type without its length, as `CAST` takes it: `character varying`, `bpchar`, or on SQLite as the table declares it.
    #[diesel(sql_type = Text)]
    pub sql_type: String,
    /// The short name of the type: `varchar`, `int8`, or on SQLite the declared type in lower case.
    #[diesel(sql_type = Text)]
    pub type_name: String,
    /// Whether it may be NULL.
    #[diesel(sql_type = Bool)]
    pub is_nullable: bool,
    /// Whether the database fills it when a row is inserted without it.
    #[diesel(sql_type = Bool)]
    pub has_default: bool,
    /// Whether it is the primary key, or a part of it.
    #[diesel(sql_type = Bool)]
    pub is_primary_key: bool,
    /// Whether no two rows can have the same value in it.
    #[diesel(sql_type = Bool)]
    pub is_unique: bool,
    /// The maximum number of characters.
    #[diesel(sql_type = Nullable<Integer>)]
    pub max_length: Option<i32>,
    /// Whether it contains JSON.
    #[diesel(sql_type = Bool)]
    pub is_json: bool,
}

/// The columns of the table with that name, in their order. Empty if the table does not exist.
///
/// # Errors
/// Returns the errors of the statement.
pub fn columns(conn: &mut DbConnection, table: &str) -> QueryResult<Vec<Column>> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => sql_query(SQLITE).bind::<Text, _>(table).load(conn),
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => sql_query(POSTGRES).bind::<Text, _>(table).load(conn),
    }
}

/// A column that refers to a row of another table.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct ForeignKey {
    /// The column that has the key of the other row.
    #[diesel(sql_type = Text)]
    pub column: String,
    /// The other table.
    #[diesel(sql_type = Text)]
    pub table: String,
}

/// The foreign keys of one column that the table with that name has.
///
/// # Errors
/// Returns the errors of the statement.
pub fn foreign_keys(conn: &mut DbConnection, table: &str) -> QueryResult<Vec<ForeignKey>> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(conn) => {
            let query = "SELECT max(k.\"from\") AS \"column\", max(k.\"table\") AS \"table\" \
                         FROM pragma_foreign_key_list($1) k GROUP BY k.id HAVING count(*) = 1 ORDER BY k.id DESC";
            sql_query(query).bind::<Text, _>(table).load(conn)
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            let query = "SELECT a.attname::text AS \"column\", f.relname::text AS \"table\" FROM pg_catalog.pg_constraint k \
                         JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_class f ON f.oid = k.confrelid \
                         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1] \
                         WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND c.relname = $1 \
                         AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY a.attnum";
            sql_query(query).bind::<Text, _>(table).load(conn)
        }
    }
}

/// The names of the tables that have all of `columns`, sorted.
///
/// # Errors
/// Returns the errors of the statement.
pub fn tables_with(conn: &mut DbConnection, columns: [&str; 2]) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct NameRow {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let query = match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            "SELECT t.name FROM sqlite_master t WHERE t.type = 'table' AND 2 = \
             (SELECT count(*) FROM pragma_table_info(t.name) c WHERE c.name IN ($1, $2)) ORDER BY t.name"
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            "SELECT c.relname::text AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a \
             ON a.attrelid = c.oid WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid) \
             AND NOT a.attisdropped AND a.attname IN ($1, $2) GROUP BY c.relname HAVING count(*) = 2 ORDER BY c.relname"
        }
    };
    let query = sql_query(query).bind::<Text, _>(columns[0]).bind::<Text, _>(columns[1]);
    Ok(query.load::<NameRow>(conn)?.into_iter().map(|table| table.name).collect())
}

/// A column is unique if a unique index has only this column. Django declares a UUID as `char(32)` and a text as `varchar(n)`,
/// and writes a check for JSON.
#[cfg(feature = "sqlite")]
const SQLITE: &str = r#"
SELECT c.name, c.type AS sql_type, lower(c.type) AS type_name, NOT c."notnull" AND NOT c.pk AS is_nullable,
       c.dflt_value IS NOT NULL OR (c.pk AND lower(c.type) = 'integer') AS has_default, c.pk > 0 AS is_primary_key,
       (c.pk AND (SELECT count(*) FROM pragma_table_info(t.name) k WHERE k.pk) = 1)
           OR EXISTS (SELECT 1 FROM pragma_index_list(t.name) l WHERE l."unique" AND NOT l.partial
                      AND (SELECT count(*) = 1 AND max(i.name) = c.name FROM pragma_index_info(l.name) i)) AS is_unique,
       CASE WHEN lower(c.type) LIKE 'varchar(%)' THEN CAST(substr(c.type, 9) AS integer) END AS max_length,
       instr(t.sql, 'JSON_VALID("' || c.name || '")') > 0 AS is_json
FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name = $1 ORDER BY c.cid"#;

/// A column is unique if a unique index of all rows has only this column. A domain has the type that it is based on.
///
/// With -1 `format_type` says `bpchar` for `char(30)`. With NULL it says `character`, which `CAST` takes for `char(1)`: the
/// value would lose all but its first letter.
#[cfg(feature = "postgres")]
const POSTGRES: &str = "
SELECT a.attname::text AS name, pg_catalog.format_type(b.oid, -1) AS sql_type,
       CASE WHEN b.typcategory = 'A' THEN 'array' ELSE b.typname::text END AS type_name, NOT a.attnotnull AS is_nullable,
       a.atthasdef OR a.attidentity <> '' AS has_default,
       EXISTS (SELECT 1 FROM pg_catalog.pg_index i
               WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS is_primary_key,
       EXISTS (SELECT 1 FROM pg_catalog.pg_index i
               WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
               AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) AS is_unique,
       CASE WHEN b.typname IN ('varchar', 'bpchar') AND greatest(a.atttypmod, t.typtypmod) > 4
            THEN greatest(a.atttypmod, t.typtypmod) - 4 END AS max_length,
       b.typname IN ('json', 'jsonb') AS is_json
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
WHERE c.relname = $1 AND c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY a.attnum";
