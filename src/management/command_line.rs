//! The command line of `manage`. Python counterpart: `django.core.management.ManagementUtility`.

use std::ffi::OsString;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, ColorChoice, value_parser};
use env_logger::WriteStyle;

use super::{runserver, unsupported};
use crate::apps::command::{Command, CommandError, eprintln};
use crate::conf::Environment;

/// Commands with the label of the app that they belong to.
pub(super) type AppCommands = (&'static str, Vec<Command>);

/// The meaning of a command line.
pub(super) enum Invocation<'a> {
    /// Help, or the version.
    Print(String),
    /// A command.
    Command { command: &'a Command, matches: ArgMatches, options: Options },
    /// A command that does not exist.
    Unknown(String),
}

/// The options of every command that are not refused.
pub(super) struct Options {
    pub(super) verbosity: u8,
    style: WriteStyle,
}

impl Options {
    /// Starts the log with the filters of `RUST_LOG`, in colour if an option says so or standard error is a terminal.
    pub(super) fn start_log(&self, env: &Environment) {
        // env_logger reads only the process environment and not `.env`.
        let filters = env.get("RUST_LOG").unwrap_or("info,actix_server=warn");
        // A program that embeds this code may have started its own logger.
        let _ = env_logger::Builder::new().parse_filters(filters).write_style(self.style).try_init();
    }
}

const COMMON_HEADING: &str = "Options of every command";

/// `command` with the options that every command of Django has, unless it has an option of that name itself.
fn with_common_options(command: &clap::Command) -> clap::Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let options = [
        Arg::new("database")
            .long("database")
            .value_name("DATABASE")
            .value_parser(PossibleValuesParser::new(["default"]))
            .help("There is one database, DATABASE_URL, and \"default\" is its name"),
        Arg::new("settings")
            .long("settings")
            .value_name("SETTINGS")
            .help("Refused: settings are in the environment and in .env"),
        Arg::new("pythonpath").long("pythonpath").value_name("PATH").help("Refused: there is no Python here"),
        flag("traceback").help("Accepted: errors have no stack trace"),
        flag("no-color").help("Don't colorize the log"),
        flag("force-color").help("Force colorization of the log"),
        flag("skip-checks").help("Accepted: the checks of every start always run"),
    ];
    let is_new = |option: &Arg| command.get_arguments().all(|own| own.get_long() != option.get_long());
    let options = options.into_iter().filter(is_new).map(|option| option.help_heading(COMMON_HEADING));
    command.clone().args(options.collect::<Vec<_>>())
}

/// The command line.
pub(super) fn manage(groups: &[AppCommands]) -> clap::Command {
    let help_command = clap::Command::new("help").about("Shows the commands, or how to use one").args([
        Arg::new("command").help("The command to describe"),
        Arg::new("commands").long("commands").action(ArgAction::SetTrue).help("Shows the names alone"),
    ]);
    clap::Command::new("manage")
        .color(ColorChoice::Auto)
        .disable_help_subcommand(true)
        .override_help(help(groups))
        .allow_external_subcommands(true)
        .arg(
            Arg::new("verbosity")
                .short('v')
                .long("verbosity")
                .help("Verbosity level; 0=minimal output, 1=normal output, 2=verbose output, 3=very verbose output")
                .global(true)
                .action(ArgAction::Set)
                .value_parser(value_parser!(u8).range(0..=3))
                .default_value("1")
                .help_heading(COMMON_HEADING),
        )
        .subcommands([help_command, clap::Command::new("version").about("Shows the version")])
        .subcommands(all(groups).map(|command| with_common_options(command.clap())))
}

/// Parses the command line. A wrong one ends the process with code 2.
///
/// # Errors
/// Returns an error for an option that has no meaning here.
pub(super) fn parse(groups: &[AppCommands], words: Vec<OsString>) -> Result<Invocation<'_>, CommandError> {
    // As in Django, `--version` works at any position, even if required arguments are missing.
    if words.iter().take_while(|word| *word != "--").any(|word| word == "--version") {
        return Ok(Invocation::Print(env!("CARGO_PKG_VERSION").to_owned()));
    }
    let mut matches = manage(groups).get_matches_from(words);
    let verbosity = matches.get_one("verbosity").copied().unwrap_or(1);
    let (name, matches) =
        matches.remove_subcommand().unwrap_or_else(|| ("runserver".to_owned(), runserver::no_arguments()));
    match name.as_str() {
        "version" => return Ok(Invocation::Print(env!("CARGO_PKG_VERSION").to_owned())),
        "help" if matches.get_flag("commands") => return Ok(Invocation::Print(names(groups).join("\n"))),
        "help" => {
            return match matches.get_one::<String>("command") {
                None => Ok(Invocation::Print(help(groups))),
                Some(name) => Ok(help_of(groups, name)),
            };
        }
        _ => {}
    }
    match all(groups).find(|command| command.name() == name) {
        Some(command) => Ok(Invocation::Command { command, options: options(command, &matches, verbosity)?, matches }),
        None => Ok(Invocation::Unknown(name)),
    }
}

