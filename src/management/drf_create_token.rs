//! `manage drf_create_token`. Python counterpart: `rest_framework.authtoken.management.commands.drf_create_token`.

use clap::Args;

use super::base::{CommandError, Context};
use crate::authtoken::management::drf_create_token;
use crate::contrib::auth::models::DjangoUsers;

/// Arguments of `drf_create_token`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Whose token
    username: String,
    /// Reset existing User token and create a new one
    #[arg(short, long)]
    reset: bool,
}

/// Runs the command.
///
/// # Errors
/// When there is no such user, or the database fails.
pub fn handle(context: &Context, arguments: &Arguments) -> Result<(), CommandError> {
    let database = context.database()?;
    let mut conn = database.connection()?;
    let now = context.clock.now();
    let text = drf_create_token(&mut conn, &DjangoUsers, &arguments.username, arguments.reset, now)
        .map_err(|error| CommandError::new(error.to_string()))?;
    println!("{text}");
    Ok(())
}
