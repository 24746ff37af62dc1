//! `manage clearsessions`. Python counterpart: `django.contrib.sessions.management.commands.clearsessions`.

use super::models::SessionRow;
use crate::apps::command::{Command, CommandError, Context, in_batches};

/// The commands of this app.
pub(super) fn commands() -> Vec<Command> {
    vec![Command::new("clearsessions", "Deletes the sessions that have expired, for a daily job", clearsessions)]
}

/// Sessions that are deleted in one transaction, so that no login waits long.
const BATCH: i64 = 1_000;

/// Deletes the sessions that have expired, in batches of a transaction each.
///
/// # Errors
/// Returns an error if the database fails. The batches before that stay deleted.
fn clearsessions(context: &Context, _arguments: ()) -> Result<(), CommandError> {
    let mut conn = context.database()?.connection()?;
    let now = context.apps()?.clock().now();
    in_batches(&mut conn, |conn| SessionRow::delete_expired_batch(conn, now, BATCH))
}
