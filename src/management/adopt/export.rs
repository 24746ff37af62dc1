//! The output of `export.py` in the Django project.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Settings. Names that begin with `_` have other data.
#[derive(Debug, Default)]
pub(super) struct Export(Map<String, Value>);

/// `_user_model`.
#[derive(Debug, Deserialize)]
pub(super) struct ExportedUserModel {
    pub(super) label: String,
    pub(super) table: String,
    pub(super) pk: String,
    pub(super) fields: Vec<ExportedField>,
    #[serde(rename = "USERNAME_FIELD")]
    pub(super) username_field: String,
    #[serde(rename = "EMAIL_FIELD")]
    pub(super) email_field: Option<String>,
    #[serde(rename = "REQUIRED_FIELDS")]
    pub(super) required_fields: Vec<String>,
}

/// A field of the user model.
#[derive(Debug, Deserialize)]
pub(super) struct ExportedField {
    pub(super) name: String,
    pub(super) column: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

/// An entry of `_urls`.
#[derive(Debug, Deserialize)]
pub(super) struct ExportedUrl {
    pub(super) path: String,
    pub(super) view: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) namespace: String,
    #[serde(default)]
    pub(super) bases: Vec<String>,
}

/// An entry of `_serializers`: a class that the project has derived from one of the token packages.
#[derive(Debug, Deserialize)]
pub(super) struct ExportedSerializer {
    #[serde(rename = "where")]
    pub(super) place: String,
    pub(super) class: String,
    pub(super) bases: Vec<String>,
    pub(super) methods: Map<String, Value>,
}

/// An entry of `_hashers`.
#[derive(Debug, Deserialize)]
pub(super) struct ExportedHasher {
    pub(super) class: String,
    pub(super) algorithm: Option<String>,
}

/// An entry of `_apps`.
#[derive(Debug, Deserialize)]
pub(super) struct ExportedApp {
    pub(super) name: String,
}

impl Export {
    pub(super) fn new(json: Map<String, Value>) -> Self {
        Self(json)
    }

    /// Whether it has other data than settings.
    pub(super) fn is_complete(&self) -> bool {
        self.0.contains_key("_export")
    }

    /// A setting that the project has chosen.
    pub(super) fn chosen(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A setting, chosen or not.
    pub(super) fn setting(&self, name: &str) -> Option<&Value> {
        self.chosen(name).or_else(|| self.default(name))
    }

    /// Django's default of a setting that the project has not chosen.
    pub(super) fn default(&self, name: &str) -> Option<&Value> {
        self.0.get("_defaults")?.get(name)
    }

    /// The names of the chosen settings.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|name| !name.starts_with('_'))
    }

    /// Whether Django has no setting of this name.
    pub(super) fn is_own(&self, name: &str) -> bool {
        self.part::<Vec<String>>("_own").unwrap_or_default().iter().any(|own| own == name)
    }

    /// A text in a dictionary that is not a setting, such as a version in `_packages`.
    pub(super) fn text(&self, part: &str, key: &str) -> Option<&str> {
        self.0.get(part)?.get(key)?.as_str()
    }

    pub(super) fn user_model(&self) -> Option<ExportedUserModel> {
        self.part("_user_model")
    }

    pub(super) fn urls(&self) -> Vec<ExportedUrl> {
        self.part("_urls").unwrap_or_default()
    }

    pub(super) fn serializers(&self) -> Vec<ExportedSerializer> {
        self.part("_serializers").unwrap_or_default()
    }

    pub(super) fn hashers(&self) -> Vec<ExportedHasher> {
        self.part("_hashers").unwrap_or_default()
    }

    pub(super) fn problems(&self) -> Vec<String> {
        self.part("_problems").unwrap_or_default()
    }

    /// The names of the installed apps. An entry that names an `AppConfig` gives the name of its app.
    pub(super) fn apps(&self) -> Option<Vec<String>> {
        let configs: Option<Vec<ExportedApp>> = self.part("_apps").filter(|apps: &Vec<ExportedApp>| !apps.is_empty());
        configs.map(|apps| apps.into_iter().map(|app| app.name).collect()).or_else(|| self.part("INSTALLED_APPS"))
    }

    /// A token that Django has signed. It names no user.
    pub(super) fn sample_token(&self) -> Option<&str> {
        self.0.get("_sample_token")?.as_str()
    }

    /// Same as [`Self::sample_token`], of `rest_framework_jwt`.
    pub(super) fn sample_legacy_token(&self) -> Option<&str> {
        self.0.get("_sample_legacy_token")?.as_str()
    }

    /// The classes that a class of `AUTHENTICATION_BACKENDS` is derived from.
    pub(super) fn backend_bases(&self, class: &str) -> Vec<String> {
        let bases = self.0.get("_backends").and_then(|backends| backends.get(class));
        bases.and_then(|bases| serde_json::from_value(bases.clone()).ok()).unwrap_or_default()
    }

    fn part<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_value(self.0.get(name)?.clone()).ok()
    }
}
