//! Deletes many rows while the server runs. Python counterpart: none; Django deletes them in one transaction.

use std::thread::sleep;
use std::time::Instant;

use diesel::QueryResult;

use super::CommandError;
use crate::db::{DatabaseError, DbConnection, transaction};

/// Calls `delete_batch`, each time in a transaction of its own, until it returns that it has deleted no row.
///
/// # Errors
/// Returns an error if the database fails. The earlier batches stay deleted, and a second run continues from there.
pub(crate) fn in_batches(
    conn: &mut DbConnection,
    delete_batch: impl Fn(&mut DbConnection) -> QueryResult<usize>,
) -> Result<(), CommandError> {
    loop {
        let begin = Instant::now();
        if transaction(conn, |conn| delete_batch(conn).map_err(DatabaseError::from))? == 0 {
            return Ok(());
        }
        // On SQLite, processes that wait for the lock ask for it at intervals. This command pauses as long as it held the
        // lock, so that they get it.
        sleep(begin.elapsed());
    }
}
