//! Form fields for the templates. Python counterpart: `django.forms.boundfield` and the widgets of the admin site.

use chrono::{DateTime, NaiveTime, Timelike, Utc};
use diesel::QueryResult;

use super::choices::Choices;
use super::field::{FieldType, FormField};
use super::form::Form;
use super::password::PasswordSummary;
use crate::contrib::admin::cell::Cell;
use crate::contrib::admin::models::moment;
use crate::contrib::admin::urls::quote;
use crate::db::DbConnection;

/// A field as the page shows it.
#[derive(Clone, Debug)]
pub struct BoundField {
    /// Name of the field.
    pub name: String,
    /// The text in front of the control.
    pub label: String,
    /// Paragraphs below the control.
    pub help_text: Vec<String>,
    /// A list below the control.
    pub help_list: Vec<String>,
    /// A warning below the control.
    pub help_warning: Option<String>,
    /// Errors.
    pub errors: Vec<String>,
    /// Whether a value is required.
    pub required: bool,
    /// The attribute `autocomplete` of HTML.
    pub autocomplete: Option<&'static str>,
    /// Whether the field has the focus when the page opens.
    pub autofocus: bool,
    /// A related page, such as the page that sets a password.
    pub page_url: Option<String>,
    /// The control.
    pub widget: Widget,
}

impl BoundField {
    /// Whether there is anything below the control.
    #[must_use]
    pub fn has_help(&self) -> bool {
        !self.help_text.is_empty() || !self.help_list.is_empty() || self.help_warning.is_some()
    }

    /// The ids of the texts that describe the control, for `aria-describedby`. Empty if there are none.
    #[must_use]
    pub fn described_by(&self) -> String {
        let ids = [(self.has_help(), "helptext"), (!self.errors.is_empty(), "error")];
        let ids = ids.iter().filter(|(is_there, _)| *is_there).map(|(_, id)| format!("id_{}_{id}", self.name));
        ids.collect::<Vec<_>>().join(" ")
    }

    /// Whether the label names one control.
    #[must_use]
    pub fn has_one_control(&self) -> bool {
        !matches!(self.widget, Widget::DateTime { .. } | Widget::Radio(_) | Widget::Password(_) | Widget::Readonly(_))
    }

    /// Whether an on-screen keyboard should not begin with a capital letter.
    #[must_use]
    pub fn no_capitals(&self) -> bool {
        self.autocomplete == Some("username")
    }

    /// Whether the control is before its label.
    #[must_use]
    pub fn is_checkbox(&self) -> bool {
        matches!(self.widget, Widget::Checkbox(_))
    }
}

/// A choice on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceOption {
    /// The value that is sent.
    pub value: String,
    /// The text on the page.
    pub label: String,
    /// Whether it is chosen.
    pub selected: bool,
}

/// A control.
#[derive(Clone, Debug)]
pub enum Widget {
    /// A line of text.
    Input {
        /// `type` of HTML.
        kind: &'static str,
        /// Its content.
        value: String,
        /// The largest number of characters.
        max_length: Option<usize>,
        /// Class of HTML.
        class: &'static str,
        /// `step` of HTML, for numbers.
        step: Option<String>,
        /// `min` and `max` of HTML, for numbers.
        range: Option<(i64, i64)>,
    },
    /// Lines of text.
    Textarea(String, Option<usize>),
    /// A box that is checked or not.
    Checkbox(bool),
    /// A list with one choice.
    Select(Vec<ChoiceOption>),
    /// A list with any number of choices.
    SelectMultiple(Vec<ChoiceOption>),
    /// Radio buttons.
    Radio(Vec<ChoiceOption>),
    /// Date and time, and the initial values for hidden controls.
    DateTime {
        /// The value of the control for the date.
        date: String,
        /// The value of the control for the time.
        time: String,
        /// A hidden control.
        hidden: Option<(String, String)>,
    },
    /// The key of a row that is typed.
    RawId {
        /// The key of the row, as it was typed or stored.
        value: String,
        /// The text of the row, and its page.
        row: Option<(String, Option<String>)>,
        /// The list of the rows.
        list_url: Option<String>,
    },
    /// The summary of a stored password.
    Password(PasswordSummary),
    /// A read-only value.
    Readonly(ReadonlyValue),
}

/// A read-only value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadonlyValue {
    /// A text, a boolean or a link.
    Cell(Cell),
    /// The summary of a stored password.
    Password(PasswordSummary),
}

impl Form {
    /// The field for the page. Reads the choices of the field.
    ///
    /// # Errors
    /// Returns the errors of the statements.
    pub fn bound_field(&self, conn: &mut DbConnection, field: &FormField) -> QueryResult<BoundField> {
        Ok(BoundField {
            name: field.name.clone(),
            label: field.label.clone(),
            help_text: field.help_text.clone(),
            help_list: field.help_list.clone(),
            help_warning: field.help_warning.clone(),
            errors: self.errors_of(&field.name).to_vec(),
            required: field.required,
            autocomplete: field.autocomplete,
            autofocus: field.autofocus,
            page_url: None,
            widget: self.widget(conn, field)?,
        })
    }

    /// The text in a control: the submitted text, or the initial value.
    fn shown(&self, name: &str, initial: &str) -> String {
        match self.data() {
            Some(data) => data.get(name).unwrap_or_default().to_owned(),
            None => initial.to_owned(),
        }
    }

    /// The choices in a control.
    fn chosen(&self, field: &FormField) -> Vec<String> {
        match self.data() {
            Some(data) => data.get_list(&field.name).into_iter().map(str::to_owned).collect(),
            None => field.initial.keys().to_vec(),
        }
    }

