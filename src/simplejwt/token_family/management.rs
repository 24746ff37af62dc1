//! `manage flushexpiredfamilies` and `manage logoutall USER`. Python counterpart of the first:
//! `rest_framework_simplejwt.token_family.management.commands.flushexpiredfamilies` of simplejwt's proposal.

use std::thread::sleep;
use std::time::Instant;

use actix_web::rt::System;
use clap::Args;

use super::models::{FamilyToken, TokenFamily};
use crate::apps::command::{Command, CommandError, Context, println};
use crate::contrib::auth::signals::EndOfLogins;
use crate::db::{DatabaseError, DbConnection, transaction};
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

/// `flushexpiredfamilies` takes none.
#[derive(Args, Debug)]
struct NoArguments {}

/// Arguments of `logoutall`.
#[derive(Args, Debug)]
struct LogoutAll {
    /// Username
    username: String,
    /// Delete the user's token of rest_framework.authtoken as well
    #[arg(long)]
    authtoken: bool,
}

/// Deletes the expired families, and what is known about tokens that have expired, in batches of a transaction each.
///
/// # Errors
/// When the database fails; the batches before that stay deleted, and a second run goes on from there.
fn flushexpiredfamilies(context: &Context, _arguments: NoArguments) -> Result<(), CommandError> {
    let now = context.apps()?.clock().now();
    let mut conn = context.database()?.connection()?;
    in_batches(&mut conn, |conn| {
        TokenFamily::delete_expired_batch(conn, now, FLUSH_BATCH).map_err(DatabaseError::from)
    })?;
    in_batches(&mut conn, |conn| FamilyToken::delete_expired_batch(conn, FLUSH_BATCH).map_err(DatabaseError::from))
}

fn in_batches(
    conn: &mut DbConnection,
    delete: impl Fn(&mut DbConnection) -> Result<usize, DatabaseError>,
) -> Result<(), CommandError> {
    loop {
        let begin = Instant::now();
        if transaction(conn, &delete)? == 0 {
            return Ok(());
        }
        // On SQLite, processes that wait for the lock ask for it at intervals. This command pauses as long as it held the
        // lock, so that they get it.
        sleep(begin.elapsed());
    }
}

/// Ends all logins of a user.
///
/// # Errors
/// When there is no such user, or the database fails.
fn logoutall(context: &Context, LogoutAll { username, authtoken }: LogoutAll) -> Result<(), CommandError> {
    let apps = context.apps()?;
    let db = context.database()?;
    let users = apps.auth()?.users();
    let user = users.get_by_natural_key(&mut *db.connection()?, &username).map_err(DatabaseError::from)?;
    let user_id = user.and_then(|user| user.pk());
    let user_id = user_id.ok_or_else(|| CommandError::new(format!("user '{username}' does not exist")))?;
    System::new().block_on(apps.end_searched_logins(user_id))?;
    transaction(&mut *db.connection()?, |conn| apps.end_logins(conn, user_id, EndOfLogins::LoggedOut { authtoken }))?;
    println!("Ended all logins of user '{username}'");
    Ok(())
}
