//! A copy of the process environment. Python counterpart: `os.environ`.

use std::collections::BTreeMap;

use super::{Setting, SettingsError, suggestion, unsupported, values};

/// Names and values of the operating system and of `.env` at the start.
///
/// It is a copy, so that one process can have two configurations and nothing changes while a server runs.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub(super) values: BTreeMap<String, String>,
    /// The number of the line of each name in `.env`.
    pub(super) lines: BTreeMap<String, usize>,
}

impl Environment {
    /// A copy of the process environment, without `.env`.
    #[must_use]
    pub fn from_process() -> Self {
        // Names and values that are not Unicode are left out, because no setting needs them.
        std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
    }

    /// The text of `key`, or `None` if it is not set.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// The names that are set, sorted.
    #[cfg(feature = "server")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Whether `INSTALLED_APPS` has `app`. It has every app if it is empty or not set.
    #[must_use]
    pub fn has_app(&self, app: &str) -> bool {
        values::installed_apps(self.get("INSTALLED_APPS").unwrap_or_default()).is_none_or(|names| names.contains(&app))
    }

    /// Sets `key`, for tests and for programs that embed the server.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.values.insert(key.to_owned(), value.into());
        self
    }

    /// Reads `key`, or `default` if it is not set. The error for a secret does not repeat the text. The macro
    /// [`settings!`](crate::conf::settings) calls it.
    ///
    /// # Errors
    /// Returns an error if `parse` refuses the text.
    pub fn read<T>(
        &self,
        key: &str,
        default: &str,
        is_secret: bool,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, SettingsError> {
        let text = self.get(key).unwrap_or(default);
        let shown = if is_secret { "the value".to_owned() } else { format!("{text:?}") };
        parse(text).map_err(|expected| SettingsError::new(key, format!("{shown} is not {expected}")))
    }

    /// Refuses names that begin with `prefix` and are not in `settings`.
    ///
    /// # Errors
    /// Returns an error for the first unknown name, with the most similar known name.
    pub fn refuse_unknown(&self, prefix: &str, settings: &[Setting]) -> Result<(), SettingsError> {
        self.unknown(prefix, settings).next().map_or(Ok(()), |name| Err(suggestion::error(name, settings)))
    }

    /// Same as `refuse_unknown`, but only for settings of Python that have a replacement here.
    ///
    /// # Errors
    /// Returns an error for the first such name, with its replacement.
    pub fn refuse_replaced(&self, prefix: &str, settings: &[Setting]) -> Result<(), SettingsError> {
        let replaced = self.unknown(prefix, settings).find(|name| unsupported::is_replaced(name));
        replaced.map_or(Ok(()), |name| Err(suggestion::error(name, settings)))
    }

    /// Errors for names that begin with `prefix` and differ from one of `settings` by one or two letters.
    ///
    /// This is for a prefix that other programs use too. Unknown names are allowed there.
    #[must_use]
    pub fn misspelt(&self, prefix: &str, settings: &[Setting]) -> Vec<SettingsError> {
        let names = self.unknown(prefix, settings);
        names.filter_map(|name| Some(SettingsError::new(name, suggestion::misspelling(name, settings)?))).collect()
    }

    /// Errors for names in `.env` that are settings of Django without effect here, that resemble one of `known`, or that are in
    /// `known` but have no effect because their app is not installed. `is_installed` tells which apps the project has: its code
    /// may differ from `INSTALLED_APPS`, and a setting is read only if both have its app. Names in the process environment may
    /// belong to any program, so only names that begin with `SIMPLE_JWT_` are included.
    #[must_use]
    pub fn doubtful(&self, known: &[Setting], is_installed: impl Fn(&str) -> bool) -> Vec<SettingsError> {
        let is_installed = |app: &&str| self.has_app(app) && is_installed(app);
        let doubt = |name: &String| {
            let place = match self.lines.get(name) {
                Some(line) => format!("{name} (line {line} of .env)"),
                None if name.starts_with("SIMPLE_JWT_") => name.clone(),
                None => return None,
            };
            let problem = match known.iter().find(|setting| setting.key == name) {
                Some(setting) if setting.apps.iter().all(is_installed) => return None,
                Some(_) => "has no effect, because its app is not installed".to_owned(),
                None => suggestion::problem(name, known)?,
            };
            Some(SettingsError::new(place, problem))
        };
        self.values.keys().filter_map(doubt).collect()
    }

    fn unknown(&self, prefix: &str, settings: &[Setting]) -> impl Iterator<Item = &str> {
        let names = self.values.keys().map(String::as_str).filter(move |name| name.starts_with(prefix));
        names.filter(|name| settings.iter().all(|setting| setting.key != *name))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self { values: pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect(), lines: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings;
    use super::*;

    settings! {
        section "App", prefix "APP_";

        /// An app.
        #[derive(Debug)]
        pub struct AppSettings {
            /// The colour.
            pub colour: String = APP_COLOUR("red", values::one_of(&["red", "green"]));
            /// The key.
            pub key: u32 = APP_KEY("1", values::number, secret);
        }
    }

    fn error(key: &str, value: &str) -> String {
        AppSettings::from_env(&Environment::default().with(key, value)).unwrap_err().to_string()
    }

    #[test]
    fn a_missing_value_has_its_default() {
        let settings = AppSettings::from_env(&Environment::default().with("APP_KEY", "2")).unwrap();
        assert_eq!((settings.colour.as_str(), settings.key), ("red", 2));
        let settings = AppSettings::default();
        assert_eq!((settings.colour.as_str(), settings.key), ("red", 1));
    }

    #[test]
    fn an_invalid_value_is_shown_unless_it_is_secret() {
        assert_eq!(error("APP_COLOUR", "blue"), "APP_COLOUR: \"blue\" is not one of red, green");
        assert_eq!(error("APP_KEY", "hunter2"), "APP_KEY: the value is not a whole number, 0 or more");
    }

    #[test]
    fn unknown_names_under_the_prefix_are_refused() {
        assert_eq!(error("APP_COLOR", "red"), "APP_COLOR: there is no such setting; did you mean APP_COLOUR?");
        assert_eq!(error("APP_HANDLER", "x.y"), "APP_HANDLER: there is no such setting");
        assert!(AppSettings::from_env(&Environment::default().with("OTHER", "1")).is_ok());
    }

    #[test]
    fn only_names_that_differ_by_one_or_two_letters_are_misspelt() {
        let env = Environment::default().with("APP_COLORS", "").with("APP_SECRET", "").with("APP_KEY", "1");
        let found: Vec<_> = env.misspelt("APP_", &AppSettings::declared()).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["APP_COLORS: there is no such setting; did you mean APP_COLOUR?"]);
    }

    #[cfg(feature = "server")]
    #[test]
    fn settings_of_an_app_that_is_not_installed_are_doubtful() {
        let process = Environment::default().with("SIMPLE_JWT_TOKEN_FAMILY_ENABLED", "1").with("JWT_ISSUER", "x");
        let mut env =
            Environment::parse("INSTALLED_APPS=rest_framework_simplejwt\nADMIN_URL=intern/\n", &process).unwrap();
        env.values.extend(process.values);
        let found: Vec<_> =
            env.doubtful(&crate::Settings::declared(), |_| true).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "ADMIN_URL (line 2 of .env): has no effect, because its app is not installed",
                "SIMPLE_JWT_TOKEN_FAMILY_ENABLED: has no effect, because its app is not installed",
            ]
        );
        // The project's code has removed the app.
        let env = Environment::default().with("SIMPLE_JWT_LEEWAY", "5");
        let found = |removed: &str| env.doubtful(&crate::Settings::declared(), |app| app != removed).len();
        assert_eq!((found("rest_framework_simplejwt"), found("rest_framework_jwt")), (1, 0));
    }

    #[test]
    fn the_list_of_apps_has_every_app_only_if_it_is_empty() {
        let has = |list: &str| Environment::default().with("INSTALLED_APPS", list).has_app("a");
        assert_eq!([" ", "b, a", "b", "none", ","].map(has), [true, true, false, false, false]);
        assert!(Environment::default().has_app("a"));
    }

    #[cfg(feature = "server")]
    #[test]
    fn only_names_in_the_file_are_doubtful() {
        let process = Environment::default().with("APP_COLOR", "red");
        let file = "APP_KEY=1\nOTHER=1\n\nAPPKEY=1\nEMAIL_HOST=h\n";
        let mut env = Environment::parse(file, &process).unwrap();
        env.values.extend(process.values);
        let found: Vec<_> = env.doubtful(&AppSettings::declared(), |_| true).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "APPKEY (line 4 of .env): there is no such setting; did you mean APP_KEY?",
                "EMAIL_HOST (line 5 of .env): is a setting of Django that does not apply here: the server sends no e-mail",
            ]
        );
    }
}
