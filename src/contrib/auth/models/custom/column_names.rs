//! The names in the settings, and their columns.

use super::super::error::UserModelError;
use super::config::Config;
use crate::db::introspection::Column;
use crate::db::tables::{KeyType, TableColumn, find_column};

/// The names in the settings, and their columns.
pub(super) struct ColumnNames<'a> {
    pub(super) config: &'a Config,
    pub(super) fields: &'a [TableColumn],
}

impl ColumnNames<'_> {
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.column.name == name)
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        match self.config.columns.iter().find(|(field, _)| field == name) {
            Some((_, column)) => self.column(column),
            None => find_column(self.fields, name),
        }
    }

    pub(super) fn no_column(&self, name: &str) -> String {
        let names: Vec<_> = self.fields.iter().map(|field| field.column.name.as_str()).collect();
        let table = &self.config.table;
        format!(
            "the table {table:?} has no column {name:?}, only {}; AUTH_USER_COLUMNS can name another",
            names.join(", ")
        )
    }

    pub(super) fn primary_key(&self) -> Result<(usize, KeyType), UserModelError> {
        let problem = |problem| UserModelError::setting("AUTH_USER_MODEL", problem);
        let table = &self.config.table;
        let is_key = |index: &usize| self.fields[*index].column.is_primary_key;
        let keys: Vec<_> = (0..self.fields.len()).filter(is_key).collect();
        let [pk] = keys[..] else {
            return Err(problem(format!("the table {table:?} needs a primary key of one column")));
        };
        let field = &self.fields[pk];
        let key_type = field.kind.key_type().ok_or_else(|| {
            let Column { name, sql_type, .. } = &field.column;
            problem(format!("the key {name:?} of {table:?} is {sql_type}; expected integer, bigint or a UUID"))
        })?;
        Ok((pk, key_type))
    }

    pub(super) fn username(&self) -> Result<usize, UserModelError> {
        let name = &self.config.username_field;
        let problem = |problem| UserModelError::setting("USERNAME_FIELD", problem);
        let Some(field) = self.find(name) else {
            let hint = if self.config.has_username_field { "" } else { ". Set it to the field that users log in with" };
            return Err(problem(format!("{}{hint}", self.no_column(name))));
        };
        let Column { name, is_unique, .. } = &self.fields[field].column;
        let table = &self.config.table;
        if !is_unique {
            return Err(problem(format!("the column {name:?} of {table:?} is not unique")));
        }
        if !self.fields[field].kind.is_key() {
            let sql_type = &self.fields[field].column.sql_type;
            return Err(problem(format!("the column {name:?} of {table:?} is {sql_type}; expected text")));
        }
        Ok(field)
    }

    pub(super) fn required_fields(&self, has_email: bool) -> Result<Vec<String>, UserModelError> {
        let Some(names) = &self.config.required_fields else {
            // The required fields of `AbstractUser`, or no fields as in `AbstractBaseUser`.
            let is_abstract_user = self.config.username_field == "username" && has_email;
            return Ok(if is_abstract_user { vec![self.config.email_field().to_owned()] } else { Vec::new() });
        };
        match names.iter().find(|name| self.find(name).is_none()) {
            None => Ok(names.clone()),
            Some(name) => Err(UserModelError::setting("REQUIRED_FIELDS", self.no_column(name))),
        }
    }
}
