//! Fields of a form. Python counterpart: `django.forms.fields` and `django.forms.models`.

use std::fmt;
use std::sync::Arc;

use chrono::SubsecRound;
use diesel::QueryResult;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::choices::Choices;
use super::dates::{parse_date, parse_time};
use super::email::is_email;
use super::numbers::{self, Decimal};
use super::password::PasswordSummary;
use super::value::Value;
use crate::contrib::admin::models::{moment, moment_text};
use crate::core::python;
use crate::db::DbConnection;
use crate::http::query_dict::QueryDict;

pub(super) const REQUIRED: &str = "This field is required.";

const NULL_CHARACTERS: &str = "Null characters are not allowed.";

/// The type of a field.
#[derive(Clone)]
#[non_exhaustive]
pub enum FieldType {
    /// `CharField`. White space at both ends is removed if `strip` is set.
    Char {
        /// The largest number of characters.
        max_length: Option<usize>,
        /// Whether white space at the ends is removed.
        strip: bool,
        /// Whether the text has several lines.
        multiline: bool,
    },
    /// `UsernameField`: same as `Char`, normalized with NFKC.
    Username {
        /// The largest number of characters.
        max_length: Option<usize>,
    },
    /// `EmailField`.
    Email {
        /// The largest number of characters.
        max_length: Option<usize>,
    },
    /// A new password. It is never shown again.
    Password,
    /// `IntegerField`.
    Integer {
        /// The smallest number.
        min: i64,
        /// The largest number.
        max: i64,
    },
    /// `FloatField`.
    Float,
    /// `DecimalField`.
    Decimal {
        /// The largest number of digits, before and after the point.
        max_digits: Option<u32>,
        /// The largest number of digits after the point.
        decimal_places: Option<u32>,
    },
    /// `BooleanField`.
    Boolean,
    /// `NullBooleanField`.
    NullBoolean,
    /// `DateField`.
    Date,
    /// `TimeField`.
    Time,
    /// `SplitDateTimeField`: date and time, each in its own control, in UTC.
    DateTime,
    /// `UUIDField`.
    Uuid,
    /// `JSONField`.
    Json,
    /// `ChoiceField`: values and labels.
    Choice {
        /// Values and labels.
        choices: Vec<(String, String)>,
        /// Whether every choice is a radio button.
        radio: bool,
    },
    /// `ModelChoiceField`: the key of a row.
    ModelChoice {
        /// The rows.
        choices: Arc<dyn Choices>,
        /// Whether the key is typed: `raw_id_fields`.
        raw_id: bool,
        /// The list of the rows, if they have one.
        list_url: Option<String>,
    },
    /// `ModelMultipleChoiceField`: keys of rows.
    ModelMultipleChoice(Arc<dyn Choices>),
    /// `ReadOnlyPasswordHashField`: the summary of a stored password. It is never written.
    ReadOnlyPasswordHash(PasswordSummary),
}

impl fmt::Debug for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Char { .. } => "Char",
            Self::Username { .. } => "Username",
            Self::Email { .. } => "Email",
            Self::Password => "Password",
            Self::Integer { .. } => "Integer",
            Self::Float => "Float",
            Self::Decimal { .. } => "Decimal",
            Self::Boolean => "Boolean",
            Self::NullBoolean => "NullBoolean",
            Self::Date => "Date",
            Self::Time => "Time",
            Self::DateTime => "DateTime",
            Self::Uuid => "Uuid",
            Self::Json => "Json",
            Self::Choice { .. } => "Choice",
            Self::ModelChoice { .. } => "ModelChoice",
            Self::ModelMultipleChoice(_) => "ModelMultipleChoice",
            Self::ReadOnlyPasswordHash(_) => "ReadOnlyPasswordHash",
        })
    }
}

/// A rule for a new value in addition to its type, such as which permissions the user may give to others.
pub trait Rule: Send + Sync {
    /// The problem with changing the value `before` to `after`.
    ///
    /// # Errors
    /// Returns the errors of the statements.
    fn check(&self, conn: &mut DbConnection, before: &Value, after: &Value) -> QueryResult<Vec<String>>;
}

impl fmt::Debug for dyn Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rule")
    }
}

