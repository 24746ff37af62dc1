//! Commands of `manage`. Python counterpart: `django.core.management.base`.
//!
//! An app lists its commands in [`AppConfig::commands`](super::AppConfig::commands); those that belong to no app are in
//! [`management`](crate::management).

mod batches;
mod context;
mod error;
mod print;

use std::fmt;

use clap::{ArgMatches, Args};

pub(crate) use self::batches::in_batches;
pub use self::context::Context;
pub use self::error::CommandError;
pub(crate) use self::print::{eprintln, println};

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
        // Set after the arguments, because their type has another comment.
        let clap = A::augment_args(clap::Command::new(name)).about(help).long_about(None);
        let handle = move |context: &Context, matches: &ArgMatches| match A::from_arg_matches(matches) {
            Ok(arguments) => handle(context, arguments),
            Err(error) => error.exit(),
        };
        Self { clap, handle: Box::new(handle) }
    }

    /// The name on the command line.
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
