//! The user model.

use super::converter::Converter;
use crate::management::adopt::export::{ExportedField, ExportedUserModel};
use crate::management::adopt::report::Finding;

/// Types of primary keys that exist here.
const KEYS: &[&str] = &["AutoField", "BigAutoField", "IntegerField", "BigIntegerField", "UUIDField"];

/// Sets `AUTH_USER_MODEL` and the related settings, if the project has its own user model.
pub(super) fn convert(converter: &mut Converter<'_>) {
    let label = converter.export.setting("AUTH_USER_MODEL").and_then(|label| label.as_str()).unwrap_or("auth.User");
    if label == "auth.User" {
        return;
    }
    let Some(model) = converter.export.user_model() else {
        converter.report.add(
            Finding::blocking(format!("AUTH_USER_MODEL is {label}, and the export does not describe it."))
                .clients("No user could log in.")
                .remedy("Export the settings with `manage adopt --export`."),
        );
        return;
    };
    let key = model.fields.iter().find(|field| field.name == model.pk).map_or("unknown", |field| field.kind.as_str());
    if !KEYS.contains(&key) {
        converter.report.add(
            Finding::blocking(format!("The primary key of {} is a {key}.", model.label))
                .clients("No user could log in.")
                .remedy("An integer, a bigint or a UUID is possible. For other keys stay with Django."),
        );
    }
    if converter.knows("AUTH_USER_MODEL") {
        settings(converter, &model);
    } else {
        converter.report.add(
            Finding::blocking(format!("AUTH_USER_MODEL is {}, with the table {}.", model.label, model.table))
                .clients("No user could log in.")
                .remedy(
                    "Implement the trait UserModel for its table and add it in `Settings::builder` in src/settings.rs:",
                )
                .lines([".users(…)"]),
        );
    }
}

fn settings(converter: &mut Converter<'_>, model: &ExportedUserModel) {
    converter.set("AUTH_USER_MODEL", &model.label);
    // The column of a foreign key is found without a setting.
    let differs = |field: &&ExportedField| field.column != field.name && field.column != format!("{}_id", field.name);
    let columns: Vec<_> =
        model.fields.iter().filter(differs).map(|field| format!("{}={}", field.name, field.column)).collect();
    if !columns.is_empty() {
        converter.set("AUTH_USER_COLUMNS", columns.join(","));
    }
    let required = &model.required_fields;
    for (key, value) in [
        ("AUTH_USER_TABLE", model.table.clone()),
        ("USERNAME_FIELD", model.username_field.clone()),
        ("EMAIL_FIELD", model.email_field.clone().unwrap_or_else(|| "none".to_owned())),
        ("REQUIRED_FIELDS", if required.is_empty() { "none".to_owned() } else { required.join(",") }),
    ] {
        if converter.knows(key) {
            converter.set(key, value);
        }
    }
}
