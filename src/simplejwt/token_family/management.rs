//! `manage flushexpiredfamilies` and `manage logoutall USER`. Python counterpart of the first:
//! `rest_framework_simplejwt.token_family.management.commands.flushexpiredfamilies` of simplejwt's proposal.

use clap::Args;

use super::models::{FamilyToken, TokenFamily};
use crate::apps::command::{Command, CommandError, Context, in_batches, println};
use crate::db::DatabaseError;
use crate::simplejwt::token_blacklist::models::FLUSH_BATCH;

/// The commands of this app.
pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new(
            "flushexpiredfamilies",
            "Flushes any expired token families. Those without an expiration stay",
            flushexpiredfamilies,
        ),
        Command::new("logoutall", "Ends all logins of a user: token families and refresh tokens", logoutall),
    ]
}

/// Arguments of `logoutall`.
#[derive(Args, Debug)]
struct LogoutAll {
    /// Username
    username: String,
    /// Delete the user's token of rest_framework.authtoken as well
    #[arg(long)]
    authtoken: bool,
}

/// Deletes the expired families, and the rows about expired tokens, in batches. Each batch is one transaction.
///
/// # Errors
/// Returns an error if the database fails. The earlier batches stay deleted, and a second run continues from there.
fn flushexpiredfamilies(context: &Context, _arguments: ()) -> Result<(), CommandError> {
    let now = context.apps()?.clock().now();
    let mut conn = context.database()?.connection()?;
    in_batches(&mut conn, |conn| TokenFamily::delete_expired_batch(conn, now, FLUSH_BATCH))?;
    in_batches(&mut conn, |conn| FamilyToken::delete_expired_batch(conn, FLUSH_BATCH))
}

/// Ends all logins of a user.
///
/// # Errors
/// Returns an error if there is no such user, or the database fails.
fn logoutall(context: &Context, LogoutAll { username, authtoken }: LogoutAll) -> Result<(), CommandError> {
    let apps = context.apps()?;
    let db = context.database()?;
    let users = apps.auth()?.users();
    let user = users.get_by_natural_key(&mut *db.connection()?, &username).map_err(DatabaseError::from)?;
    let user_id = user.and_then(|user| user.pk());
    let user_id = user_id.ok_or_else(|| CommandError::new(format!("user '{username}' does not exist")))?;
    context.block_on(apps.log_out_everywhere(user_id, authtoken))?;
    println!("Ended all logins of user '{username}'");
    Ok(())
}
