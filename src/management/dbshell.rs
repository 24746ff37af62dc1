//! `manage dbshell`. Python counterpart: `django.core.management.commands.dbshell`.

use std::io::ErrorKind;
use std::process::Command;

use clap::Args;

use crate::apps::command::{CommandError, Context};
use crate::db::{DatabaseSettings, DatabaseUrl};

/// Arguments of `dbshell`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Parameters of the client, after --
    parameters: Vec<String>,
}

/// Runs `psql` or `sqlite3` in place of this program.
///
/// # Errors
/// Returns an error if the client is not installed, or ends with an error.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let mut client = client(&context.builder()?.registry().settings::<DatabaseSettings>().url);
    client.args(&arguments.parameters);
    let name = client.get_program().to_string_lossy().into_owned();
    // Only the client reacts to Ctrl-C.
    #[cfg(unix)]
    let error = std::os::unix::process::CommandExt::exec(&mut client);
    #[cfg(not(unix))]
    let error = match client.status() {
        Ok(status) if status.success() => return Ok(()),
        Ok(_) => return Err(CommandError::Exit(1)),
        Err(error) => error,
    };
    Err(CommandError::new(match error.kind() {
        ErrorKind::NotFound => format!("You appear not to have the '{name}' program installed or on your path."),
        _ => format!("{name}: {error}"),
    }))
}

/// The client of the database. The arguments of a process can be read by everyone, so a password is passed in the environment.
fn client(url: &DatabaseUrl) -> Command {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let mut client = Command::new("sqlite3");
            client.arg(path);
            client
        }
        DatabaseUrl::Postgres(url) => {
            let mut client = Command::new("psql");
            let mut shown = Vec::new();
            for (name, value) in url.parameters() {
                let value = value.expose();
                match name {
                    "password" => drop(client.env("PGPASSWORD", value)),
                    // libpq has no variable for it, so psql asks.
                    "sslpassword" => {}
                    _ => shown.push(format!("{name}='{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))),
                }
            }
            client.arg(format!("--dbname={}", shown.join(" ")));
            client
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_no_argument() {
        let url = "postgres://ann:hun%27ter2@db:5433/my%20shop?application_name=it%27s&sslpassword=hunter2";
        let client = client(&DatabaseUrl::parse(url).unwrap());
        let arguments: Vec<_> = client.get_args().collect();
        assert_eq!(arguments, [r"--dbname=host='db' port='5433' user='ann' dbname='my shop' application_name='it\'s'"]);
        let env: Vec<_> = client.get_envs().collect();
        assert_eq!(env, [("PGPASSWORD".as_ref(), Some("hun'ter2".as_ref()))]);
    }
}
