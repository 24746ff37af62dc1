//! `manage createoauth2client`. Python counterpart: `manage createapplication` of django-oauth-toolkit.

use super::settings::{CLIENT_ID_CHARACTERS, is_client_id};
use crate::apps::command::{Command, CommandError, Context, println};
use crate::contrib::auth::settings::AuthSettings;
use crate::core::crypto::{ALPHANUMERIC, random_string};

/// The number of characters of a client's secret. Each has 5.95 bits.
const CLIENT_SECRET_LENGTH: usize = 43;

/// The command of this module.
pub(in crate::simplejwt) fn command() -> Command {
    Command::new(
        "createoauth2client",
        "Prints a new secret for a caller of /o/introspect/ and /o/revoke_token/",
        createoauth2client,
    )
}

/// The arguments of `createoauth2client`.
#[derive(clap::Args, Debug)]
struct CreateOAuth2Client {
    /// The id of the client, such as `gateway`.
    id: String,
}

fn createoauth2client(context: &Context, arguments: CreateOAuth2Client) -> Result<(), CommandError> {
    let id = arguments.id;
    if !is_client_id(&id) {
        return Err(CommandError::new(format!("The id has to be {CLIENT_ID_CHARACTERS}.")));
    }
    let builder = context.builder()?;
    let hashers = builder.registry().settings::<AuthSettings>().password_hashers;
    let secret = random_string(CLIENT_SECRET_LENGTH, ALPHANUMERIC);
    let hashed = hashers.encode(&secret).map_err(|error| CommandError::new(error.to_string()))?;
    context.say(format!(
        "The secret of {id}, which is not shown again: {secret}\nAdd to .env, after a space if there are others:"
    ));
    println!("OAUTH2_CLIENTS='{id}:{hashed}'");
    Ok(())
}
