//! `manage changepassword`. Python counterpart: `django.contrib.auth.management.commands.changepassword`.

use clap::Args;
use serde_json::Value;

use super::{prompt, users};
use crate::apps::command::{CommandError, Context, eprintln, println};

/// How often two passwords may differ or be too weak.
const MAX_TRIES: usize = 3;

/// Arguments of `changepassword`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// Username to change password for; by default, it's the current username
    username: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// Returns an error when there is no such user, the passwords differ or are too weak three times, or the database
/// fails.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let username = match arguments.username {
        Some(username) => username,
        None => current_username().ok_or_else(|| CommandError::new("which user? Give the username as argument."))?,
    };
    let database = context.database()?;
    let mut conn = database.connection()?;
    let user = context
        .apps()?
        .auth()?
        .users()
        .get_by_natural_key(&mut conn, &username)?
        .ok_or_else(|| CommandError::new(format!("user '{username}' does not exist")))?;
    let email = user.attribute(context.apps()?.auth()?.users().email_field());
    let email = email.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    println!("Changing password for user '{username}'");
    for _ in 0..MAX_TRIES {
        let password = ask("Password: ")?;
        if ask("Password (again): ")? != password {
            println!("Passwords do not match. Please try again.");
            continue;
        }
        let problems =
            users::password_problems(&password, &username, &email, context.apps()?.auth()?.password_validators());
        if problems.is_empty() {
            users::set_password(context.apps()?, &mut conn, &username, &password)?;
            println!("Password changed successfully for user '{username}'");
            return Ok(());
        }
        eprintln!("{}", problems.join("\n"));
    }
    Err(CommandError::new(format!("Aborting password change for user '{username}' after {MAX_TRIES} attempts")))
}

fn ask(question: &str) -> Result<String, CommandError> {
    let password = prompt::password(question)?;
    if password.is_empty() { Err(CommandError::new("aborted")) } else { Ok(password) }
}

fn current_username() -> Option<String> {
    ["LOGNAME", "USER", "LNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok())
}
