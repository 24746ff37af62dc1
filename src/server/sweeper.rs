//! Deletes rows that are not needed any more while the server runs: `TOKEN_SWEEP_INTERVAL`. Python counterpart: a cron job with
//! `flushexpiredtokens`.
//!
//! Without it or that job the tables of the blacklist grow with every login and refresh. Requests stay fast, because they
//! find their rows by index, but the disk fills.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::apps::Sweep;
use crate::core::clock::Clock;
use crate::db::{Database, DatabaseError, delete_in_batches};

/// The lock of a batch, so that only one instance at a time deletes.
pub const LOCK: &str = "token_sweep";

/// Does the `sweeps` of the apps after each `interval`; never ends. A failure is logged, and the next time it is tried again.
pub async fn run(database: Database, clock: Clock, interval: Duration, sweeps: Vec<Sweep>) {
    loop {
        tokio::time::sleep(interval).await;
        for rows in &sweeps {
            match sweep(&database, *rows, clock.now()).await {
                Ok(0) => {}
                Ok(deleted) => log::info!("deleted {deleted} {}", rows.rows),
                Err(error) => log::warn!("{} could not be deleted: {error}", rows.rows),
            }
        }
    }
}

/// Deletes the rows that have expired at `now`, a batch per transaction, and returns their number. Stops if another instance is
/// sweeping.
///
/// # Errors
/// Returns an error if the database fails. The batches before that stay deleted.
pub async fn sweep(database: &Database, rows: Sweep, now: DateTime<Utc>) -> Result<usize, DatabaseError> {
    delete_in_batches(database, LOCK, move |conn| (rows.delete_batch)(conn, now)).await
}