    fn widget(&self, conn: &mut DbConnection, field: &FormField) -> QueryResult<Widget> {
        let text = || self.shown(&field.name, field.initial.to_text());
        let input =
            |kind, class, max_length| Widget::Input { kind, value: text(), max_length, class, step: None, range: None };
        let number = |step: Option<String>, range| Widget::Input {
            kind: "number",
            value: text(),
            max_length: None,
            class: "vIntegerField",
            step,
            range,
        };
        Ok(match &field.kind {
            FieldType::Char { multiline: true, max_length, .. } => Widget::Textarea(text(), *max_length),
            FieldType::Json => Widget::Textarea(text(), None),
            FieldType::Char { max_length, .. } | FieldType::Username { max_length } => {
                input("text", "vTextField", *max_length)
            }
            FieldType::Email { max_length } => input("email", "vTextField", *max_length),
            FieldType::Password => Widget::Input {
                kind: "password",
                value: String::new(),
                max_length: None,
                class: "vTextField",
                step: None,
                range: None,
            },
            FieldType::Integer { min, max } => {
                number(None, (*min != i64::MIN || *max != i64::MAX).then_some((*min, *max)))
            }
            FieldType::Float => number(Some("any".to_owned()), None),
            FieldType::Decimal { decimal_places, .. } => number(Some(step(*decimal_places)), None),
            FieldType::Date => input("text", "vDateField", None),
            FieldType::Time => input("text", "vTimeField", None),
            FieldType::Uuid => input("text", "vUUIDField", None),
            FieldType::Boolean => Widget::Checkbox(match self.data() {
                Some(data) => {
                    data.get(&field.name).is_some_and(|text| !text.is_empty() && !text.eq_ignore_ascii_case("false"))
                }
                None => field.initial.to_text() == "true",
            }),
            FieldType::NullBoolean => {
                let choices = [("unknown", "Unknown"), ("true", "Yes"), ("false", "No")];
                let choices = choices.map(|(value, label)| (value.to_owned(), label.to_owned()));
                let chosen = self.shown(&field.name, field.initial.as_str().unwrap_or("unknown"));
                Widget::Select(options(choices.to_vec(), &[chosen]))
            }
            FieldType::DateTime => self.date_time(field),
            FieldType::Choice { choices, radio: true } => Widget::Radio(options(choices.clone(), &self.chosen(field))),
            FieldType::Choice { choices, .. } => Widget::Select(options(choices.clone(), &self.chosen(field))),
            FieldType::ModelChoice { choices, raw_id, list_url } => {
                let all = if *raw_id { None } else { choices.all(conn)? };
                self.model_choice(conn, field, choices.as_ref(), all, list_url.as_deref())?
            }
            FieldType::ModelMultipleChoice(choices) => {
                let all = choices.all(conn)?.unwrap_or_default();
                Widget::SelectMultiple(options(all, &self.chosen(field)))
            }
            FieldType::ReadOnlyPasswordHash(summary) => Widget::Password(summary.clone()),
        })
    }

    fn date_time(&self, field: &FormField) -> Widget {
        let initial = field.initial.as_str().and_then(moment).map(date_and_time).unwrap_or_default();
        let part =
            |prefix: &str, part: &str, initial: &str| self.shown(&format!("{prefix}{}{part}", field.name), initial);
        let (date, time) = (part("", "_0", &initial.0), part("", "_1", &initial.1));
        // As in Django, the hidden controls have the submitted value, so that it counts as unchanged the next time.
        let hidden = field.show_hidden_initial.then(|| (date.clone(), time.clone()));
        Widget::DateTime { date, time, hidden }
    }

    fn model_choice(
        &self,
        conn: &mut DbConnection,
        field: &FormField,
        choices: &dyn Choices,
        all: Option<Vec<(String, String)>>,
        list_url: Option<&str>,
    ) -> QueryResult<Widget> {
        let chosen = self.shown(&field.name, field.initial.to_text());
        if let Some(mut all) = all {
            all.insert(0, (String::new(), "---------".to_owned()));
            return Ok(Widget::Select(options(all, &[chosen])));
        }
        let key = if chosen.is_empty() { None } else { choices.key(conn, &chosen)? };
        let found = match key {
            Some(key) => choices.find(conn, &[key])?.pop(),
            None => None,
        };
        let row = found.map(|(key, label)| (label, list_url.map(|url| format!("{url}{}/change/", quote(&key)))));
        Ok(Widget::RawId { value: chosen, row, list_url: list_url.map(str::to_owned) })
    }
}

fn options(choices: Vec<(String, String)>, chosen: &[String]) -> Vec<ChoiceOption> {
    let option = |(value, label): (String, String)| ChoiceOption { selected: chosen.contains(&value), value, label };
    choices.into_iter().map(option).collect()
}

/// `0.01` for two places.
fn step(decimal_places: Option<u32>) -> String {
    match decimal_places.and_then(|places| usize::try_from(places).ok()) {
        Some(0) => "1".to_owned(),
        Some(places) => format!("0.{:0>places$}", 1),
        None => "any".to_owned(),
    }
}

/// A date and time in two controls, without microseconds.
fn date_and_time(moment: DateTime<Utc>) -> (String, String) {
    let time = moment.time().with_nanosecond(0).unwrap_or(NaiveTime::MIN);
    (moment.date_naive().to_string(), time.format("%H:%M:%S").to_string())
}
