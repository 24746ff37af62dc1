//! The columns of the table, and the statements on it.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use serde_json::Value;

use super::super::super::{SharedUser, UserId};
use super::super::check::{UserModelError, missing_table};
use super::super::permissions::UserPermissions;
use super::config::Config;
use super::field::{Field, find_column};
use super::kind::{KeyType, shown};
use super::names::Names;
use super::permissions::permissions_query;
use super::row::CustomUser;
use crate::db::DbConnection;
use crate::db::introspection::columns;
use crate::db::text_query::{TextQuery, TextRow, quote_name};

/// What is known of the table.
pub(super) struct Layout {
    pub(super) vendor: &'static str,
    /// The name of the table in quotes.
    pub(super) table: String,
    pub(super) fields: Vec<Field>,
    /// Names of fields whose columns are called otherwise.
    aliases: Vec<(String, usize)>,
    pub(super) pk: usize,
    key_type: KeyType,
    pub(super) username: usize,
    pub(super) email: Option<usize>,
    pub(super) password: usize,
    last_login: Option<usize>,
    pub(super) is_active: Option<usize>,
    pub(super) is_staff: Option<usize>,
    pub(super) is_superuser: Option<usize>,
    pub(super) required_fields: Vec<String>,
    /// All columns, each as text.
    pub(super) selected: String,
    /// The query for permissions, in front of, between and behind the two places of the key.
    permissions: Option<[String; 3]>,
}

impl Layout {
    /// Reads the columns, and says which setting does not fit them.
    pub(super) fn read(conn: &mut DbConnection, config: &Config) -> Result<Self, UserModelError> {
        let vendor = conn.vendor();
        let columns = columns(conn, &config.table)?;
        if columns.is_empty() {
            let model = config.model.as_ref().map(|(app, model)| (app.as_str(), model.as_str()));
            return Err(missing_table(conn, &config.table, model)?);
        }
        let fields: Vec<Field> =
            columns.into_iter().map(|column| Field::new(column, &quote_name(&config.table), vendor)).collect();
        let names = Names { config, fields: &fields };
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
        let selected: Vec<_> = fields.iter().map(|field| field.kind.selected(&field.qualified)).collect();
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

    /// The column of a field: that of `AUTH_USER_COLUMNS`, the one with its name, or that of a foreign key.
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

    /// What is bound for a key of a user.
    fn key(&self, id: UserId) -> String {
        self.fields[self.pk].kind.write(id.to_string(), self.vendor)
    }

    pub(super) fn user(self: &Arc<Self>, TextRow(values): TextRow) -> Option<SharedUser> {
        CustomUser::new(self, values).map(SharedUser::new)
    }

    /// The user with `value` in the column `field`, which is unique.
    pub(super) fn find_by(
        self: &Arc<Self>,
        conn: &mut DbConnection,
        field: usize,
        value: &Value,
    ) -> QueryResult<Option<SharedUser>> {
        let field = &self.fields[field];
        let Some(key) = field.kind.key(value) else { return Ok(None) };
        let key = field.kind.write(key, self.vendor);
        let query = TextQuery::default().sql("SELECT ").sql(&self.selected).sql(" FROM ").sql(&self.table);
        let query = query.sql(" WHERE ").sql(&field.qualified).sql(" = CAST(").bind(Some(&key)).sql(&field.cast);
        Ok(query.rows(conn)?.pop().and_then(|row| self.user(row)))
    }

    /// The users with `values` in the column `field`, which is unique, in that order.
    pub(super) fn find_many_by(
        self: &Arc<Self>,
        conn: &mut DbConnection,
        field: usize,
        values: &[&Value],
    ) -> QueryResult<Vec<Option<SharedUser>>> {
        // SQLite has no arrays, and needs none: a look-up takes no round trip.
        if self.vendor == "sqlite" {
            return values.iter().map(|value| self.find_by(conn, field, value)).collect();
        }
        let field = &self.fields[field];
        let keys: Vec<_> = values.iter().map(|value| field.kind.key(value)).collect();
        let wanted: Vec<&str> = keys.iter().flatten().map(String::as_str).collect();
        let array = format!("{}[]", field.column.sql_type);
        // The database says which key a row belongs to, because it may take two different texts for the same.
        let query = TextQuery::default()
            .sql("SELECT CAST(wanted_position AS text), ")
            .sql(&self.selected)
            .sql(" FROM unnest(CAST(")
            .bind_array(wanted)
            .sql(" AS ")
            .sql(&array)
            .sql(")) WITH ORDINALITY AS wanted(wanted_value, wanted_position) JOIN ")
            .sql(&self.table)
            .sql(" ON ")
            .sql(&field.qualified)
            .sql(" = wanted_value");
        let mut users: Vec<Option<SharedUser>> = vec![None; keys.len()];
        for TextRow(mut values) in query.rows(conn)? {
            let position = values.remove(0).and_then(|text| text.parse::<usize>().ok());
            if let Some(user) = position.and_then(|position| users.get_mut(position.checked_sub(1)?)) {
                *user = self.user(TextRow(values));
            }
        }
        let mut found = users.into_iter();
        Ok(keys.iter().map(|key| key.as_ref().and_then(|_| found.next().flatten())).collect())
    }

    pub(super) fn set_password(
        &self,
        conn: &mut DbConnection,
        id: UserId,
        current: &str,
        encoded: &str,
    ) -> QueryResult<bool> {
        let (pk, password, key) = (&self.fields[self.pk], &self.fields[self.password], self.key(id));
        let query = TextQuery::default().sql("UPDATE ").sql(&self.table).sql(" SET ").sql(&password.quoted);
        let query =
            query.sql(" = ").bind(Some(encoded)).sql(" WHERE ").sql(&pk.qualified).sql(" = CAST(").bind(Some(&key));
        let query = query.sql(&pk.cast).sql(" AND ").sql(&password.qualified).sql(" = ").bind(Some(current));
        Ok(query.run(conn)? > 0)
    }

    pub(super) fn update_last_login(&self, conn: &mut DbConnection, id: UserId, now: DateTime<Utc>) -> QueryResult<()> {
        let Some(last_login) = self.last_login else { return Ok(()) };
        let (pk, last_login, key) = (&self.fields[self.pk], &self.fields[last_login], self.key(id));
        let now = last_login.kind.write(shown(now), self.vendor);
        let query = TextQuery::default().sql("UPDATE ").sql(&self.table).sql(" SET ").sql(&last_login.quoted);
        let query = query.sql(" = CAST(").bind(Some(&now)).sql(&last_login.cast).sql(" WHERE ").sql(&pk.qualified);
        query.sql(" = CAST(").bind(Some(&key)).sql(&pk.cast).run(conn).map(drop)
    }

    /// The permissions of a user and of the user's groups, by one query.
    pub(super) fn permissions(&self, conn: &mut DbConnection, id: UserId) -> QueryResult<UserPermissions> {
        let Some([before, between, after]) = &self.permissions else { return Ok(UserPermissions::none()) };
        let key = self.key(id);
        let query = TextQuery::default().sql(before).bind(Some(&key)).sql(between).bind(Some(&key)).sql(after);
        let names = query.rows(conn)?.into_iter().filter_map(|TextRow(mut values)| values.pop().flatten());
        Ok(UserPermissions::These(names.collect()))
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layout({})", self.table)
    }
}
