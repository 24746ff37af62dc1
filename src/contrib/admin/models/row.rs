//! A row of a model. Python counterpart: an instance of a model.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::model::Model;

/// A row: the values of the fields by their names. Each is NULL, or a text in the same format on both databases.
///
/// The formats are `true` and `false`, `7`, `1.50`, `2024-03-01`, a date and time in UTC such as `2024-03-01T12:30:15.123456Z`,
/// and a UUID with hyphens. The value of a foreign key is the key of the other row. Many-to-many fields have lists of keys, see
/// [`Row::many`].
#[derive(Clone)]
pub struct Row {
    model: Arc<Model>,
    values: HashMap<String, Option<String>>,
    many: HashMap<String, Vec<String>>,
    related: HashMap<String, (Arc<Row>, String)>,
    is_unchangeable: bool,
}

impl Row {
    /// A row of `model` without values.
    #[must_use]
    pub fn new(model: &Arc<Model>) -> Self {
        Self {
            model: Arc::clone(model),
            values: HashMap::new(),
            many: HashMap::new(),
            related: HashMap::new(),
            is_unchangeable: false,
        }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The value of a field. `None` if it is NULL, or was not read.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        let field = if field == "pk" { &self.model.pk } else { field };
        self.values.get(field)?.as_deref()
    }

    /// Same as [`Row::get`], with an empty text for NULL.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.get(field).unwrap_or_default()
    }

    /// Whether the value of a boolean field is true.
    #[must_use]
    pub fn is_true(&self, field: &str) -> bool {
        self.get(field) == Some("true")
    }

    /// The key that identifies the row in addresses and log entries. Empty before a new row is inserted.
    #[must_use]
    pub fn pk(&self) -> &str {
        self.text("pk")
    }

    /// Sets the value of a field.
    pub fn set(&mut self, field: &str, value: Option<String>) {
        let field = if field == "pk" { &self.model.pk } else { field };
        self.values.insert(field.to_owned(), value);
    }

    /// Whether the field was read or set. Its value may be NULL.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.values.contains_key(field)
    }

    /// The keys of a many-to-many field, in the order of the other model. Empty if they were not read.
    #[must_use]
    pub fn many(&self, field: &str) -> &[String] {
        self.many.get(field).map_or(&[], Vec::as_slice)
    }

    /// Sets the keys of a many-to-many field.
    pub fn set_many(&mut self, field: &str, keys: Vec<String>) {
        self.many.insert(field.to_owned(), keys);
    }

    /// Whether the keys of a many-to-many field were set.
    #[must_use]
    pub fn has_many(&self, field: &str) -> bool {
        self.many.contains_key(field)
    }

    /// The row that a foreign key refers to, if it was read: see
    /// [`ModelAdmin::list_select_related`](crate::contrib::admin::ModelAdmin::list_select_related).
    #[must_use]
    pub fn related(&self, field: &str) -> Option<&Row> {
        self.related.get(field).map(|(row, _)| &**row)
    }

    /// The text of the row that a foreign key refers to, if it was read: `str(row.field)`.
    #[must_use]
    pub fn label(&self, field: &str) -> Option<&str> {
        self.related.get(field).map(|(_, label)| label.as_str())
    }

    /// Sets the row that a foreign key refers to, and its text.
    pub fn set_related(&mut self, field: &str, row: Arc<Self>, label: String) {
        self.related.insert(field.to_owned(), (row, label));
    }

    /// Whether the user of the request may not change the row: see
    /// [`ModelAdmin::unchangeable`](crate::contrib::admin::ModelAdmin::unchangeable).
    #[must_use]
    pub fn is_unchangeable(&self) -> bool {
        self.is_unchangeable
    }

    /// Marks the row as one that the user of the request may not change.
    pub(in crate::contrib::admin) fn set_unchangeable(&mut self) {
        self.is_unchangeable = true;
    }
}

impl fmt::Debug for Row {
    /// Without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({} = {:?})", self.model.pk, self.pk())
    }
}
