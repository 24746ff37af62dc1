//! Deletes many rows while the server answers requests. Python counterpart: none; Django deletes them in one transaction.

use std::time::Instant;

use super::{Database, DatabaseError, DbConnection, try_advisory_lock};

/// After each batch there is a rest of this multiple of the batch's time, because SQLite has only one writer.
const REST: u32 = 9;

/// Calls `delete_batch`, each time in a transaction of its own, until it has no row to delete. Returns the number of deleted rows.
///
/// Stops if another instance is just deleting a batch: it has the `lock`.
///
/// # Errors
/// Returns an error if the database fails. The earlier batches stay deleted.
pub async fn delete_in_batches(
    db: &Database,
    lock: &'static str,
    delete_batch: impl Fn(&mut DbConnection) -> Result<usize, DatabaseError> + Copy + Send + 'static,
) -> Result<usize, DatabaseError> {
    let mut total = 0;
    loop {
        let begin = Instant::now();
        let delete = move |conn: &mut DbConnection| match try_advisory_lock(conn, lock)? {
            true => delete_batch(conn),
            false => Ok(0),
        };
        match db.write(delete).await? {
            0 => return Ok(total),
            deleted => total += deleted,
        }
        tokio::time::sleep(begin.elapsed() * REST).await;
    }
}
