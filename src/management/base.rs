//! What every command has. Python counterpart: `django.core.management.base`.

use std::fmt;

use crate::conf::{Environment, SettingsError};
use crate::core::clock::Clock;
use crate::db::migrations::MigrationError;
use crate::db::{Database, DatabaseError};
use crate::server::{StartError, StateError};
use crate::settings::Settings;

/// Why a command failed. Printed on one line of standard error; the exit code is 1.
#[derive(Debug, PartialEq, Eq)]
pub enum CommandError {
    /// A failure with its text.
    Failed(String),
    /// A failure whose text has been printed already.
    Silent,
    /// `check` has found something; the text has several lines.
    SystemCheck(String),
}

impl CommandError {
    /// A failure that `text` describes.
    pub fn new(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }

    /// Exit code of the process.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        1
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(text) => write!(f, "CommandError: {text}"),
            Self::Silent => Ok(()),
            Self::SystemCheck(text) => write!(f, "SystemCheckError: {text}"),
        }
    }
}

impl std::error::Error for CommandError {}

/// Makes every error that a command can meet a line of its own.
macro_rules! command_error_from {
    ($($error:ty),+) => {
        $(impl From<$error> for CommandError {
            fn from(error: $error) -> Self {
                Self::Failed(error.to_string())
            }
        })+
    };
}

command_error_from!(SettingsError, DatabaseError, StateError, StartError, MigrationError, std::io::Error);

impl From<diesel::result::Error> for CommandError {
    fn from(error: diesel::result::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

/// What a command works with.
#[derive(Debug)]
pub struct Context {
    /// The environment and `.env`.
    pub env: Environment,
    /// The settings in it.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    /// `--verbosity`: 0 to 3.
    pub verbosity: u8,
}

impl Context {
    /// Reads the environment and `.env`.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn load(verbosity: u8) -> Result<Self, CommandError> {
        let env = Environment::load()?;
        Ok(Self { settings: Settings::from_env(&env)?, env, clock: Clock::system(), verbosity })
    }

    /// The database of the settings.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn database(&self) -> Result<Database, CommandError> {
        Ok(Database::open(&self.settings.database)?)
    }

    /// Prints `text` unless the command was asked to be quiet.
    pub fn say(&self, text: impl fmt::Display) {
        if self.verbosity >= 1 {
            println!("{text}");
        }
    }
}
