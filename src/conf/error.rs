//! The error for a wrong setting, which stops the start. Python counterpart: `django.core.exceptions.ImproperlyConfigured`.

/// A setting that cannot be used: its key and the problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct SettingsError {
    key: String,
    problem: String,
}

impl SettingsError {
    /// A setting with an invalid value; `problem` describes it. The text must not contain a secret.
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into() }
    }

    /// A setting whose text could not be read as `expected`.
    pub fn expected(key: &str, value: &str, expected: &str) -> Self {
        Self::new(key, format!("{value:?} is not {expected}"))
    }

    /// The name of the environment variable.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}
