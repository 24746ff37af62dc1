//! What stops the start when a setting is wrong. Python counterpart: `django.core.exceptions.ImproperlyConfigured`.

use std::fmt;

/// A setting that cannot be used: its key, what is wrong with it and, where known, the key that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    key: String,
    problem: String,
    suggestion: Option<String>,
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

    /// A key that no app knows; the nearest of `known` is offered when it is near enough to be a slip.
    pub fn unknown<'a>(key: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let nearest = known
            .into_iter()
            .map(|name| (strsim::damerau_levenshtein(key, name), name))
            .min()
            .filter(|(distance, name)| *distance <= name.len() / 3)
            .map(|(_, name)| name.to_owned());
        Self { key: key.to_owned(), problem: "there is no such setting".to_owned(), suggestion: nearest }
    }

    /// Name of the environment variable at fault.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_gets_the_nearest_known_name() {
        let error =
            SettingsError::unknown("SIMPLE_JWT_ACESS_TOKEN_LIFETIME", ["SIMPLE_JWT_ACCESS_TOKEN_LIFETIME", "X"]);
        assert_eq!(
            error.to_string(),
            "SIMPLE_JWT_ACESS_TOKEN_LIFETIME: there is no such setting; did you mean SIMPLE_JWT_ACCESS_TOKEN_LIFETIME?"
        );
    }

    #[test]
    fn a_key_that_resembles_none_gets_no_suggestion() {
        let error = SettingsError::unknown("SIMPLE_JWT_Q", ["SIMPLE_JWT_ACCESS_TOKEN_LIFETIME"]);
        assert_eq!(error.to_string(), "SIMPLE_JWT_Q: there is no such setting");
    }
}
