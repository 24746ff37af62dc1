//! The process environment, copied once. Python counterpart: `os.environ`.

use std::collections::BTreeMap;

use super::SettingsError;

/// Names and values, as the operating system and `.env` gave them at start.
///
/// A copy, so that two configurations can live in one process and nothing changes under a running server.
#[derive(Clone, Debug, Default)]
pub struct Environment(pub(super) BTreeMap<String, String>);

impl Environment {
    /// A copy of the process environment, without `.env`.
    #[must_use]
    pub fn from_process() -> Self {
        // A name or value that is not Unicode is none of ours: no setting has one.
        std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
    }

    /// The text of `key`, or `None` when it is not set.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Sets `key`, for tests and for programs that embed the server.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Reads `key` by `parse` into `field`; leaves the field's default alone when the key is not set.
    ///
    /// # Errors
    /// When `parse` refuses the text; it says what it expected, and this adds key and value.
    pub fn read<T>(
        &self,
        key: &str,
        field: &mut T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<(), SettingsError> {
        if let Some(text) = self.get(key) {
            *field = parse(text).map_err(|expected| SettingsError::expected(key, text, &expected))?;
        }
        Ok(())
    }

    /// As [`Environment::read`], for a value that must not be shown.
    ///
    /// # Errors
    /// When `parse` refuses the text.
    pub fn read_secret<T>(
        &self,
        key: &str,
        field: &mut T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<(), SettingsError> {
        if let Some(text) = self.get(key) {
            *field = parse(text).map_err(|expected| SettingsError::new(key, format!("the value is not {expected}")))?;
        }
        Ok(())
    }

    /// Refuses names that start with `prefix` and are not in `known` (whole names, prefix included).
    ///
    /// # Errors
    /// For the first unknown name, with the nearest known one.
    pub fn refuse_unknown(&self, prefix: &str, known: &[&str]) -> Result<(), SettingsError> {
        let unknown = self.0.keys().find(|name| name.starts_with(prefix) && !known.contains(&name.as_str()));
        unknown.map_or(Ok(()), |name| Err(SettingsError::unknown(name, known.iter().copied())))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::values;
    use super::*;

    #[test]
    fn a_bad_value_is_shown_with_its_key_and_what_was_expected() {
        let env: Environment = [("DEBUG", "maybe")].into_iter().collect();
        let mut debug = false;
        let error = env.read("DEBUG", &mut debug, values::boolean).unwrap_err();
        assert_eq!(error.to_string(), "DEBUG: \"maybe\" is not a boolean (true, false, 1, 0, yes, no, on, off)");
    }

    #[test]
    fn a_bad_secret_is_not_shown() {
        let env: Environment = [("KEY", "hunter2")].into_iter().collect();
        let error = env.read_secret("KEY", &mut 0, |_| Err("a number".to_owned())).unwrap_err();
        assert_eq!(error.to_string(), "KEY: the value is not a number");
    }

    #[test]
    fn unknown_names_under_a_prefix_are_refused() {
        let env: Environment = [("APP_COLOR", "red"), ("OTHER", "1")].into_iter().collect();
        assert!(env.refuse_unknown("APP_", &["APP_COLOR"]).is_ok());
        let error = env.refuse_unknown("APP_", &["APP_COLOUR"]).unwrap_err();
        assert_eq!(error.to_string(), "APP_COLOR: there is no such setting; did you mean APP_COLOUR?");
    }
}
