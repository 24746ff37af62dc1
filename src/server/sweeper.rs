//! Deletes expired tokens while the server runs: `TOKEN_SWEEP_INTERVAL`. Python counterpart: a cron job with
//! `flushexpiredtokens`, whose work it does.
//!
//! Without it, or that job, the tables of the blacklist grow with every login and refresh. Requests stay as quick, since
//! they find their rows by index; the disk is what fills.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::core::clock::Clock;
use crate::db::{Database, DatabaseError, try_advisory_lock};
use crate::simplejwt::token_blacklist::models::{FLUSH_BATCH, OutstandingToken};

/// The lock by which one instance at a time sweeps.
pub const LOCK: &str = "token_sweep";

/// Sweeps each `interval`, the first time after one; never ends. A failure is logged, and the next time goes on from
/// where that one stopped.
pub async fn run(database: Database, clock: Clock, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        match sweep(&database, clock.now()).await {
            Ok(0) => {}
            Ok(deleted) => log::info!("deleted {deleted} expired tokens"),
            Err(error) => log::warn!("expired tokens could not be deleted: {error}"),
        }
    }
}

/// Deletes what has expired at `now`, in batches of a transaction each, and returns how many tokens that were. Stops
/// when another instance is doing the same.
///
/// # Errors
/// When the database fails; the batches before that stay deleted.
pub async fn sweep(database: &Database, now: DateTime<Utc>) -> Result<usize, DatabaseError> {
    let mut total = 0;
    loop {
        let deleted = database.write(move |conn| {
            if !try_advisory_lock(conn, LOCK)? {
                return Ok(0);
            }
            OutstandingToken::delete_expired_batch(conn, now, FLUSH_BATCH).map_err(DatabaseError::from)
        });
        match deleted.await? {
            0 => return Ok(total),
            deleted => total += deleted,
        }
    }
}

/// [`run`], if the settings ask for it.
pub(super) fn start(
    database: &Database,
    clock: &Clock,
    interval: Option<Duration>,
) -> Option<impl Future<Output = ()> + use<>> {
    interval.map(|interval| run(database.clone(), clock.clone(), interval))
}
