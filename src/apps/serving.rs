//! What an app adds to a server that runs. Python counterpart: none; Django projects use cron jobs and `django-prometheus`.

use chrono::{DateTime, Utc};

use super::Apps;
use crate::db::{DatabaseError, DbConnection};

/// Rows that are not needed any more, which the server deletes with `TOKEN_SWEEP_INTERVAL`. An app adds one to the registry:
/// `registry.push(EXPIRED_TOKENS)`.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// The rows, for the log: `expired tokens`.
    pub rows: &'static str,
    /// Deletes some of the rows that have expired at this time, in the transaction of the caller. Returns their number.
    pub delete_batch: fn(&mut DbConnection, DateTime<Utc>) -> Result<usize, DatabaseError>,
}

/// A number that a server shows at `METRICS_ADDRESS`.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name, without the prefix that all metrics have.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// The current number, read whenever the page is asked for.
    pub value: fn(&Apps) -> usize,
}
