//! `manage flushexpiredtokens`. Python counterpart:
//! `rest_framework_simplejwt.token_blacklist.management.commands.flushexpiredtokens`.

use indicatif::{ProgressBar, ProgressStyle};

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
    // Tokens that expire while this runs are deleted by the next run. Otherwise the progress bar would never be full.
    let now = context.apps()?.clock().now();
    let bar = progress_bar(OutstandingToken::count_expired(&mut conn, now)?);
    in_batches(&mut conn, |conn| {
        let deleted = OutstandingToken::delete_expired_batch(conn, now, FLUSH_BATCH)?;
        bar.inc(deleted as u64);
        Ok(deleted)
    })?;
    bar.finish_and_clear();
    Ok(())
}

/// Writes to standard error, and only if that is a terminal.
fn progress_bar(total: i64) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(total).unwrap_or_default());
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} tokens, {eta} left");
    style.map_or(bar.clone(), |style| bar.with_style(style))
}
