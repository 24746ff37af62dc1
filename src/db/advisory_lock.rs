//! One server at a time. Python counterpart: `django-pglocks` and the like.

use diesel::prelude::*;
#[cfg(feature = "postgres")]
use diesel::sql_types::{Bool, Text};

use super::DbConnection;

/// Takes the lock called `name` until the transaction ends, if nobody has it who works on the same tables. Call it inside
/// [`Database::write`](super::Database::write).
///
/// On SQLite the answer is always yes: there is one writing transaction at a time anyway.
///
/// # Errors
/// Those of the database.
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
            struct Answer {
                #[diesel(sql_type = Bool)]
                taken: bool,
            }
            let query = "SELECT pg_try_advisory_xact_lock(hashtext($1), hashtext(current_schema())) AS taken";
            let query = diesel::sql_query(query).bind::<Text, _>(name);
            Ok(query.get_result::<Answer>(conn)?.taken)
        }
    }
}
