//! Rows from forms. Python counterpart: `construct_instance` and `Model.validate_unique`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use uuid::Uuid;

use super::fields::default_value;
use crate::contrib::admin::forms::{Form, Value};
use crate::contrib::admin::models::{FieldKind, Model, Row, moment_text};
use crate::contrib::admin::sites::Registered;
use crate::core::python::capfirst;
use crate::db::DbConnection;

/// A new row with the defaults of its fields. The database sets fields without a default.
#[must_use]
pub fn new_object(model: &Arc<Model>, now: DateTime<Utc>) -> Row {
    let mut object = Row::new(model);
    for field in model.fields.iter().filter(|field| !field.auto && field.many().is_none()) {
        let value = match default_value(field, now) {
            _ if field.auto_now_add => Some(moment_text(now)),
            Value::One(value) => value,
            Value::Many(_) => None,
        };
        if value.is_some() {
            object.set(&field.name, value);
        }
    }
    // The database generates numbers; Django generates UUIDs.
    if let Some(key) =
        model.get_field("pk").filter(|key| key.kind == FieldKind::Uuid && !key.auto && !object.has(&key.name))
    {
        object.set(&key.name, Some(Uuid::new_v4().to_string()));
    }
    object
}

/// Puts the values of `form` that could be read into `object`.
pub fn apply(model: &Model, form: &Form, object: &mut Row) {
    for field in &model.fields {
        match form.cleaned(&field.name) {
            Some(Value::One(value)) if field.many().is_none() => object.set(&field.name, value.clone()),
            Some(Value::Many(keys)) if field.many().is_some() => object.set_many(&field.name, keys.clone()),
            _ => {}
        }
    }
}

/// Adds an error for each value of a unique field that another row has. Fields with errors are left out.
///
/// # Errors
/// Returns the errors of the statements.
pub fn validate_unique(
    conn: &mut DbConnection,
    registered: &Registered,
    form: &mut Form,
    object: &Row,
    original: Option<&Row>,
) -> QueryResult<()> {
    let model = &registered.model;
    let pk = original.map_or("", Row::pk);
    for field in model.fields.iter().filter(|field| field.unique) {
        if form.field(&field.name).is_none() {
            continue;
        }
        let Some(value) = object.get(&field.name).filter(|_| form.errors_of(&field.name).is_empty()) else { continue };
        if registered.objects.is_taken(conn, &field.name, value, pk)? {
            let (name, label) = (capfirst(&model.verbose_name), capfirst(&field.verbose_name));
            let message = field.unique_message.clone();
            form.add_error(&field.name, message.unwrap_or_else(|| format!("{name} with this {label} already exists.")));
        }
    }
    Ok(())
}
