//! The settings of the model.

use super::super::super::settings::AuthSettings;
use crate::conf::SettingsError;

/// `AUTH_USER_MODEL` and the related settings.
#[derive(Clone, Debug)]
pub(super) struct Config {
    /// App label and lower-case name of the model. `None` if the settings name the table.
    pub(super) model: Option<(String, String)>,
    pub(super) table: String,
    /// Fields whose columns have other names.
    pub(super) columns: Vec<(String, String)>,
    /// Whether `USERNAME_FIELD` is set.
    pub(super) has_username_field: bool,
    pub(super) username_field: String,
    pub(super) email_field: Option<String>,
    pub(super) required_fields: Option<Vec<String>>,
}

impl Config {
    pub(super) fn new(settings: &AuthSettings) -> Result<Self, SettingsError> {
        let (app, model) = settings.auth_user_model.names();
        let required_fields = settings.required_fields.clone();
        let config = Self {
            table: settings.auth_user_table.clone().unwrap_or_else(|| format!("{app}_{model}")),
            model: settings.auth_user_table.is_none().then_some((app, model)),
            columns: settings.auth_user_columns.clone(),
            has_username_field: settings.username_field.is_some(),
            username_field: settings.username_field.clone().unwrap_or_else(|| "username".to_owned()),
            email_field: settings.email_field.clone(),
            required_fields,
        };
        // Django's auth.E002.
        if config.required_fields.iter().flatten().any(|field| *field == config.username_field) {
            let problem = format!("must not contain {:?}, which is USERNAME_FIELD", config.username_field);
            return Err(SettingsError::new("REQUIRED_FIELDS", problem));
        }
        Ok(config)
    }

    pub(super) fn email_field(&self) -> &str {
        self.email_field.as_deref().unwrap_or("email")
    }
}
