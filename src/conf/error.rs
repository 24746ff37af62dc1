//! The error for a wrong setting, which stops the start. Python counterpart: `django.core.exceptions.ImproperlyConfigured`.

use std::fmt;

use super::{Setting, suggestion, unsupported};

/// A setting that cannot be used: its key, what is wrong with it, and the key that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    key: String,
    problem: String,
    suggestion: Option<&'static str>,
}

impl SettingsError {
    /// A setting with an invalid value; `problem` describes it. The text must not contain a secret.
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into(), suggestion: None }
    }

    /// A setting whose text could not be read as `expected`.
    pub fn expected(key: &str, value: &str, expected: &str) -> Self {
        Self::new(key, format!("{value:?} is not {expected}"))
    }

    /// A key that does not exist, with the one of `known` that was probably meant.
    pub(super) fn unknown(key: &str, known: &[Setting]) -> Self {
        Self::doubt(key, known).unwrap_or_else(|| Self::no_such(key, None))
    }

    /// Same as [`unknown`](Self::unknown), for a key about which something can be said. Otherwise `None`.
    pub(super) fn doubt(key: &str, known: &[Setting]) -> Option<Self> {
        match unsupported::explanation(key) {
            Some(problem) => Some(Self::new(key, problem)),
            None => suggestion::nearest(key, known).map(|name| Self::no_such(key, Some(name))),
        }
    }

    /// A key that differs from one of `known` by one or two letters. Otherwise `None`.
    pub(super) fn misspelt(key: &str, known: &[Setting]) -> Option<Self> {
        let distances = known.iter().map(|known| (strsim::damerau_levenshtein(key, known.key), known.key));
        let (_, name) = distances.min().filter(|(distance, _)| *distance <= 2)?;
        Some(Self::no_such(key, Some(name)))
    }

    fn no_such(key: &str, suggestion: Option<&'static str>) -> Self {
        Self { suggestion, ..Self::new(key, "there is no such setting") }
    }

    /// The same, with the place of the key.
    pub(super) fn at(self, place: &str) -> Self {
        Self { key: format!("{} ({place})", self.key), ..self }
    }

    /// The name of the environment variable.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.problem)?;
        match &self.suggestion {
            Some(name) => write!(f, "; did you mean {name}?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SettingsError {}
