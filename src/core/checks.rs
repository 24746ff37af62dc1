//! The messages of system checks. Python counterpart: `django.core.checks.messages`.

use std::fmt;

/// How severe a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For developers of this project.
    Debug,
    /// For information only.
    Info,
    /// It works, but should be changed.
    Warning,
    /// It does not work: the server does not start.
    Error,
    /// Same as [`Level::Error`], for the most serious problems.
    Critical,
}

impl Level {
    /// All levels, the most severe one first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::Error, Self::Warning, Self::Info, Self::Debug];

    /// The name, as `--fail-level` takes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

impl std::str::FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let level = Self::ALL.into_iter().find(|level| level.as_str() == text);
        level.ok_or_else(|| format!("choose from {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// A message of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckMessage {
    /// How severe it is.
    pub level: Level,
    /// Django's id where Django has the check, such as `security.W009`. `SILENCED_SYSTEM_CHECKS` can name it.
    pub id: &'static str,
    /// The problem.
    pub msg: String,
    /// The action that fixes it.
    pub hint: Option<String>,
}

impl CheckMessage {
    /// A message of `level`, without a hint.
    pub fn new(level: Level, id: &'static str, msg: impl Into<String>) -> Self {
        Self { level, id, msg: msg.into(), hint: None }
    }

    /// A warning, without a hint.
    pub fn warning(id: &'static str, msg: impl Into<String>) -> Self {
        Self::new(Level::Warning, id, msg)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for CheckMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "?: ({}) {}", self.id, self.msg)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n\tHINT: {hint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_as_in_django() {
        let message = CheckMessage::warning("security.W018", "You should not.").hint("Do not.");
        assert_eq!(message.to_string(), "?: (security.W018) You should not.\n\tHINT: Do not.");
    }

    #[test]
    fn a_level_is_read_by_its_name() {
        assert_eq!("ERROR".parse(), Ok(Level::Error));
        assert_eq!("error".parse::<Level>(), Err("choose from CRITICAL, ERROR, WARNING, INFO, DEBUG".to_owned()));
    }
}
