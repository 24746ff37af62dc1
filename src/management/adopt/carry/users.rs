//! The user model.

use super::carrier::Carry;
use crate::management::adopt::export::{Field, UserModel};
use crate::management::adopt::report::Finding;

/// Types of primary keys that exist here.
const KEYS: &[&str] = &["AutoField", "BigAutoField", "IntegerField", "BigIntegerField", "UUIDField"];

/// Sets `AUTH_USER_MODEL` and the related settings, if the project has its own user model.
pub(super) fn carry(carry: &mut Carry<'_>) {
    let label = carry.export.setting("AUTH_USER_MODEL").and_then(|label| label.as_str()).unwrap_or("auth.User");
    if label == "auth.User" {
        return;
    }
    let Some(model) = carry.export.user_model() else {
        carry.report.add(
            Finding::blocking(format!("AUTH_USER_MODEL is {label}, and the export does not describe it."))
                .clients("No user could log in.")
                .remedy("Export the settings with `manage adopt --export`."),
        );
        return;
    };
    let key = model.fields.iter().find(|field| field.name == model.pk).map_or("unknown", |field| field.kind.as_str());
    if !KEYS.contains(&key) {
        carry.report.add(
            Finding::blocking(format!("The primary key of {} is a {key}.", model.label))
                .clients("No user could log in.")
                .remedy("An integer, a bigint or a UUID is possible. For other keys stay with Django."),
        );
    }
    if carry.knows("AUTH_USER_MODEL") {
        settings(carry, &model);
    } else {
        carry.report.add(
            Finding::blocking(format!("AUTH_USER_MODEL is {}, with the table {}.", model.label, model.table))
                .clients("No user could log in.")
                .remedy(
                    "Implement the trait UserModel for its table and add it in `Settings::builder` in src/settings.rs:",
                )
                .lines([".users(…)"]),
        );
    }
}

fn settings(carry: &mut Carry<'_>, model: &UserModel) {
    carry.set("AUTH_USER_MODEL", &model.label);
    // The column of a foreign key is found without a setting.
    let differs = |field: &&Field| field.column != field.name && field.column != format!("{}_id", field.name);
    let columns: Vec<_> =
        model.fields.iter().filter(differs).map(|field| format!("{}={}", field.name, field.column)).collect();
    if !columns.is_empty() {
        carry.set("AUTH_USER_COLUMNS", columns.join(","));
    }
    let required = &model.required_fields;
    for (key, value) in [
        ("AUTH_USER_TABLE", model.table.clone()),
        ("USERNAME_FIELD", model.username_field.clone()),
        ("EMAIL_FIELD", model.email_field.clone().unwrap_or_else(|| "none".to_owned())),
        ("REQUIRED_FIELDS", if required.is_empty() { "none".to_owned() } else { required.join(",") }),
    ] {
        if carry.knows(key) {
            carry.set(key, value);
        }
    }
}
