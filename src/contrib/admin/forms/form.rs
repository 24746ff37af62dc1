//! Forms. Python counterpart: `django.forms.forms`.

use diesel::QueryResult;

use super::field::FormField;
use super::value::Value;
use crate::db::DbConnection;
use crate::http::query_dict::QueryDict;

/// The name for errors that belong to no field.
pub const NON_FIELD_ERRORS: &str = "__all__";

/// The prefix of the hidden controls with initial values.
const INITIAL_PREFIX: &str = "initial-";

/// A form: fields in the order of the page, the submitted data, and the values or errors.
#[derive(Clone, Debug, Default)]
pub struct Form {
    fields: Vec<FormField>,
    data: Option<QueryDict>,
    cleaned: Vec<(String, Value)>,
    errors: Vec<(String, Vec<String>)>,
    changed: Vec<String>,
    notices: Vec<&'static str>,
}

impl Form {
    /// A form with these fields and without submitted data.
    #[must_use]
    pub fn new(fields: Vec<FormField>) -> Self {
        Self { fields, ..Self::default() }
    }

    /// The fields in the order of the page.
    #[must_use]
    pub fn fields(&self) -> &[FormField] {
        &self.fields
    }

    /// The field with that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FormField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field with that name, as a mutable reference.
    pub fn field_mut(&mut self, name: &str) -> Option<&mut FormField> {
        self.fields.iter_mut().find(|field| field.name == name)
    }

    /// Adds a field at the end.
    pub fn push(&mut self, field: FormField) {
        self.fields.push(field);
    }

    /// Sorts the fields in the order of `names`. Other fields come last.
    pub fn order_fields(&mut self, names: &[&str]) {
        let place = |field: &FormField| names.iter().position(|name| *name == field.name).unwrap_or(names.len());
        self.fields.sort_by_key(place);
    }

    /// Sets the submitted data. Names that are not fields are ignored.
    pub fn bind(&mut self, data: QueryDict) {
        self.data = Some(data);
    }

    /// The submitted data. `None` for a form that is shown for the first time.
    #[must_use]
    pub fn data(&self) -> Option<&QueryDict> {
        self.data.as_ref()
    }

    /// Reads every field of the submitted data. Values and errors of an earlier call are dropped. Does nothing without submitted
    /// data.
    ///
    /// # Errors
    /// Returns the errors of the statements. Invalid input is not an error of this method; [`Form::errors`] returns it.
    pub fn full_clean(&mut self, conn: &mut DbConnection) -> QueryResult<()> {
        self.cleaned.clear();
        self.errors.clear();
        self.changed.clear();
        self.notices.clear();
        let Some(data) = &self.data else { return Ok(()) };
        for field in &self.fields {
            let mut outcome = field.clean(conn, data, "")?;
            if let Some(notice) = field.ignored {
                if field.has_changed(&field.initial, outcome.as_ref().ok()) {
                    self.notices.push(notice);
                }
                outcome = Ok(field.initial.clone());
            }
            let initial = match field.show_hidden_initial {
                true => field.clean(conn, data, INITIAL_PREFIX)?.ok(),
                false => Some(field.initial.clone()),
            };
            let value = outcome.as_ref().ok();
            if initial.is_none_or(|initial| field.has_changed(&initial, value)) {
                self.changed.push(field.name.clone());
            }
            // The hidden controls come from the client, so they do not prove what is stored.
            if let (Some(rule), Some(value)) = (&field.rule, value)
                && field.has_changed(&field.initial, Some(value))
            {
                let problems = rule.check(conn, &field.initial, value)?;
                if !problems.is_empty() {
                    self.errors.push((field.name.clone(), problems));
                }
            }
            match outcome {
                Ok(value) => self.cleaned.push((field.name.clone(), value)),
                Err(problems) => self.errors.push((field.name.clone(), problems)),
            }
        }
        Ok(())
    }

    /// Whether data was submitted and is valid.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.data.is_some() && self.errors.is_empty()
    }

    /// The value of a field, if it could be read. It stays if a later rule refuses it.
    #[must_use]
    pub fn cleaned(&self, name: &str) -> Option<&Value> {
        self.cleaned.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    /// The text of a field that could be read, or an empty text.
    #[must_use]
    pub fn cleaned_text(&self, name: &str) -> &str {
        self.cleaned(name).map_or("", Value::to_text)
    }

    /// Replaces or adds a value.
    pub fn set_cleaned(&mut self, name: &str, value: Value) {
        match self.cleaned.iter_mut().find(|(field, _)| field == name) {
            Some((_, old)) => *old = value,
            None => self.cleaned.push((name.to_owned(), value)),
        }
    }

    /// Adds errors to a field, or to [`NON_FIELD_ERRORS`].
    pub fn add_errors(&mut self, name: &str, problems: impl IntoIterator<Item = String>) {
        let mut problems = problems.into_iter().peekable();
        if problems.peek().is_none() {
            return;
        }
        match self.errors.iter_mut().find(|(field, _)| field == name) {
            Some((_, list)) => list.extend(problems),
            None => self.errors.push((name.to_owned(), problems.collect())),
        }
    }

    /// Adds an error to a field, or to [`NON_FIELD_ERRORS`].
    pub fn add_error(&mut self, name: &str, problem: impl Into<String>) {
        self.add_errors(name, [problem.into()]);
    }

    /// The errors, by field.
    #[must_use]
    pub fn errors(&self) -> &[(String, Vec<String>)] {
        &self.errors
    }

    /// The errors of a field.
    #[must_use]
    pub fn errors_of(&self, name: &str) -> &[String] {
        self.errors.iter().find(|(field, _)| field == name).map_or(&[], |(_, problems)| problems.as_slice())
    }

    /// Messages about submitted values that were ignored.
    #[must_use]
    pub fn notices(&self) -> &[&'static str] {
        &self.notices
    }

    /// The fields that differ from their initial values, in the order of the page: `changed_data`.
    #[must_use]
    pub fn changed_data(&self) -> &[String] {
        &self.changed
    }

    /// The labels of the changed fields, for the log.
    #[must_use]
    pub fn changed_labels(&self) -> Vec<String> {
        let label = |name: &String| self.field(name).map_or_else(|| name.clone(), |field| field.label.clone());
        self.changed.iter().map(label).collect()
    }
}
