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
use super::kind::{KeyType, Kind, shown};
use super::row::CustomUser;
use crate::db::DbConnection;
use crate::db::introspection::{Column, columns};
use crate::db::text_query::{TextQuery, TextRow, quote_name};

/// A column as statements need it.
pub(super) struct Field {
    pub(super) column: Column,
    pub(super) kind: Kind,
    /// The name of the column in quotes.
    pub(super) quoted: String,
    /// The same with the table in front. SQLite takes a quoted name that stands alone for a text if there is no such column.
    qualified: String,
    /// What comes behind a parameter after `CAST(`.
    pub(super) cast: String,
}

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

impl Field {
    fn new(column: Column, table: &str, vendor: &str) -> Self {
        let kind = Kind::of(&column, vendor);
        let quoted = quote_name(&column.name);
        let qualified = format!("{table}.{quoted}");
        Self { kind, quoted, qualified, cast: kind.cast(&column, vendor), column }
    }
}

fn find_column(fields: &[Field], name: &str) -> Option<usize> {
    let position = |name: &str| fields.iter().position(|field| field.column.name == name);
    position(name).or_else(|| position(&format!("{name}_id")))
}

/// The names in the settings, and the columns that they mean.
struct Names<'a> {
    config: &'a Config,
    fields: &'a [Field],
}

impl Names<'_> {
    fn column(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.column.name == name)
    }

    fn find(&self, name: &str) -> Option<usize> {
        match self.config.columns.iter().find(|(field, _)| field == name) {
            Some((_, column)) => self.column(column),
            None => find_column(self.fields, name),
        }
    }

    fn no_column(&self, name: &str) -> String {
        let names: Vec<_> = self.fields.iter().map(|field| field.column.name.as_str()).collect();
        let table = &self.config.table;
        format!(
            "the table {table:?} has no column {name:?}, only {}; AUTH_USER_COLUMNS can name another",
            names.join(", ")
        )
    }

    fn primary_key(&self) -> Result<(usize, KeyType), UserModelError> {
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

    fn username(&self) -> Result<usize, UserModelError> {
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

    fn required_fields(&self, has_email: bool) -> Result<Vec<String>, UserModelError> {
        let Some(names) = &self.config.required_fields else {
            // Those of `AbstractUser`, or none as in `AbstractBaseUser`.
            let is_abstract_user = self.config.username_field == "username" && has_email;
            return Ok(if is_abstract_user { vec![self.config.email_field().to_owned()] } else { Vec::new() });
        };
        match names.iter().find(|name| self.find(name).is_none()) {
            None => Ok(names.clone()),
            Some(name) => Err(UserModelError::setting("REQUIRED_FIELDS", self.no_column(name))),
        }
    }
}

/// The query for the permissions of a user, if the model has `PermissionsMixin`. Its tables have three columns each.
fn permissions_query(conn: &mut DbConnection, table: &str, pk: &Field) -> QueryResult<Option<[String; 3]>> {
    let mut column_beside = |suffix: &str, other: &str| -> QueryResult<Option<(String, String)>> {
        let table = format!("{table}{suffix}");
        let mut columns = columns(conn, &table)?;
        columns.retain(|column| column.name != "id" && column.name != other);
        Ok(columns.pop().filter(|_| columns.is_empty()).map(|column| (quote_name(&table), quote_name(&column.name))))
    };
    let Some((own, own_user)) = column_beside("_user_permissions", "permission_id")? else { return Ok(None) };
    let Some((groups, groups_user)) = column_beside("_groups", "group_id")? else { return Ok(None) };
    let cast = &pk.cast;
    Ok(Some([
        format!(
            "SELECT c.app_label || '.' || p.codename FROM auth_permission p \
             JOIN django_content_type c ON c.id = p.content_type_id WHERE p.id IN \
             (SELECT o.permission_id FROM {own} o WHERE o.{own_user} = CAST("
        ),
        format!(
            "{cast}) OR p.id IN (SELECT g.permission_id FROM auth_group_permissions g \
             JOIN {groups} m ON m.group_id = g.group_id WHERE m.{groups_user} = CAST("
        ),
        format!("{cast})"),
    ]))
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layout({})", self.table)
    }
}
