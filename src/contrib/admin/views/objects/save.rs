//! Writing an object. Python counterpart: `ModelAdmin.save_model`, `save_related`, `log_addition` and `log_change`.

use std::sync::Arc;

use diesel::result::{DatabaseErrorKind, Error};

use super::clean::clean;
use super::fieldsets::{BoundFieldset, FormLayout};
use crate::apps::Apps;
use crate::contrib::admin::error::{ATTEMPTS, PageError};
use crate::contrib::admin::forms::{Form, NON_FIELD_ERRORS, Value};
use crate::contrib::admin::log::{ActionFlag, ChangeMessage, LoggedObject, log_action};
use crate::contrib::admin::models::Row;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::auth::UserId;
use crate::db::{DatabaseError, DbConnection, is_unique_violation};

/// The result of a form.
pub(super) enum SaveOutcome {
    /// The object was written. The values are its text, and messages about ignored values of the form.
    Saved(Box<Row>, String, Vec<&'static str>),
    /// The form has errors.
    Invalid(Box<Rejected>),
    /// The object was deleted meanwhile.
    Gone,
}

/// A form with errors, as the page shows it.
pub(super) struct Rejected {
    pub(super) form: Form,
    pub(super) fieldsets: Vec<BoundFieldset>,
    /// `str(object)` with the submitted values.
    pub(super) text: String,
}

/// Checks the form and writes the object, or changes the one with the key of `original`.
pub(super) async fn save(
    layout: &FormLayout,
    request: &AdminRequest,
    mut form: Form,
    original: Option<&Row>,
) -> Result<SaveOutcome, PageError> {
    // Repeated if another request has written the same unique value or deleted a referenced row, or after a deadlock. If the
    // problem remains, the form then shows it as an error.
    for is_last in ATTEMPTS {
        form = match check(layout, request, form, original.cloned()).await? {
            Ok(form) => form,
            Err(rejected) => return Ok(SaveOutcome::Invalid(rejected)),
        };
        let extra = layout.registered.admin.before_save(request, &form, original).await?;
        match write(layout, request, form.clone(), extra, original).await {
            Err(PageError::Database(error)) if !is_last && is_conflict(&error) => {}
            Err(PageError::Database(DatabaseError::Query(error))) if is_refused(&error) => {
                log::warn!("the database refuses a row of {}: {error}", layout.registered.model.label());
                return refuse(layout, request, form, original.cloned()).await;
            }
            outcome => return outcome,
        }
    }
    Err(PageError::internal("the form still conflicts after three attempts"))
}

fn is_conflict(error: &DatabaseError) -> bool {
    error.is_conflict() || matches!(error, DatabaseError::Query(error) if is_unique_violation(error))
}

/// Whether the database refuses a value: it is missing, too long or too large, or a constraint forbids it.
fn is_refused(error: &Error) -> bool {
    const MESSAGES: [&str; 6] = [
        "numeric field overflow",
        "value too long for type",
        "integer out of range",
        "smallint out of range",
        "bigint out of range",
        "date/time field value out of range",
    ];
    match error {
        Error::DatabaseError(DatabaseErrorKind::NotNullViolation | DatabaseErrorKind::CheckViolation, _) => true,
        Error::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            MESSAGES.iter().any(|message| information.message().starts_with(message))
        }
        _ => false,
    }
}

/// The form with the error that the database refuses it. The log has the reason.
async fn refuse(
    layout: &FormLayout,
    request: &AdminRequest,
    mut form: Form,
    original: Option<Row>,
) -> Result<SaveOutcome, PageError> {
    let layout = layout.clone();
    let refuse = move |conn: &mut DbConnection| -> Result<_, PageError> {
        let object = clean(conn, &layout.registered, &mut form, original.as_ref(), layout.options.now)?;
        form.add_error(NON_FIELD_ERRORS, "The database does not accept this: a value is missing or not allowed.");
        rejected(conn, &layout, form, object)
    };
    request.db.query(refuse).await.map(SaveOutcome::Invalid)
}

