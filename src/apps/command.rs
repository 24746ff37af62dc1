//! Commands of `manage`. Python counterpart: `django.core.management.base`.
//!
//! An app lists its commands in [`AppConfig::commands`](super::AppConfig::commands); those that belong to no app are in
//! [`management`](crate::management).

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::process::ExitCode;

use actix_web::web::ServiceConfig;
use clap::{ArgMatches, Args};

use super::{Apps, AppsBuilder, Project};
use crate::conf::{Environment, Setting, SettingsError};
use crate::core::crypto::{ALPHANUMERIC, random_string};
use crate::db::Database;
use crate::db::migrations::{LOGIN_FAILURES, unapplied_warning};

/// As the standard one, and does not panic if the reader has gone, as in `manage check --deploy | head -1`. The command goes on,
/// so that `migrate` is not interrupted, and its exit code is the same.
macro_rules! println {
    ($($argument:tt)*) => {{
        use std::io::Write;
        let _ = std::writeln!(std::io::stdout(), $($argument)*);
    }};
}
pub(crate) use println;

/// As [`println`], for standard error.
macro_rules! eprintln {
    ($($argument:tt)*) => {{
        use std::io::Write;
        let _ = std::writeln!(std::io::stderr(), $($argument)*);
    }};
}
pub(crate) use eprintln;

type Handle = Box<dyn Fn(&Context, &ArgMatches) -> Result<(), CommandError>>;

/// A command: its name, its arguments and what it does. Python counterpart: `BaseCommand`.
pub struct Command {
    clap: clap::Command,
    handle: Handle,
}

impl Command {
    /// A command whose arguments are `A`. `help` is one line.
    pub fn new<A: Args>(
        name: &'static str,
        help: &'static str,
        handle: impl Fn(&Context, A) -> Result<(), CommandError> + 'static,
    ) -> Self {
        // After the arguments, whose type has a comment of its own.
        let clap = A::augment_args(clap::Command::new(name)).about(help).long_about(None);
        let handle = move |context: &Context, matches: &ArgMatches| match A::from_arg_matches(matches) {
            Ok(arguments) => handle(context, arguments),
            Err(error) => error.exit(),
        };
        Self { clap, handle: Box::new(handle) }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.clap.get_name()
    }

    /// The command line.
    #[must_use]
    pub fn clap(&self) -> &clap::Command {
        &self.clap
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Returns the error of the command.
    pub fn run(&self, context: &Context, matches: &ArgMatches) -> Result<(), CommandError> {
        (self.handle)(context, matches)
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({})", self.name())
    }
}

/// The error of a command. It is printed to standard error.
#[derive(Debug, PartialEq, Eq)]
pub enum CommandError {
    /// A failure with its text. The exit code is 1.
    Failed(String),
    /// The exit code of a failure whose text has been printed already.
    Exit(u8),
    /// `check` found problems; the text has several lines.
    SystemCheck(String),
}

impl CommandError {
    /// A failure with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }

    /// Prints the text, and returns the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Exit(code) => ExitCode::from(*code),
            error => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(text) => write!(f, "CommandError: {text}"),
            Self::Exit(code) => write!(f, "exit code {code}"),
            Self::SystemCheck(text) => write!(f, "SystemCheckError: {text}"),
        }
    }
}

impl<E: std::error::Error> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What a command works with.
pub struct Context {
    /// The environment and `.env`.
    pub env: Environment,
    /// `--verbosity`: 0 to 3.
    pub verbosity: u8,
    /// The URLs of the project.
    pub urls: fn(&mut ServiceConfig, &Apps),
    read: fn(&Environment) -> Result<AppsBuilder, SettingsError>,
    /// The set-up of the settings that were read already.
    builder: Cell<Option<AppsBuilder>>,
    project: fn() -> (Vec<Setting>, Vec<&'static str>),
    apps: OnceCell<Apps>,
}

impl Context {
    /// The context of the project `P`, whose settings are in `env`.
    #[must_use]
    pub fn new<P: Project>(env: Environment, verbosity: u8) -> Self {
        let project = || {
            let project = P::default();
            (project.settings(), project.installed_apps().iter().map(|app| app.name()).collect())
        };
        let read = |env: &Environment| P::from_env(env).map(P::builder);
        Self { env, verbosity, urls: P::urls, read, project, builder: Cell::default(), apps: OnceCell::new() }
    }

    /// Uses `project`, which was read from the environment of this context, so that it is not read again.
    #[must_use]
    pub fn with_project(self, project: impl Project) -> Self {
        self.builder.set(Some(project.builder()));
        self
    }

    /// Every setting that the project declares, whichever apps are installed.
    #[must_use]
    pub fn known_settings(&self) -> Vec<Setting> {
        (self.project)().0
    }

    /// The names of the apps that `INSTALLED_APPS` can name.
    #[must_use]
    pub fn app_names(&self) -> Vec<&'static str> {
        (self.project)().1
    }

    /// The set-up of the project, before it is built.
    ///
    /// # Errors
    /// Returns an error if a setting cannot be read.
    pub fn builder(&self) -> Result<AppsBuilder, SettingsError> {
        self.builder.take().map_or_else(|| self.builder_from(&self.env), Ok)
    }

    /// The set-up of the project with the settings in `env`.
    ///
    /// # Errors
    /// Returns an error if a setting cannot be read.
    pub fn builder_from(&self, env: &Environment) -> Result<AppsBuilder, SettingsError> {
        (self.read)(env)
    }

    /// The installed apps.
    ///
    /// # Errors
    /// Returns an error if a setting or the database cannot be used.
    pub fn apps(&self) -> Result<&Apps, CommandError> {
        if let Some(apps) = self.apps.get() {
            return Ok(apps);
        }
        let mut builder = self.builder()?;
        if builder.registry().secret_key().expose().is_empty() {
            // No command signs anything that outlives it.
            builder = builder.secret_key(random_string(64, ALPHANUMERIC));
        }
        let apps = builder.build()?;
        Ok(self.apps.get_or_init(|| apps))
    }

    /// The database with its tables.
    ///
    /// # Errors
    /// Returns an error if it cannot be opened, or if migrations are not applied.
    pub fn database(&self) -> Result<&Database, CommandError> {
        let apps = self.apps()?;
        let database = apps.database()?;
        // Whether the server needs the table of failed logins depends on a setting. No command needs it.
        let plan = apps.migrations().without(LOGIN_FAILURES);
        match unapplied_warning(&plan.unapplied(&mut *database.connection()?)?) {
            Some(text) => Err(CommandError::new(text)),
            None => Ok(database),
        }
    }

    /// Prints `text`, unless the command was asked to be quiet.
    pub fn say(&self, text: impl fmt::Display) {
        if self.verbosity >= 1 {
            println!("{text}");
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("verbosity", &self.verbosity).finish_non_exhaustive()
    }
}
