//! The commands of `manage`. Python counterpart: `django.core.management`.
//!
//! One file per command; [`Command`] is the list of them. A command reads its arguments, works, and prints what Django's
//! command of that name prints.

pub mod adopt;
pub mod base;
pub mod changepassword;
pub mod check;
pub mod createsuperuser;
pub mod development;
pub mod diffsettings;
pub mod drf_create_token;
pub mod flushexpiredtokens;
pub mod migrate;
mod prompt;
pub mod runserver;
pub mod showmigrations;
mod users;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::base::{CommandError, Context};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "manage",
    version,
    about = "The authentication stack of Django REST Framework on actix-web. Without a command: runserver.",
    disable_help_subcommand = true
)]
struct Manage {
    /// Verbosity level; 0=minimal output, 1=normal output, 2=verbose output, 3=very verbose output
    #[arg(short, long, global = true, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=3))]
    verbosity: u8,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Every command there is.
#[derive(Debug, Subcommand)]
#[command(rename_all = "lower")]
pub enum Command {
    /// Starts the server
    Runserver(runserver::Arguments),
    /// Creates the tables, or what is missing of them
    Migrate(migrate::Arguments),
    /// Shows all available migrations
    ShowMigrations(showmigrations::Arguments),
    /// Used to create a superuser
    CreateSuperuser(createsuperuser::Arguments),
    /// Change a user's password
    ChangePassword(changepassword::Arguments),
    /// Flushes any expired tokens in the outstanding token list
    FlushExpiredTokens,
    /// Checks the settings for potential problems
    Check(check::Arguments),
    /// Displays differences between the current settings and the defaults
    DiffSettings(diffsettings::Arguments),
    /// Reports what moving a Django service here would mean; changes nothing
    Adopt(adopt::Arguments),
    /// Create DRF Token for a given user
    #[command(name = "drf_create_token")]
    DrfCreateToken(drf_create_token::Arguments),
}

impl Command {
    fn handle(self, context: &Context) -> Result<(), CommandError> {
        match self {
            Self::Runserver(arguments) => runserver::handle(context, &arguments),
            Self::Migrate(arguments) => migrate::handle(context, &arguments),
            Self::ShowMigrations(arguments) => showmigrations::handle(context, &arguments),
            Self::CreateSuperuser(arguments) => createsuperuser::handle(context, arguments),
            Self::ChangePassword(arguments) => changepassword::handle(context, arguments),
            Self::FlushExpiredTokens => flushexpiredtokens::handle(context),
            Self::Check(arguments) => check::handle(context, &arguments),
            Self::DiffSettings(arguments) => diffsettings::handle(context, &arguments),
            Self::Adopt(arguments) => adopt::handle(context, &arguments),
            Self::DrfCreateToken(arguments) => drf_create_token::handle(context, &arguments),
        }
    }
}

/// Parses the command line, runs the command and turns its outcome into an exit code: 0, 1 for a failure, 2 for a
/// command line that makes no sense.
#[must_use]
pub fn execute_from_command_line() -> ExitCode {
    let manage = Manage::parse();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info,actix_server=warn")).init();
    let command = manage.command.unwrap_or_else(|| Command::Runserver(runserver::Arguments::default()));
    let outcome = Context::load(manage.verbosity).and_then(|context| command.handle(&context));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = error.to_string();
            if !text.is_empty() {
                eprintln!("{text}");
            }
            ExitCode::from(error.exit_code())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_have_their_names_from_python() {
        let manage = Manage::command();
        manage.clone().debug_assert();
        let names: Vec<_> = manage.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(
            names,
            [
                "runserver",
                "migrate",
                "showmigrations",
                "createsuperuser",
                "changepassword",
                "flushexpiredtokens",
                "check",
                "diffsettings",
                "adopt",
                "drf_create_token",
            ]
        );
    }

    #[test]
    fn no_command_is_runserver() {
        assert!(Manage::try_parse_from(["manage"]).unwrap().command.is_none());
        assert!(Manage::try_parse_from(["manage", "runserver", "0:8000"]).is_ok());
        assert!(Manage::try_parse_from(["manage", "migrate", "-v", "0", "--noinput"]).is_ok());
        assert!(Manage::try_parse_from(["manage", "nonsense"]).is_err());
    }
}
