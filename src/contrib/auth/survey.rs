//! Reads all stored passwords once, to find the kinds of hashes that users have. Python counterpart: none.
//!
//! A server does this in the background, in small batches by primary key with pauses. So the start does not wait for a table of a
//! million users, and no statement is long. Commands do it without pauses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::hashers::{PasswordHashers, StoredPasswords};
use super::models::UserModel;
use crate::db::{Database, DatabaseError, DbConnection};

/// Users that are read by one statement: some milliseconds.
const BATCH: i64 = 1_000;
/// A survey pauses for this multiple of the time of its statements.
const REST: u32 = 9;
/// How long it waits after a failure.
const PAUSE: Duration = Duration::from_secs(60);

/// The stored passwords of all users.
pub(super) fn count(
    conn: &mut DbConnection,
    users: &dyn UserModel,
    hashers: &PasswordHashers,
) -> QueryResult<StoredPasswords> {
    let (mut stored, mut after) = (StoredPasswords::default(), None);
    loop {
        let page = users.stored_passwords(conn, after, BATCH)?;
        page.iter().for_each(|(_, password)| stored.add(hashers, password));
        after = page.last().map(|(key, _)| *key);
        if after.is_none() {
            return Ok(stored);
        }
    }
}

/// Same as [`count`], in the background. Logs the kinds that are more expensive than the preferred hasher.
pub(super) async fn run(db: Database, users: Arc<dyn UserModel>, hashers: PasswordHashers) {
    let (mut stored, mut after) = (StoredPasswords::default(), None);
    loop {
        let begin = Instant::now();
        let model = Arc::clone(&users);
        let page = db.query(move |conn| model.stored_passwords(conn, after, BATCH).map_err(DatabaseError::from)).await;
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                log::warn!("the kinds of stored passwords could not be read, and will be later: {error}");
                sleep(PAUSE).await;
                continue;
            }
        };
        let rest = begin.elapsed() * REST;
        after = page.last().map(|(key, _)| *key);
        if after.is_none() {
            break;
        }
        // The first text of a kind is timed, which takes some tenths of a second.
        let hashers = hashers.clone();
        let counted = spawn_blocking(move || {
            page.iter().for_each(|(_, password)| stored.add(&hashers, password));
            stored
        });
        let Ok(counted) = counted.await else { return };
        stored = counted;
        sleep(rest).await;
    }
    stored.expensive(&hashers).iter().for_each(|kind| log::warn!("{kind}"));
}