/// The form, if it is valid.
async fn check(
    layout: &FormLayout,
    request: &AdminRequest,
    mut form: Form,
    original: Option<Row>,
) -> Result<Result<Form, Box<Rejected>>, PageError> {
    let layout = layout.clone();
    let check = move |conn: &mut DbConnection| -> Result<_, PageError> {
        let now = layout.options.now;
        let object = clean(conn, &layout.registered, &mut form, original.as_ref(), now)?;
        if form.is_valid() { Ok(Ok(form)) } else { rejected(conn, &layout, form, object).map(Err) }
    };
    request.db.query(check).await
}

fn rejected(conn: &mut DbConnection, layout: &FormLayout, form: Form, object: Row) -> Result<Box<Rejected>, PageError> {
    let mut rows = [object];
    layout.options.site.select_related(conn, &layout.registered, &mut rows, &[])?;
    let [object] = rows;
    let fieldsets = layout.bind(conn, &form, &object)?;
    Ok(Box::new(Rejected { form, fieldsets, text: layout.registered.admin.to_string(&object) }))
}

/// Writes the object and the log in one transaction. The form is checked again in it: the database may have changed.
async fn write(
    layout: &FormLayout,
    request: &AdminRequest,
    mut form: Form,
    extra: Vec<(String, Value)>,
    original: Option<&Row>,
) -> Result<SaveOutcome, PageError> {
    let (layout, apps, now) = (layout.clone(), request.apps.clone(), request.now());
    let user = request.user.as_ref().and_then(|user| user.pk());
    let key = original.map(|original| original.pk().to_owned());
    let permissions = Arc::clone(&request.permissions);
    let write = move |conn: &mut DbConnection| -> Result<SaveOutcome, PageError> {
        let registered = &layout.registered;
        // Otherwise another request could change the row after it was read, and this one would undo that.
        registered.objects.lock(conn, key.as_deref().as_slice())?;
        let original = match &key {
            None => None,
            Some(key) => match layout.options.site.get_object(conn, registered, key)? {
                None => return Ok(SaveOutcome::Gone),
                original => original,
            },
        };
        // Another request may have given the account more permissions.
        if let Some(key) = &key
            && registered.unchangeable(conn, &permissions, &[key])?.contains(key)
        {
            return Err(PageError::PermissionDenied);
        }
        let mut object = clean(conn, registered, &mut form, original.as_ref(), now)?;
        if !form.is_valid() {
            return rejected(conn, &layout, form, object).map(SaveOutcome::Invalid);
        }
        for (name, value) in extra {
            if let Value::One(value) = value {
                object.set(&name, value);
            }
        }
        save_object(conn, &layout, &apps, object, original.as_ref()).and_then(|(object, text)| {
            let message = match original {
                None => ChangeMessage::Added,
                Some(_) => ChangeMessage::Changed(form.changed_labels()),
            };
            let action = if original.is_none() { ActionFlag::Addition } else { ActionFlag::Change };
            log(conn, &layout, user, action, (object.pk(), &text), &message)?;
            Ok(SaveOutcome::Saved(Box::new(object), text, form.notices().to_vec()))
        })
    };
    request.db.write(write).await
}

fn save_object(
    conn: &mut DbConnection,
    layout: &FormLayout,
    apps: &Apps,
    mut object: Row,
    original: Option<&Row>,
) -> Result<(Row, String), PageError> {
    let registered = &layout.registered;
    registered.admin.save_model(conn, &registered.objects, &mut object, original)?;
    registered.admin.saved(conn, apps, &object, original)?;
    let stored = layout.options.site.get_object(conn, registered, object.pk())?.unwrap_or(object);
    let text = registered.admin.to_string(&stored);
    Ok((stored, text))
}

/// Writes an entry of the log about the object with that key and text.
pub(super) fn log(
    conn: &mut DbConnection,
    layout: &FormLayout,
    user: Option<UserId>,
    action: ActionFlag,
    (id, repr): (&str, &str),
    message: &ChangeMessage,
) -> Result<(), DatabaseError> {
    let Some(user) = user else { return Ok(()) };
    let model = &layout.registered.model;
    let object = LoggedObject { model: (&model.app_label, &model.model_name), id, repr };
    Ok(log_action(conn, user, action, object, message, layout.options.now)?)
}
