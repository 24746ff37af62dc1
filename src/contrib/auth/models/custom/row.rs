//! A row of the table.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::super::super::{AbstractUser, UserId};
use super::layout::TableLayout;
use crate::db::tables::TableColumn;

/// A user of the model that `AUTH_USER_MODEL` names, with every column of the table.
///
/// [`AbstractUser::attribute`] reads a column by the name of the column or of the field: `user.attribute("tenant_id")`.
/// Numbers, booleans and JSON are JSON values of that type, and all others are texts, as DRF renders them. The password is not an
/// attribute.
#[derive(Clone)]
pub struct CustomUser {
    layout: Arc<TableLayout>,
    values: Vec<Option<String>>,
    id: UserId,
}

impl CustomUser {
    /// `None` if the key is not of the type that the table had when it was read.
    pub(super) fn new(layout: &Arc<TableLayout>, values: Vec<Option<String>>) -> Option<Self> {
        let read = |(value, field): (Option<String>, &TableColumn)| value.map(|value| field.kind.read(value));
        let values: Vec<_> = values.into_iter().zip(&layout.fields).map(read).collect();
        let id = layout.user_id(values.get(layout.pk)?.as_deref()?)?;
        Some(Self { layout: Arc::clone(layout), values, id })
    }

    /// The primary key.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.id
    }

    fn value(&self, field: usize) -> Option<&str> {
        self.values.get(field)?.as_deref()
    }

    fn flag(&self, field: Option<usize>) -> Option<bool> {
        let field = field?;
        Some(self.value(field).is_some_and(|text| self.layout.fields[field].kind.is_true(text)))
    }
}

impl AbstractUser for CustomUser {
    fn pk(&self) -> Option<UserId> {
        Some(self.id)
    }

    fn username(&self) -> &str {
        self.value(self.layout.username).unwrap_or_default()
    }

    /// True if there is no such column, as in `AbstractBaseUser`.
    fn is_active(&self) -> bool {
        self.flag(self.layout.is_active).unwrap_or(true)
    }

    fn is_staff(&self) -> bool {
        self.flag(self.layout.is_staff).unwrap_or(false)
    }

    fn is_superuser(&self) -> bool {
        self.flag(self.layout.is_superuser).unwrap_or(false)
    }

    fn password(&self) -> &str {
        self.value(self.layout.password).unwrap_or_default()
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let field = self.layout.find(name).filter(|field| *field != self.layout.password)?;
        Some(self.value(field).map_or(Value::Null, |text| self.layout.fields[field].kind.json(text)))
    }
}

impl fmt::Debug for CustomUser {
    /// Without the values, one of which is the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CustomUser({})", self.id)
    }
}
