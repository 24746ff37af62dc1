//! The field of a form for a field of a model. Python counterpart: `Field.formfield` and `ModelAdmin.formfield_for_dbfield`.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::choices::RelatedChoices;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::forms::{FieldType, FormField, PasswordSummary, Value};
use crate::contrib::admin::models::{DefaultValue, Field, FieldKind, Row, moment_text};
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::auth::hashers::PasswordHashers;
use crate::core::python::capfirst;

/// The largest number of rows in a list of choices. With more rows the user types the key.
const MAX_CHOICES: u64 = 1_000;

/// The text that is added to the help of a list with several choices.
const SELECT_MULTIPLE: &str = "Hold down “Control”, or “Command” on a Mac, to select more than one.";

/// The context for making forms.
#[derive(Clone, Debug)]
pub struct FormOptions {
    /// The registered models.
    pub site: AdminSite,
    /// For the summaries of passwords.
    pub hashers: PasswordHashers,
    /// The time, for defaults.
    pub now: DateTime<Utc>,
}

/// The field of the form for `field`. `object` is the row as stored.
///
/// # Errors
/// 500 if the site does not know a model that the field refers to.
pub fn form_field(
    options: &FormOptions,
    registered: &Registered,
    field: &Field,
    object: Option<&Row>,
) -> Result<FormField, PageError> {
    let initial = match object {
        Some(object) => stored(field, object),
        None => default_value(field, options.now),
    };
    let kind = kind(options, registered, field, &initial)?;
    let mut help = field.help_text.clone();
    if matches!(kind, FieldType::ModelMultipleChoice(_)) {
        help = if help.is_empty() { SELECT_MULTIPLE.to_owned() } else { format!("{help} {SELECT_MULTIPLE}") };
    }
    let mut form_field = FormField::new(&field.name, &capfirst(&field.verbose_name), kind).help(&help);
    form_field.required = !field.blank && !form_field.is_disabled();
    form_field.empty_is_null = field.null || !field.is_text();
    form_field.show_hidden_initial = matches!(field.default, Some(DefaultValue::Now | DefaultValue::Today));
    form_field.initial = initial;
    Ok(form_field)
}

/// The value of `field` in a stored row.
fn stored(field: &Field, object: &Row) -> Value {
    match field.many() {
        Some(_) => Value::Many(object.many(&field.name).to_vec()),
        None => Value::One(object.get(&field.name).map(str::to_owned)),
    }
}

/// The value of `field` in a new row.
pub(super) fn default_value(field: &Field, now: DateTime<Utc>) -> Value {
    match &field.default {
        _ if field.many().is_some() => Value::Many(Vec::new()),
        Some(DefaultValue::Value(value)) => Value::text(value.clone()),
        Some(DefaultValue::Now) => Value::text(moment_text(now)),
        Some(DefaultValue::Today) => Value::text(now.date_naive().to_string()),
        None if field.is_text() && !field.null => Value::text(""),
        None => Value::NULL,
    }
}

fn kind(
    options: &FormOptions,
    registered: &Registered,
    field: &Field,
    initial: &Value,
) -> Result<FieldType, PageError> {
    if !field.choices.is_empty() {
        let mut choices = field.choices.clone();
        if field.blank || field.default.is_none() {
            choices.insert(0, (String::new(), "---------".to_owned()));
        }
        return Ok(FieldType::Choice { choices, radio: false });
    }
    let max_length = field.max_length;
    Ok(match &field.kind {
        FieldKind::Boolean if field.null => FieldType::NullBoolean,
        FieldKind::Boolean => FieldType::Boolean,
        FieldKind::Integer => FieldType::Integer { min: i64::MIN, max: i64::MAX },
        FieldKind::Float => FieldType::Float,
        FieldKind::Decimal => FieldType::Decimal { max_digits: None, decimal_places: None },
        FieldKind::Char => FieldType::Char { max_length, strip: true, multiline: false },
        FieldKind::Text => FieldType::Char { max_length, strip: true, multiline: true },
        FieldKind::Email => FieldType::Email { max_length },
        FieldKind::Uuid => FieldType::Uuid,
        FieldKind::DateTime => FieldType::DateTime,
        FieldKind::Date => FieldType::Date,
        FieldKind::Password => {
            FieldType::ReadOnlyPasswordHash(PasswordSummary::new(&options.hashers, initial.to_text()))
        }
        FieldKind::ForeignKey(relation) | FieldKind::OneToOne(relation) => {
            let related = options.site.related(relation)?;
            let list_url = related.has_pages.then(|| options.site.url_of(related, ""));
            FieldType::ModelChoice {
                choices: Arc::new(RelatedChoices::new(&options.site, related, Some(MAX_CHOICES))),
                raw_id: registered.admin.raw_id_fields().contains(&field.name.as_str()),
                list_url,
            }
        }
        FieldKind::ManyToMany(between) => {
            let missing =
                || PageError::Internal(format!("no model {:?} is registered with the admin site", between.to));
            let related = options.site.model(&between.to).ok_or_else(missing)?;
            FieldType::ModelMultipleChoice(Arc::new(RelatedChoices::new(&options.site, related, None)))
        }
    })
}
