//! The state of moving the settings: the export, the `.env` that is made from it, and the report.

use serde_json::Value;

use super::tables::{DICTIONARIES, KNOWN_CODE, LEFT_OUT, RENAMED, VITAL, find};
use super::values;
use crate::apps::command::Context;
use crate::conf::values::class_name;
use crate::conf::{Environment, Setting, SettingsError};
use crate::management::adopt::env_file::EnvFile;
use crate::management::adopt::export::Export;
use crate::management::adopt::report::{Finding, Report};

/// The export, and what is made from it.
pub(in crate::management::adopt) struct Converter<'a> {
    pub(in crate::management::adopt) context: &'a Context,
    pub(in crate::management::adopt) export: &'a Export,
    /// The settings that exist here, from their declarations.
    pub(in crate::management::adopt) known: &'a [Setting],
    /// The lines of the `.env`.
    pub(in crate::management::adopt) env: EnvFile,
    pub(in crate::management::adopt) report: &'a mut Report,
}

impl Converter<'_> {
    pub(super) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.env.set(key, value);
    }

    /// Whether there is a setting `key` here.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.known.iter().any(|setting| setting.key == key)
    }

    /// Sets `key` to a value of Python.
    pub(super) fn set_value(&mut self, key: &str, value: &Value) {
        match values::text(key, value) {
            Ok(text) => self.set(key, text),
            Err(reason) => self.refused(key, format!("{key}: {reason}.")),
        }
    }

    /// Settings that have the same name on both sides. A setting of this project that Django does not have, such as `PORT`, may
    /// have another meaning in the Django project.
    pub(super) fn same_names(&mut self) {
        for setting in self.known {
            if SPECIAL.contains(&setting.key) {
                continue;
            }
            let is_djangos = !self.export.is_own(setting.key) || setting.key.starts_with("CORS_");
            if let Some(value) = self.export.chosen(setting.key).filter(|_| is_djangos) {
                self.set_value(setting.key, value);
            } else if let Some(value) = self.export.default(setting.key)
                && values::text(setting.key, value).is_ok_and(|text| !is_same(&text, setting.default))
            {
                self.set_value(setting.key, value);
            }
        }
        for (name, key) in RENAMED {
            if let Some(value) = self.export.chosen(name)
                && !self.env.has(key)
            {
                self.set_value(key, value);
            }
        }
    }

    pub(super) fn dictionaries(&mut self) {
        for (name, prefix) in DICTIONARIES {
            for (key, value) in self.export.chosen(name).and_then(Value::as_object).into_iter().flatten() {
                let key = format!("{prefix}{key}");
                if self.knows(&key) {
                    self.set_value(&key, value);
                } else if !value.is_null() {
                    self.unknown(&key, value);
                }
            }
        }
    }

    /// A key of a dictionary that is not a setting here.
    pub(super) fn unknown(&mut self, key: &str, value: &Value) {
        let code = value.as_str().filter(|text| text.contains('.') && !text.contains([' ', '/', ':']));
        if code.is_some_and(|code| KNOWN_CODE.iter().any(|package| code.starts_with(package))) {
            return;
        }
        let what = match code {
            Some(code) => format!("{key} names code of your own, {code}."),
            None => format!("{key} has no counterpart."),
        };
        match find(LEFT_OUT, key) {
            Some(entry) => {
                let (remedy, line) = entry.remedy.split_once('\n').unwrap_or((entry.remedy, ""));
                let finding = if code.is_some() { Finding::code(what) } else { Finding::noticed(what) };
                let finding = finding.clients(entry.clients).remedy(remedy);
                self.report.add(if line.is_empty() { finding } else { finding.lines([line]) });
            }
            // The report about the serializers describes this code.
            None if key.ends_with("_SERIALIZER") => {}
            None if code.is_some() && key.starts_with("SIMPLE_JWT_") => {
                self.report.add(Finding::code(what).remedy("What it does has to be written in Rust."));
            }
            // Pages, filters, formats of numbers: they belong to views that stay with Django.
            None => self.report.without_effect(key),
        }
    }

    /// Removes the values that cannot be used here. The report says what is used instead, or no `.env` is written.
    pub(super) fn refused_values(&mut self) {
        while let Some(error) = self.first_refusal() {
            let key = error.key().to_owned();
            if !self.env.has(&key) {
                // `prove` reports a missing key.
                return;
            }
            self.env.remove(&key);
            self.refused(&key, format!("{error}."));
        }
    }

    pub(super) fn first_refusal(&self) -> Option<SettingsError> {
        let env = self.env.environment();
        match self.context.builder_from(&env) {
            Err(error) => Some(error),
            Ok(mut builder) => builder.errors().iter().find(|error| self.env.has(error.key())).cloned(),
        }
    }

    pub(super) fn refused(&mut self, key: &str, what: String) {
        let default = self.known.iter().find(|setting| setting.key == key).map_or("", |setting| setting.default);
        let used = if default.is_empty() { "the default".to_owned() } else { format!("the default, {default},") };
        let finding = if VITAL.contains(&key) {
            Finding::blocking(what).clients("Tokens or access would differ from Django's.")
        } else {
            Finding::noticed(what).clients(format!("Without this setting {used} is used."))
        };
        self.report.add(finding);
    }

    /// The error of `key` if its value is `text`.
    pub(super) fn refusal(&self, key: &str, text: &str) -> Option<SettingsError> {
        // A missing key is another error.
        let env = Environment::default().with("SECRET_KEY", "0123456789".repeat(7)).with(key, text);
        match self.context.builder_from(&env) {
            Err(error) => Some(error).filter(|error| error.key() == key),
            Ok(mut builder) => builder.errors().iter().find(|error| error.key() == key).cloned(),
        }
    }

    pub(super) fn about_the_project(&mut self) {
        let export = self.export;
        if export.setting("USE_TZ") == Some(&Value::Bool(false)) {
            self.report.add(
                Finding::blocking("USE_TZ is False: Django writes local times, here times are UTC.")
                    .clients("Tokens and lockouts would expire hours too early or too late.")
                    .remedy("Set USE_TZ = True in Django first; simplejwt stores its times in the database."),
            );
        }
        if let Some(language) = export.setting("LANGUAGE_CODE").and_then(Value::as_str)
            && !language.starts_with("en")
        {
            self.report.add(
                Finding::noticed(format!("LANGUAGE_CODE is {language}: messages here are English."))
                    .remedy("Clients should go by `code`, not by `detail`."),
            );
        }
        if self.env.get("DEBUG") == Some("true") {
            self.report
                .add(Finding::note("DEBUG is on. There are no debug pages here, and production should not have it."));
        }
        if !self.env.has("SECRET_KEY") {
            self.report.add(
                Finding::blocking("SECRET_KEY is not in the export.")
                    .clients("Without the same key every token is refused.")
                    .remedy("Export the settings again, with `manage adopt --export`."),
            );
        }
        for problem in export.problems() {
            self.report.add(Finding::note(format!("The export could not read {problem}")));
        }
    }

    /// Reports the settings that are not carried over and not reported yet.
    pub(super) fn left(&mut self) {
        let mut own = Vec::new();
        let mut told: Vec<&str> = Vec::new();
        for name in self.export.names() {
            let is_carried = self.env.has(name) || RENAMED.iter().any(|(old, _)| *old == name);
            let is_carried = is_carried || DICTIONARIES.iter().any(|(dictionary, _)| *dictionary == name);
            if is_carried || SPECIAL.contains(&name) || self.knows(name) && !self.export.is_own(name) {
                continue;
            }
            match find(LEFT_OUT, name) {
                Some(entry) if told.contains(&entry.name) => {}
                Some(entry) => {
                    told.push(entry.name);
                    let what = format!("{} is not carried over.", entry.name.replace('*', "…"));
                    let finding = if entry.clients.is_empty() { Finding::note(what) } else { Finding::noticed(what) };
                    self.report.add(finding.clients(entry.clients).remedy(entry.remedy));
                }
                None if self.export.is_own(name) => own.push(name),
                None => self.report.without_effect(name),
            }
        }
        if !own.is_empty() {
            self.report.add(Finding::note(format!(
                "Settings that Django does not know, for your own code or other packages, are not carried over: {}.",
                own.join(", ")
            )));
        }
    }
}

/// Settings that separate functions convert or report.
const SPECIAL: &[&str] = &[
    "AUTH_USER_MODEL",
    "AUTH_USER_TABLE",
    "BASE_DIR",
    "CACHES",
    "CACHE_URL",
    "DATABASES",
    "DATABASE_URL",
    "EMAIL_FIELD",
    "INSTALLED_APPS",
    "LANGUAGE_CODE",
    "MIDDLEWARE",
    "REQUIRED_FIELDS",
    "ROOT_URLCONF",
    "USERNAME_FIELD",
    "USE_TZ",
];

/// Whether two texts are the same value. One of them may have the Python paths of classes.
fn is_same(text: &str, other: &str) -> bool {
    let parts = |text: &str| text.split(',').map(|part| class_name(part.trim()).to_lowercase()).collect::<Vec<_>>();
    let is_nothing = |text: &str| matches!(text, "" | "none");
    parts(text) == parts(other) || is_nothing(text) && is_nothing(other)
}
