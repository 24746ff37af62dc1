//! New users. Python counterpart: `create_user` of a manager, and `clean_fields` of a model.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::result::Error;

use super::super::super::SharedUser;
use super::super::user_model::NewUser;
use super::layout::TableLayout;
use crate::db::DbConnection;
use crate::db::tables::TableColumn;
use crate::db::text_query::TextQuery;

impl TableLayout {
    /// The problem with `value` as the value of the field `name`, with the messages of Django's fields.
    pub(super) fn field_problem(&self, name: &str, value: &str) -> Option<String> {
        let Some(field) = self.find(name) else {
            return Some(format!("the table {} has no column for the field {name:?}", self.table));
        };
        self.fields[field].value(value).err()
    }

    /// Inserts a user. Columns without a value get their default, or NULL, or the usual default of a model: false, an empty text,
    /// the time.
    pub(super) fn create(
        self: &Arc<Self>,
        conn: &mut DbConnection,
        new: &NewUser<'_>,
        now: DateTime<Utc>,
    ) -> QueryResult<SharedUser> {
        let values = self.values(new, now).map_err(|problem| Error::QueryBuilderError(problem.into()))?;
        let given: Vec<_> =
            self.fields.iter().zip(&values).filter_map(|(field, value)| Some((field, value.as_ref()?))).collect();
        let names: Vec<_> = given.iter().map(|(field, _)| field.quoted.as_str()).collect();
        let names = names.join(", ");
        let mut query =
            TextQuery::default().sql("INSERT INTO ").sql(&self.table).sql(" (").sql(&names).sql(") VALUES (");
        for (index, (field, value)) in given.iter().enumerate() {
            query = query.sql(if index == 0 { "CAST(" } else { ", CAST(" }).bind(value.as_deref()).sql(&field.cast);
        }
        let mut rows = query.sql(") RETURNING ").sql(&self.selected).rows(conn)?;
        rows.pop().and_then(|row| self.user(row)).ok_or(Error::NotFound)
    }

    /// The values of the columns, in their order. `None` leaves a column to the database.
    fn values(&self, new: &NewUser<'_>, now: DateTime<Utc>) -> Result<Vec<Option<Option<String>>>, String> {
        let mut values: Vec<Option<Option<String>>> = vec![None; self.fields.len()];
        for (field, value) in
            [(self.is_active, true), (self.is_staff, new.is_staff), (self.is_superuser, new.is_superuser)]
        {
            if let Some(field) = field {
                values[field] = Some(Some(self.fields[field].kind.flag(value)));
            }
        }
        // A second empty address would violate a unique index.
        if let Some(email) = self.email.filter(|email| !(new.email.is_empty() && self.fields[*email].column.is_unique))
        {
            values[email] = Some(self.fields[email].value(new.email)?);
        }
        for (name, value) in new.extra_fields {
            let field = self.find(name);
            let field =
                field.ok_or_else(|| format!("the table {} has no column for the field {name:?}", self.table))?;
            values[field] = Some(self.fields[field].value(value).map_err(|problem| format!("{name}: {problem}"))?);
        }
        values[self.username] = Some(self.fields[self.username].value(new.username)?);
        values[self.password] = Some(Some(new.password.to_owned()));
        for (field, value) in self.fields.iter().zip(&mut values) {
            let column = &field.column;
            if value.is_none() && !column.is_nullable && !column.has_default {
                let initial = field.kind.initial(column.is_unique && !column.is_primary_key, now);
                *value = Some(Some(initial.ok_or_else(|| {
                    let (name, sql_type) = (&column.name, &column.sql_type);
                    format!("a new user needs a value for {name} ({sql_type}): add it to REQUIRED_FIELDS, or give --field {name}=VALUE")
                })?));
            }
        }
        let write = |(field, value): (&TableColumn, Option<Option<String>>)| {
            value.map(|value| value.map(|text| field.kind.write(text, self.vendor)))
        };
        Ok(self.fields.iter().zip(values).map(write).collect())
    }
}

impl TableColumn {
    /// The value of the typed `text`. An empty text means no value, unless the column contains texts.
    fn value(&self, text: &str) -> Result<Option<String>, String> {
        if text.is_empty() && self.column.is_nullable && !self.kind.is_text() {
            return Ok(None);
        }
        let value = self.kind.parse(text)?;
        let length = value.chars().count();
        match self.column.max_length.and_then(|limit| usize::try_from(limit).ok()) {
            Some(limit) if length > limit => {
                Err(format!("Ensure this value has at most {limit} characters (it has {length})."))
            }
            _ => Ok(Some(value)),
        }
    }
}
