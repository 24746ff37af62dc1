//! The columns of the table.

use std::fmt;

use super::super::super::UserId;
use super::super::error::{UserModelError, missing_table};
use super::column_names::ColumnNames;
use super::config::Config;
use super::permissions::permissions_query;
use crate::db::DbConnection;
use crate::db::introspection::columns;
use crate::db::tables::{KeyType, TableColumn, find_column};
use crate::db::text_query::quote_name;

/// The layout of the table.
pub(super) struct TableLayout {
    pub(super) vendor: &'static str,
    /// The name of the table in quotes.
    pub(super) table: String,
    pub(super) fields: Vec<TableColumn>,
    /// Fields whose columns have other names.
    aliases: Vec<(String, usize)>,
    pub(super) pk: usize,
    key_type: KeyType,
    pub(super) username: usize,
    pub(super) email: Option<usize>,
    pub(super) password: usize,
    pub(super) last_login: Option<usize>,
    pub(super) is_active: Option<usize>,
    pub(super) is_staff: Option<usize>,
    pub(super) is_superuser: Option<usize>,
    pub(super) required_fields: Vec<String>,
    /// All columns, each as text.
    pub(super) selected: String,
    /// The query for permissions, in three parts: before, between and after the two places of the key.
    pub(super) permissions: Option<[String; 3]>,
}

impl TableLayout {
    /// Reads the columns. An error names the setting that does not fit them.
    pub(super) fn read(conn: &mut DbConnection, config: &Config) -> Result<Self, UserModelError> {
        let vendor = conn.vendor();
        let columns = columns(conn, &config.table)?;
        if columns.is_empty() {
            let model = config.model.as_ref().map(|(app, model)| (app.as_str(), model.as_str()));
            return Err(missing_table(conn, &config.table, model)?);
        }
        let fields: Vec<TableColumn> =
            columns.into_iter().map(|column| TableColumn::new(column, &quote_name(&config.table), vendor)).collect();
        let names = ColumnNames { config, fields: &fields };
        let mut aliases = Vec::new();
        for (field, column) in &config.columns {
            let problem = || UserModelError::setting("AUTH_USER_COLUMNS", names.no_column(column));
            aliases.push((field.clone(), names.column(column).ok_or_else(problem)?));
        }
        let (pk, key_type) = names.primary_key()?;
        let username = names.username()?;
        let password = names.find("password").ok_or_else(|| {
            let problem = names.no_column("password");
            UserModelError::setting("AUTH_USER_MODEL", format!("{problem}. A model has one from AbstractBaseUser"))
        })?;
        let email = names.find(config.email_field());
        if config.email_field.is_some() && email.is_none() {
            return Err(UserModelError::setting("EMAIL_FIELD", names.no_column(config.email_field())));
        }
        let required_fields = names.required_fields(email.is_some())?;
        let selected: Vec<_> =
            fields.iter().map(|field| field.kind.selected(&field.qualified, &field.column)).collect();
        let flag = |name| names.find(name);
        Ok(Self {
            vendor,
            table: quote_name(&config.table),
            aliases,
            pk,
            key_type,
            username,
            email,
            password,
            last_login: flag("last_login"),
            is_active: flag("is_active"),
            is_staff: flag("is_staff"),
            is_superuser: flag("is_superuser"),
            required_fields,
            selected: selected.join(", "),
            permissions: permissions_query(conn, &config.table, &fields[pk])?,
            fields,
        })
    }

    /// The column of a field: the column in `AUTH_USER_COLUMNS`, the column with the field's name, or the column of a
    /// foreign key.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        if name == "pk" {
            return Some(self.pk);
        }
        let alias = self.aliases.iter().find(|(field, _)| field == name).map(|(_, column)| *column);
        alias.or_else(|| find_column(&self.fields, name))
    }

    /// The column of a field that users can be looked up by.
    pub(super) fn key_field(&self, name: &str) -> Option<usize> {
        self.find(name).filter(|field| {
            let field = &self.fields[*field];
            field.column.is_unique && field.kind.is_key()
        })
    }

    /// The primary key with the text `text`.
    pub(super) fn user_id(&self, text: &str) -> Option<UserId> {
        match self.key_type {
            KeyType::Integer => text.parse().ok().map(UserId::Integer),
            // On SQLite every integer has 64 bits.
            KeyType::BigInteger => text.parse().ok().map(UserId::BigInteger),
            KeyType::Uuid => text.parse().ok().map(UserId::Uuid),
        }
    }

    /// The value that is bound for the key of a user.
    pub(super) fn key(&self, id: UserId) -> String {
        self.fields[self.pk].kind.write(id.to_string(), self.vendor)
    }
}

impl fmt::Debug for TableLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableLayout({})", self.table)
    }
}