/// A field of a form.
#[derive(Clone, Debug)]
pub struct FormField {
    /// The name, which is also the name in the request.
    pub name: String,
    /// The text in front of the control.
    pub label: String,
    /// Paragraphs below the control.
    pub help_text: Vec<String>,
    /// Items of a list below the control, such as the rules for a password.
    pub help_list: Vec<String>,
    /// A warning below the control.
    pub help_warning: Option<String>,
    /// Whether a value is required.
    pub required: bool,
    /// Its type.
    pub kind: FieldType,
    /// The initial value.
    pub initial: Value,
    /// Whether an empty text becomes NULL.
    pub empty_is_null: bool,
    /// Whether the initial value is also in hidden controls, because the default is a function and depends on the time of the
    /// page.
    pub show_hidden_initial: bool,
    /// The attribute `autocomplete` of HTML.
    pub autocomplete: Option<&'static str>,
    /// Whether the field has the focus when the page opens.
    pub autofocus: bool,
    /// Set if the user may see the value but not change it, although the page has a control. A new value is ignored, and this
    /// text says so.
    pub ignored: Option<&'static str>,
    /// The rule for a new value.
    pub rule: Option<Arc<dyn Rule>>,
}

impl FormField {
    /// A required field.
    #[must_use]
    pub fn new(name: &str, label: &str, kind: FieldType) -> Self {
        let initial =
            if matches!(kind, FieldType::ModelMultipleChoice(_)) { Value::Many(Vec::new()) } else { Value::NULL };
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            help_text: Vec::new(),
            help_list: Vec::new(),
            help_warning: None,
            required: true,
            kind,
            initial,
            empty_is_null: false,
            show_hidden_initial: false,
            autocomplete: None,
            autofocus: false,
            ignored: None,
            rule: None,
        }
    }

    /// The field as an optional one.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// The field with a help text.
    #[must_use]
    pub fn help(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.help_text.push(text.to_owned());
        }
        self
    }

    /// Whether it is shown but never read from a request.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        matches!(self.kind, FieldType::ReadOnlyPasswordHash(_))
    }

    /// The value that was sent, or Django's message about what is wrong with it.
    ///
    /// # Errors
    /// Returns the errors of the statements of [`Choices`].
    pub(super) fn clean(
        &self,
        conn: &mut DbConnection,
        data: &QueryDict,
        prefix: &str,
    ) -> QueryResult<Result<Value, Vec<String>>> {
        let name = format!("{prefix}{}", self.name);
        match &self.kind {
            FieldType::ModelChoice { choices, .. } => self.clean_choice(conn, data.get(&name), choices.as_ref()),
            FieldType::ModelMultipleChoice(choices) => {
                let keys: Vec<&str> = data.get_list(&name);
                self.clean_choices(conn, &keys, choices.as_ref())
            }
            FieldType::DateTime => {
                let part = |part: &str| data.get(&format!("{name}{part}")).unwrap_or_default().to_owned();
                Ok(self.clean_date_time(&part("_0"), &part("_1")))
            }
            FieldType::Boolean => Ok(self.clean_boolean(data.get(&name))),
            FieldType::NullBoolean => Ok(Ok(match data.get(&name) {
                Some("true" | "True" | "2") => Value::text("true"),
                Some("false" | "False" | "3") => Value::text("false"),
                _ => Value::NULL,
            })),
            FieldType::ReadOnlyPasswordHash(_) => Ok(Ok(self.initial.clone())),
            _ => Ok(self.clean_text(data.get(&name).unwrap_or_default())),
        }
    }

    fn clean_text(&self, raw: &str) -> Result<Value, Vec<String>> {
        let text = self.stripped(raw);
        if text.is_empty() {
            return match (self.required, self.is_text() && !self.empty_is_null) {
                (true, _) => Err(vec![REQUIRED.to_owned()]),
                (false, true) => Ok(Value::text("")),
                (false, false) => Ok(Value::NULL),
            };
        }
        let value = self.to_python(text).map_err(|problem| vec![problem])?;
        let problems = self.problems_of_value(&value);
        if problems.is_empty() { Ok(Value::One(Some(value))) } else { Err(problems) }
    }

    fn is_text(&self) -> bool {
        matches!(
            self.kind,
            FieldType::Char { .. }
                | FieldType::Username { .. }
                | FieldType::Email { .. }
                | FieldType::Password
                | FieldType::Choice { .. }
        )
    }

    /// The submitted text, with white space removed if the type says so.
    fn stripped<'a>(&self, raw: &'a str) -> &'a str {
        match self.kind {
            FieldType::Char { strip: false, .. } | FieldType::Password | FieldType::Choice { .. } => raw,
            // Only an empty text means no value here. White space is an invalid number or date.
            FieldType::Integer { .. }
            | FieldType::Float
            | FieldType::Decimal { .. }
            | FieldType::Date
            | FieldType::Time
            | FieldType::Uuid
            | FieldType::Json => raw,
            _ => python::strip(raw),
        }
    }

    fn max_length(&self) -> Option<usize> {
        match self.kind {
            FieldType::Char { max_length, .. }
            | FieldType::Username { max_length }
            | FieldType::Email { max_length } => max_length,
            _ => None,
        }
    }

    /// The value of a text.
    fn to_python(&self, text: &str) -> Result<String, String> {
        let invalid = |problem: &str| problem.to_owned();
        match &self.kind {
            FieldType::Username { max_length } => {
                // A name that is too long is refused, so it is not normalized.
                let is_long = max_length.is_some_and(|limit| text.chars().count() > limit);
                Ok(if is_long { text.to_owned() } else { text.nfkc().collect() })
            }
            FieldType::Integer { .. } => {
                numbers::integer(text).map(|number| number.to_string()).ok_or_else(|| invalid("Enter a whole number."))
            }
            FieldType::Float => {
                numbers::float(text).map(|number| number.to_string()).ok_or_else(|| invalid("Enter a number."))
            }
            FieldType::Decimal { max_digits, decimal_places } => {
                let number = Decimal::parse(text).ok_or_else(|| invalid("Enter a number."))?;
                match number.problem(*max_digits, *decimal_places) {
                    Some(problem) => Err(problem),
                    None => Ok(number.to_text(*decimal_places)),
                }
            }
            FieldType::Date => {
                parse_date(text).map(|date| date.to_string()).ok_or_else(|| invalid("Enter a valid date."))
            }
            FieldType::Time => {
                parse_time(text).map(|time| time.to_string()).ok_or_else(|| invalid("Enter a valid time."))
            }
            FieldType::Uuid => {
                let id = Uuid::parse_str(python::strip(text));
                id.map(|id| id.to_string()).map_err(|_| invalid("Enter a valid UUID."))
            }
            FieldType::Json => {
                let value = serde_json::from_str::<serde_json::Value>(text);
                value.map(|_| python::strip(text).to_owned()).map_err(|_| invalid("Enter a valid JSON."))
            }
            FieldType::Choice { choices, .. } => {
                let is_choice = choices.iter().any(|(value, _)| value == text);
                let problem = || format!("Select a valid choice. {text} is not one of the available choices.");
                is_choice.then(|| text.to_owned()).ok_or_else(problem)
            }
            _ => Ok(text.to_owned()),
        }
    }

    /// The messages of all validators that refuse it.
    fn problems_of_value(&self, value: &str) -> Vec<String> {
        let mut problems = Vec::new();
        if matches!(self.kind, FieldType::Email { .. }) && !is_email(value) {
            problems.push("Enter a valid email address.".to_owned());
        }
        if let FieldType::Integer { min, max } = self.kind
            && let Ok(number) = value.parse::<i128>()
        {
            if number > i128::from(max) {
                problems.push(format!("Ensure this value is less than or equal to {max}."));
            }
            if number < i128::from(min) {
                problems.push(format!("Ensure this value is greater than or equal to {min}."));
            }
        }
        if let Some(limit) = self.max_length() {
            let length = value.chars().count();
            if length > limit {
                let s = if limit == 1 { "" } else { "s" };
                problems.push(format!("Ensure this value has at most {limit} character{s} (it has {length})."));
            }
        }
        if self.is_text() && value.contains('\0') {
            problems.push(NULL_CHARACTERS.to_owned());
        }
        problems
    }

    /// A checkbox that is not sent is off. The text `false` is off as well.
    fn clean_boolean(&self, raw: Option<&str>) -> Result<Value, Vec<String>> {
        let is_on = raw.is_some_and(|text| !text.is_empty() && !text.eq_ignore_ascii_case("false"));
        if self.required && !is_on { Err(vec![REQUIRED.to_owned()]) } else { Ok(Value::text(is_on.to_string())) }
    }

    fn clean_date_time(&self, date: &str, time: &str) -> Result<Value, Vec<String>> {
        if date.is_empty() && time.is_empty() {
            return if self.required { Err(vec![REQUIRED.to_owned()]) } else { Ok(Value::NULL) };
        }
        if self.required && (date.is_empty() || time.is_empty()) {
            return Err(vec![REQUIRED.to_owned()]);
        }
        match (parse_date(date), parse_time(time)) {
            (Some(date), Some(time)) => Ok(Value::text(moment_text(date.and_time(time).and_utc()))),
            (parsed_date, parsed_time) => {
                let problems = [
                    (parsed_date.is_none(), date, "Enter a valid date."),
                    (parsed_time.is_none(), time, "Enter a valid time."),
                ];
                let wrong = problems.iter().filter(|(is_wrong, ..)| *is_wrong);
                // As in Django, an empty part is reported only if the other part is valid.
                let has_text = wrong.clone().any(|(_, text, _)| !text.is_empty());
                let wrong = wrong.filter(|(_, text, _)| !has_text || !text.is_empty());
                Err(wrong.map(|(_, _, problem)| (*problem).to_owned()).collect())
            }
        }
    }

    fn clean_choice(
        &self,
        conn: &mut DbConnection,
        raw: Option<&str>,
        choices: &dyn Choices,
    ) -> QueryResult<Result<Value, Vec<String>>> {
        let Some(raw) = raw.filter(|text| !text.is_empty()) else {
            return Ok(if self.required { Err(vec![REQUIRED.to_owned()]) } else { Ok(Value::NULL) });
        };
        if raw.contains('\0') {
            return Ok(Err(vec![NULL_CHARACTERS.to_owned()]));
        }
        let found = match &choices.key(conn, raw)? {
            Some(key) => choices.find(conn, std::slice::from_ref(key))?.pop(),
            None => None,
        };
        let problem = "Select a valid choice. That choice is not one of the available choices.";
        Ok(found.map(|(key, _)| Value::text(key)).ok_or_else(|| vec![problem.to_owned()]))
    }

    fn clean_choices(
        &self,
        conn: &mut DbConnection,
        raw: &[&str],
        choices: &dyn Choices,
    ) -> QueryResult<Result<Value, Vec<String>>> {
        if raw.is_empty() {
            let nothing = Ok(Value::Many(Vec::new()));
            return Ok(if self.required { Err(vec![REQUIRED.to_owned()]) } else { nothing });
        }
        if raw.iter().any(|text| text.contains('\0')) {
            return Ok(Err(vec![NULL_CHARACTERS.to_owned()]));
        }
        let mut keys = Vec::with_capacity(raw.len());
        for text in raw {
            match choices.key(conn, text)? {
                Some(key) => keys.push(key),
                None => return Ok(Err(vec![format!("“{text}” is not a valid value.")])),
            }
        }
        let found: Vec<String> = choices.find(conn, &keys)?.into_iter().map(|(key, _)| key).collect();
        // As in Django, a key must be written as the page has it.
        if let Some(text) = raw.iter().find(|text| !found.iter().any(|key| key == *text)) {
            return Ok(Err(vec![format!("Select a valid choice. {text} is not one of the available choices.")]));
        }
        Ok(Ok(Value::Many(found)))
    }

    /// Whether the submitted value differs from `initial`: `has_changed`. A value that cannot be read counts as different.
    pub(super) fn has_changed(&self, initial: &Value, cleaned: Option<&Value>) -> bool {
        if self.is_disabled() {
            return false;
        }
        let Some(cleaned) = cleaned else { return true };
        match (&self.kind, initial, cleaned) {
            (FieldType::ModelMultipleChoice(_), initial, cleaned) => {
                let sorted = |value: &Value| {
                    let mut keys = value.keys().to_vec();
                    keys.sort();
                    keys
                };
                sorted(initial) != sorted(cleaned)
            }
            (FieldType::Boolean, initial, cleaned) => (initial.to_text() == "true") != (cleaned.to_text() == "true"),
            // The page shows no microseconds.
            (FieldType::DateTime, initial, cleaned) => {
                initial.as_str().and_then(moment).map(|moment| moment.trunc_subsecs(0))
                    != cleaned.as_str().and_then(moment)
            }
            (FieldType::Decimal { decimal_places, .. }, initial, cleaned) => {
                let shown =
                    |value: &Value| Decimal::parse(value.as_str()?).map(|number| number.to_text(*decimal_places));
                shown(initial) != shown(cleaned)
            }
            (FieldType::Float, initial, cleaned) => {
                let number = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
                number(initial) != number(cleaned)
            }
            (_, initial, cleaned) => initial.to_text() != cleaned.to_text(),
        }
    }
}
