//! The commands of `manage`. Python counterpart: `django.core.management`.
//!
//! The commands in here belong to no app. The others come with their apps, by
//! [`AppConfig::commands`](crate::apps::AppConfig::commands).

mod adopt;
mod check;
mod development;
mod diffsettings;
mod migrate;
mod runserver;
mod showmigrations;

use std::process::ExitCode;

use clap::{Arg, ArgAction, value_parser};

use crate::apps::Project;
use crate::apps::command::{Command, CommandError, Context};
use crate::conf::Environment;

/// The commands of every project, and those of its installed apps.
fn commands<P: Project>(project: &P) -> Vec<Command> {
    let mut commands = vec![
        Command::new("runserver", "Starts the server", runserver::handle),
        Command::new("migrate", "Creates the tables, or what is missing of them", migrate::handle),
        Command::new("showmigrations", "Shows all available migrations", showmigrations::handle),
        Command::new("check", "Checks the settings for potential problems", check::handle),
        Command::new("adopt", "Reports what moving a Django service here would mean; changes nothing", adopt::handle),
    ];
    let settings = project.settings();
    commands.push(Command::new(
        "diffsettings",
        "Displays differences between the current settings and the defaults",
        move |context, arguments| diffsettings::handle(context, &settings, &arguments),
    ));
    commands.extend(project.installed_apps().iter().flat_map(|app| app.commands()));
    commands
}

/// The command line.
fn manage(commands: &[Command]) -> clap::Command {
    clap::Command::new("manage")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The authentication stack of Django REST Framework on actix-web. Without a command: runserver.")
        .disable_help_subcommand(true)
        .arg(
            Arg::new("verbosity")
                .short('v')
                .long("verbosity")
                .help("Verbosity level; 0=minimal output, 1=normal output, 2=verbose output, 3=very verbose output")
                .global(true)
                .action(ArgAction::Set)
                .value_parser(value_parser!(u8).range(0..=3))
                .default_value("1"),
        )
        .subcommands(commands.iter().map(|command| command.clap().clone()))
}

/// Parses the command line of the project `P`, runs the command and turns its outcome into an exit code: 0, 1 for a
/// failure, 2 for a wrong command line.
#[must_use]
pub fn execute_from_command_line<P: Project>() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("info,actix_server=warn")).init();
    match execute::<P>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = error.to_string();
            if !text.is_empty() {
                eprintln!("{text}");
            }
            ExitCode::FAILURE
        }
    }
}

fn execute<P: Project>() -> Result<(), CommandError> {
    let env = Environment::load();
    // `--help` must work even if the settings do not.
    let project = env.clone().and_then(|env| P::from_env(&env));
    let commands = match &project {
        Ok(project) => commands(project),
        Err(_) => commands(&P::default()),
    };
    let mut matches = manage(&commands).get_matches();
    let verbosity = matches.get_one("verbosity").copied().unwrap_or(1);
    let (name, matches) =
        matches.remove_subcommand().unwrap_or_else(|| ("runserver".to_owned(), runserver::no_arguments()));
    project?;
    let context = Context::new::<P>(env?, verbosity);
    let command = commands.iter().find(|command| command.name() == name);
    command.ok_or_else(|| CommandError::new(format!("Unknown command: '{name}'")))?.run(&context, &matches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    #[test]
    fn the_commands_have_their_names_from_python() {
        let commands = commands(&Settings::default());
        manage(&commands).debug_assert();
        let names: Vec<_> = commands.iter().map(Command::name).collect();
        assert_eq!(
            names,
            [
                "runserver",
                "migrate",
                "showmigrations",
                "check",
                "adopt",
                "diffsettings",
                "createsuperuser",
                "changepassword",
                "drf_create_token",
                "flushexpiredtokens",
            ]
        );
    }

    #[test]
    fn the_command_is_optional() {
        let commands = commands(&Settings::default());
        let parse = |words: &[&str]| manage(&commands).try_get_matches_from([&["manage"], words].concat());
        assert!(parse(&[]).unwrap().subcommand_name().is_none());
        assert!(parse(&["runserver", "0:8000"]).is_ok());
        assert!(parse(&["migrate", "-v", "0", "--noinput"]).is_ok());
        assert!(parse(&["nonsense"]).is_err());
    }
}
