//! The error of a command. Python counterpart: `CommandError`.

use std::fmt;
use std::process::ExitCode;

use super::print::eprintln;

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
