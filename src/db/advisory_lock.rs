//! Locks between servers. Python counterpart: `django-pglocks` and the like.

use diesel::prelude::*;
#[cfg(feature = "postgres")]
use diesel::sql_types::{Bool, Text};

use super::DbConnection;
#[cfg(feature = "postgres")]
use super::text_query::TextQuery;

/// Takes the lock `name` until the end of the transaction, and waits for it if another transaction on the same tables has it.
///
/// On SQLite there is only one writing transaction at a time.
///
/// # Errors
/// Returns the errors of the database.
pub fn advisory_lock(conn: &mut DbConnection, name: &str) -> QueryResult<()> {
    lock(conn, "SELECT pg_advisory_xact_lock(hashtext(", name)
}

/// Same as [`advisory_lock`], but several transactions may share the lock. It waits only for a transaction that has called
/// [`advisory_lock`]. Do not call both in one transaction: two such transactions would wait for each other.
///
/// # Errors
/// Returns the errors of the database.
pub fn shared_advisory_lock(conn: &mut DbConnection, name: &str) -> QueryResult<()> {
    lock(conn, "SELECT pg_advisory_xact_lock_shared(hashtext(", name)
}

fn lock(conn: &mut DbConnection, select: &str, name: &str) -> QueryResult<()> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let _ = (select, name);
            Ok(())
        }
        // A text query is prepared once, and logins and rotations take a lock.
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            let query = TextQuery::default().sql(select).bind(Some(name)).sql("), hashtext(current_schema()))");
            query.run(conn).map(drop)
        }
    }
}

/// Takes the lock `name` until the end of the transaction and returns `true`, or returns `false` if another server with the
/// same tables has it. Call it inside of [`Database::write`](super::Database::write).
///
/// On SQLite it always returns `true`, because there is only one writing transaction at a time.
///
/// # Errors
/// Returns the errors of the database.
pub fn try_advisory_lock(conn: &mut DbConnection, name: &str) -> QueryResult<bool> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let _ = name;
            Ok(true)
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            #[derive(QueryableByName)]
            struct LockRow {
                #[diesel(sql_type = Bool)]
                taken: bool,
            }
            let query = "SELECT pg_try_advisory_xact_lock(hashtext($1), hashtext(current_schema())) AS taken";
            let query = diesel::sql_query(query).bind::<Text, _>(name);
            Ok(query.get_result::<LockRow>(conn)?.taken)
        }
    }
}
