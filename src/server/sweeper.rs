//! Deletes expired tokens while the server runs: `TOKEN_SWEEP_INTERVAL`. Python counterpart: a cron job with
//! `flushexpiredtokens`.
//!
//! Without it or that job the tables of the blacklist grow with every login and refresh. Requests stay fast, because they
//! find their rows by index, but the disk fills.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::core::clock::Clock;
use crate::db::{Database, DatabaseError, try_advisory_lock};
use crate::simplejwt::token_blacklist::models::{FLUSH_BATCH, OutstandingToken};
use crate::simplejwt::token_family::models::{FamilyToken, TokenFamily};

/// The lock that lets only one instance sweep at a time.
pub const LOCK: &str = "token_sweep";

/// Sweeps after each `interval`; never ends. A failure is logged, and the next sweep continues. `with_families` says whether
/// token families are swept too.
pub async fn run(database: Database, clock: Clock, interval: Duration, with_families: bool) {
    loop {
        tokio::time::sleep(interval).await;
        if with_families && let Err(error) = sweep_families(&database, clock.now()).await {
            log::warn!("expired token families could not be deleted: {error}");
        }
        match sweep(&database, clock.now()).await {
            Ok(0) => {}
            Ok(deleted) => log::info!("deleted {deleted} expired tokens"),
            Err(error) => log::warn!("expired tokens could not be deleted: {error}"),
        }
    }
}

/// Deletes the tokens that have expired at `now`, a batch per transaction, and returns their number. Stops if another
/// instance is sweeping.
///
/// # Errors
/// Returns an error if the database fails. The batches before that stay deleted.
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

/// Same as [`sweep`], for token families.
///
/// # Errors
/// Returns an error if the database fails. The batches before that stay deleted.
pub async fn sweep_families(database: &Database, now: DateTime<Utc>) -> Result<usize, DatabaseError> {
    let mut total = 0;
    loop {
        let deleted = database.write(move |conn| {
            if !try_advisory_lock(conn, LOCK)? {
                return Ok(0);
            }
            let families = TokenFamily::delete_expired_batch(conn, now, FLUSH_BATCH)?;
            Ok::<_, DatabaseError>(families + FamilyToken::delete_expired_batch(conn, FLUSH_BATCH)?)
        });
        match deleted.await? {
            0 => return Ok(total),
            deleted => total += deleted,
        }
    }
}

/// [`run`], if the settings have an interval.
pub(super) fn start(
    database: &Database,
    clock: &Clock,
    interval: Option<Duration>,
    with_families: bool,
) -> Option<impl Future<Output = ()> + use<>> {
    interval.map(|interval| run(database.clone(), clock.clone(), interval, with_families))
}