/// Reads the options of every command.
fn options(command: &Command, matches: &ArgMatches, verbosity: u8) -> Result<Options, CommandError> {
    let is_own = |name| command.clap().get_arguments().any(|own| own.get_long() == Some(name));
    for name in ["settings", "pythonpath"] {
        if !is_own(name) && matches.try_contains_id(name).unwrap_or(false) {
            return Err(CommandError::new(format!(
                "--{name} is about Python, and there is none here. Settings are variables of the environment or lines of \
                 .env in the working directory; see docs/SETTINGS.md."
            )));
        }
    }
    let is_on = |name| matches.try_get_one::<bool>(name).ok().flatten().copied().unwrap_or(false);
    let style = match (is_on("no-color"), is_on("force-color")) {
        (false, false) => WriteStyle::Auto,
        (true, false) => WriteStyle::Never,
        (false, true) => WriteStyle::Always,
        (true, true) => {
            return Err(CommandError::new("The --no-color and --force-color options can't be used together."));
        }
    };
    Ok(Options { verbosity, style })
}

fn all(groups: &[AppCommands]) -> impl Iterator<Item = &Command> {
    groups.iter().flat_map(|(_, commands)| commands)
}

/// The names of all commands, sorted.
fn names(groups: &[AppCommands]) -> Vec<&str> {
    let mut names: Vec<_> = all(groups).map(Command::name).collect();
    names.sort_unstable();
    names
}

/// The output of `manage help`: Django's list, with a description of each command.
fn help(groups: &[AppCommands]) -> String {
    let mut text = "\nThe authentication stack of Django REST Framework. `manage` alone is `manage runserver`.\n\
                    Type 'manage help <subcommand>' for help on a specific subcommand.\n\nAvailable subcommands:\n"
        .to_owned();
    for (label, commands) in groups {
        text.push_str(&format!("\n[{label}]\n"));
        let mut commands: Vec<_> = commands.iter().collect();
        commands.sort_by_key(|command| command.name());
        for command in commands {
            let about = command.clap().get_about().map(ToString::to_string).unwrap_or_default();
            text.push_str(&format!("    {:<22}{about}\n", command.name()));
        }
    }
    text.trim_end().to_owned()
}

/// The output of `manage help COMMAND`.
fn help_of<'a>(groups: &[AppCommands], name: &str) -> Invocation<'a> {
    let mut manage = manage(groups);
    manage.build();
    match manage.find_subcommand_mut(name) {
        Some(command) => Invocation::Print(command.render_help().to_string().trim_end().to_owned()),
        None => Invocation::Unknown(name.to_owned()),
    }
}

/// Prints why there is no command `name`. `left_out` has the commands of the apps that are not installed too.
pub(super) fn unknown_command(name: &str, groups: &[AppCommands], left_out: &[AppCommands]) -> CommandError {
    if let Some(text) = unsupported::explanation(name) {
        return CommandError::new(format!("{name} does not apply here. {text}"));
    }
    let has = |(_, commands): &&AppCommands| commands.iter().any(|command| command.name() == name);
    if let Some((label, _)) = left_out.iter().find(has) {
        return CommandError::new(format!("{name} is a command of the app {label:?}, which is not in INSTALLED_APPS."));
    }
    // Commands that do not apply here are suggested too, because they have an explanation.
    let candidates = names(groups).into_iter().chain(unsupported::COMMANDS.iter().map(|(names, _)| names[0]));
    let scored = candidates.map(|known| (strsim::normalized_damerau_levenshtein(name, known), known));
    let nearest = scored.filter(|(score, _)| *score >= 0.6).max_by(|(a, _), (b, _)| a.total_cmp(b));
    let suggestion = nearest.map(|(_, known)| format!(". Did you mean {known}?")).unwrap_or_default();
    eprintln!("Unknown command: '{name}'{suggestion}\nType 'manage help' for usage.");
    CommandError::Exit(1)
}
