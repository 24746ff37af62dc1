//! The commands of `manage`. Python counterpart: `django.core.management`.
//!
//! The commands in this module belong to no app. The others come from their apps, by
//! [`AppConfig::commands`](crate::apps::AppConfig::commands).

mod adopt;
mod check;
mod command_line;
mod dbshell;
mod development;
mod diffsettings;
mod migrate;
mod runserver;
mod showmigrations;
mod sqlmigrate;
mod unsupported;

use std::ffi::OsString;
use std::process::ExitCode;

use self::command_line::{AppCommands, Invocation};
use crate::apps::Project;
use crate::apps::command::{Command, CommandError, Context, println};
use crate::conf::{Environment, Setting, SettingsError};

/// The commands of every project, and those of its installed apps.
fn commands<P: Project>(project: &P) -> Vec<AppCommands> {
    let settings = settings_of(project);
    let core = vec![
        Command::new("runserver", "Starts the server", runserver::handle),
        Command::new("migrate", "Creates the tables, or what is missing of them", migrate::handle),
        Command::new("sqlmigrate", "Prints the SQL statements for the named migration", sqlmigrate::handle),
        Command::new("dbshell", "Runs the command-line client of the database", dbshell::handle),
        Command::new("showmigrations", "Shows all available migrations", showmigrations::handle),
        Command::new("check", "Checks the settings for potential problems", check::handle),
        Command::new(
            "diffsettings",
            "Displays differences between the current settings and the defaults",
            move |context, arguments| diffsettings::handle(context, &settings, &arguments),
        ),
        Command::new("adopt", "Reports what moving a Django service here would mean; changes nothing", adopt::handle),
    ];
    let apps = project.installed_apps();
    let mut groups = vec![("django", core)];
    groups.extend(apps.iter().map(|app| (app.label(), app.commands())).filter(|(_, commands)| !commands.is_empty()));
    groups.sort_by_key(|(label, _)| *label);
    groups
}

/// The settings that `manage diffsettings` lists: those of the project and of its installed apps.
#[must_use]
pub fn settings_of(project: &impl Project) -> Vec<Setting> {
    let apps = project.installed_apps();
    let is_installed = |name: &&str| apps.iter().any(|app| app.name() == *name);
    project.settings().into_iter().filter(|setting| setting.apps.iter().all(is_installed)).collect()
}

/// Parses the command line of the project `P`, runs the command and turns its outcome into an exit code: 0, 1 for a
/// failure, 2 for a wrong command line.
#[must_use]
pub fn execute_from_command_line<P: Project + Default>() -> ExitCode {
    execute::<P>(std::env::args_os().collect(), Environment::load())
        .map_or_else(|error| error.report(), |()| ExitCode::SUCCESS)
}

fn execute<P: Project + Default>(
    words: Vec<OsString>,
    env: Result<Environment, SettingsError>,
) -> Result<(), CommandError> {
    // `--help` must work even if the settings do not.
    let project = env.clone().and_then(|env| P::from_env(&env));
    let groups = match &project {
        Ok(project) => commands(project),
        Err(_) => commands(&P::default()),
    };
    match command_line::parse(&groups, words)? {
        Invocation::Print(text) => {
            println!("{text}");
            Ok(())
        }
        Invocation::Command { command, matches, options } => {
            let env = env?;
            options.start_log(&env);
            let builder = project?.builder();
            let context = Context::new::<P>(env, options.verbosity);
            // `check` reports them itself.
            if command.name() != "check" {
                context.doubtful_names(builder.registry()).iter().for_each(|doubt| log::warn!("{doubt}"));
            }
            command.run(&context.with_builder(builder), &matches)
        }
        Invocation::Unknown(name) => {
            let left_out = commands(&P::default());
            Err(command_line::unknown_command(&name, &groups, &left_out))
        }
    }
}

#[cfg(test)]
mod tests;
