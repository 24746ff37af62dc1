//! One server at a time. Python counterpart: `django-pglocks` and the like.

use diesel::prelude::*;
#[cfg(feature = "postgres")]
use diesel::sql_types::{BigInt, Bool};

use super::DbConnection;

/// Takes the lock `key` until the transaction ends, if nobody on this database has it. Call it inside
/// [`Database::write`](super::Database::write).
///
/// On SQLite the answer is always yes: there is one writing transaction at a time anyway.
///
/// # Errors
/// Those of the database.
pub fn try_advisory_lock(conn: &mut DbConnection, key: i64) -> QueryResult<bool> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let _ = key;
            Ok(true)
        }
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            #[derive(QueryableByName)]
            struct Answer {
                #[diesel(sql_type = Bool)]
                taken: bool,
            }
            let query = diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS taken").bind::<BigInt, _>(key);
            Ok(query.get_result::<Answer>(conn)?.taken)
        }
    }
}
