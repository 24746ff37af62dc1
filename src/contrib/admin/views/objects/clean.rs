//! Checks the submitted data against the rules of the model. Python counterpart: `BaseModelForm._post_clean`.

use chrono::{DateTime, Utc};

use crate::contrib::admin::error::PageError;
use crate::contrib::admin::forms::{FieldType, Form, NON_FIELD_ERRORS};
use crate::contrib::admin::model_forms::{apply, new_object, validate_unique};
use crate::contrib::admin::models::Row;
use crate::contrib::admin::sites::Registered;
use crate::db::DbConnection;
use crate::db::tables::ColumnKind;

/// Reads `form` and checks it against the fields, the rules of the model and the other rows. Returns the object with the values
/// that could be read; the form has the errors.
pub(super) fn clean(
    conn: &mut DbConnection,
    registered: &Registered,
    form: &mut Form,
    original: Option<&Row>,
    now: DateTime<Utc>,
) -> Result<Row, PageError> {
    limit_values(conn, registered, form)?;
    form.full_clean(conn)?;
    let mut object = original.cloned().unwrap_or_else(|| new_object(&registered.model, now));
    apply(&registered.model, form, &mut object);
    let admin = &registered.admin;
    for error in admin.clean(conn, &mut object, original)? {
        let is_field = form.field(&error.field).is_some();
        // A value that could not be read has its error already.
        if !is_field {
            form.add_error(NON_FIELD_ERRORS, error.message);
        } else if form.cleaned(&error.field).is_some() {
            form.add_error(&error.field, error.message);
        }
    }
    validate_unique(conn, registered, form, &object, original)?;
    admin.clean_form(conn, form, &mut object, original)?;
    Ok(object)
}

/// Adds errors for numbers and texts that the column cannot hold, so that the database does not have to refuse them.
fn limit_values(conn: &mut DbConnection, registered: &Registered, form: &mut Form) -> Result<(), PageError> {
    let table = registered.objects.table(conn)?;
    for field in &registered.model.fields {
        let Some(form_field) = form.field_mut(&field.name).filter(|_| !field.column.is_empty()) else { continue };
        if let FieldType::Char { max_length, .. }
        | FieldType::Username { max_length }
        | FieldType::Email { max_length } = &mut form_field.kind
        {
            let limit = table.column(&field.column)?.column.max_length.and_then(|limit| usize::try_from(limit).ok());
            *max_length = max_length.or(limit);
        }
        if let FieldType::Integer { min, max } = &mut form_field.kind
            && let ColumnKind::Integer(bytes) = table.column(&field.column)?.kind
            && let Some(limit) = 1_i64.checked_shl(8 * u32::from(bytes) - 1).filter(|limit| *limit > 0)
        {
            (*min, *max) = ((*min).max(-limit), (*max).min(limit - 1));
        }
    }
    Ok(())
}
