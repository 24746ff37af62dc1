//! `manage flushexpiredtokens`. Python counterpart:
//! `rest_framework_simplejwt.token_blacklist.management.commands.flushexpiredtokens`.

use super::models::{FLUSH_BATCH, OutstandingToken};
use crate::apps::command::{Command, CommandError, Context, in_batches};

/// The commands of this app.
pub(super) fn commands() -> Vec<Command> {
    vec![Command::new(
        "flushexpiredtokens",
        "Flushes any expired tokens in the outstanding token list",
        flushexpiredtokens,
    )]
}

/// Deletes the expired tokens and their blacklist rows, in batches. Each batch is one transaction.
///
/// # Errors
/// Returns an error if the database fails. The earlier batches stay deleted, and a second run continues from there.
fn flushexpiredtokens(context: &Context, _arguments: ()) -> Result<(), CommandError> {
    let mut conn = context.database()?.connection()?;
    // Tokens that expire while this runs are deleted by the next run. Otherwise it might never end.
    let now = context.apps()?.clock().now();
    in_batches(&mut conn, |conn| OutstandingToken::delete_expired_batch(conn, now, FLUSH_BATCH))
}
