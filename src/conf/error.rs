//! The error for a wrong setting, which stops the start. Python counterpart: `django.core.exceptions.ImproperlyConfigured`.

use std::fmt;

use super::Setting;

/// A setting that cannot be used: its key, what is wrong with it, and the key that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    key: String,
    problem: String,
    suggestion: Option<&'static str>,
}

impl SettingsError {
    /// A setting whose value is wrong in the way `problem` says. The text must not hold a secret.
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into(), suggestion: None }
    }

    /// A setting whose text could not be read as `expected`.
    pub fn expected(key: &str, value: &str, expected: &str) -> Self {
        Self::new(key, format!("{value:?} is not {expected}"))
    }

    /// A key that does not exist, with the most similar one of `known` if it is similar enough.
    pub(super) fn unknown(key: &str, known: &[Setting]) -> Self {
        Self::similar(key, known, |name| name.len() / 3)
    }

    /// As [`unknown`](Self::unknown), for a key that differs from a known one by one or two letters. Otherwise `None`.
    pub(super) fn misspelt(key: &str, known: &[Setting]) -> Option<Self> {
        Some(Self::similar(key, known, |_| 2)).filter(|error| error.suggestion.is_some())
    }

    fn similar(key: &str, known: &[Setting], limit: fn(&str) -> usize) -> Self {
        let distances = known.iter().map(|known| (strsim::damerau_levenshtein(key, known.key), known.key));
        let nearest = distances.min().filter(|(distance, name)| *distance <= limit(name));
        let suggestion = nearest.map(|(_, name)| name);
        Self { key: key.to_owned(), problem: "there is no such setting".to_owned(), suggestion }
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
