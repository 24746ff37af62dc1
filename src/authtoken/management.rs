//! `manage drf_create_token [-r] USERNAME`. Python counterpart:
//! `rest_framework.authtoken.management.commands.drf_create_token`.

use chrono::{DateTime, Utc};

#[cfg(feature = "server")]
use clap::Args;

use super::models::Token;
#[cfg(feature = "server")]
use crate::apps::command::{Command, CommandError, Context, println};
use crate::contrib::auth::models::UserModel;
use crate::db::{DatabaseError, DbConnection, transaction};

/// The commands of this app.
#[cfg(feature = "server")]
pub(super) fn commands() -> Vec<Command> {
    vec![Command::new("drf_create_token", "Create DRF Token for a given user", handle)]
}

/// Arguments of `drf_create_token`.
#[cfg(feature = "server")]
#[derive(Args, Debug)]
struct Arguments {
    /// Username
    username: String,
    /// Reset existing User token and create a new one
    #[arg(short, long)]
    reset: bool,
}

#[cfg(feature = "server")]
fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let apps = context.apps()?;
    let mut conn = context.database()?.connection()?;
    let users = apps.auth()?.users().as_ref();
    let text = drf_create_token(&mut conn, users, &arguments.username, arguments.reset, apps.clock().now())?;
    println!("{text}");
    Ok(())
}

/// The reasons for not making a token. The texts are Python's.
#[derive(Debug, thiserror::Error)]
pub enum CreateTokenError {
    /// No user has that name.
    #[error("Cannot create the Token: user {0} does not exist")]
    UserDoesNotExist(String),
    /// The user is not in a table.
    #[error("Cannot create the Token: user {0} has no primary key")]
    NoKey(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Gets or makes the token of a user; with `reset`, deletes the old one first. Returns the output of the command.
///
/// # Errors
/// Returns an error if the user does not exist or the database fails.
pub fn drf_create_token(
    conn: &mut DbConnection,
    users: &dyn UserModel,
    username: &str,
    reset: bool,
    now: DateTime<Utc>,
) -> Result<String, CreateTokenError> {
    transaction(conn, |conn| {
        let user = users.get_by_natural_key(conn, username).map_err(DatabaseError::from)?;
        let user = user.ok_or_else(|| CreateTokenError::UserDoesNotExist(username.to_owned()))?;
        let user_id = user.pk().ok_or_else(|| CreateTokenError::NoKey(username.to_owned()))?;
        if reset {
            Token::delete_for_user(conn, user_id).map_err(DatabaseError::from)?;
        }
        let token = Token::get_or_create(conn, user_id, now).map_err(DatabaseError::from)?;
        Ok(format!("Generated token {} for user {username}", token.key))
    })
}
