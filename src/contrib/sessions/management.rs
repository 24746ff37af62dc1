//! `manage clearsessions`. Python counterpart: `django.contrib.sessions.management.commands.clearsessions`.

use std::thread::sleep;
use std::time::Instant;

use super::models::SessionRow;
use crate::apps::command::{Command, CommandError, Context};
use crate::db::{DatabaseError, transaction};

/// The commands of this app.
pub(super) fn commands() -> Vec<Command> {
    vec![Command::new("clearsessions", "Deletes the sessions that have expired, for a daily job", clearsessions)]
}

/// `clearsessions` takes none.
#[derive(clap::Args, Debug)]
struct NoArguments {}

/// Sessions that are deleted in one transaction, so that no login waits long.
const BATCH: i64 = 1_000;

/// Deletes the sessions that have expired, in batches of a transaction each.
///
/// # Errors
/// Returns an error if the database fails. The batches before that stay deleted.
fn clearsessions(context: &Context, _arguments: NoArguments) -> Result<(), CommandError> {
    let database = context.database()?;
    let mut conn = database.connection()?;
    let now = context.apps()?.clock().now();
    loop {
        let begin = Instant::now();
        let delete = |conn: &mut _| SessionRow::delete_expired_batch(conn, now, BATCH).map_err(DatabaseError::from);
        if transaction(&mut conn, delete)? == 0 {
            return Ok(());
        }
        // On SQLite, processes that wait for the lock ask for it at intervals. This command pauses as long as it held the
        // lock, so that they get it.
        sleep(begin.elapsed());
    }
}
