//! The statements on the table.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use serde_json::Value;

use super::super::super::{SharedUser, UserId};
use super::super::permissions::UserPermissions;
use super::layout::TableLayout;
use super::row::CustomUser;
use crate::db::DbConnection;
use crate::db::tables::shown;
use crate::db::text_query::{TextQuery, TextRow};

impl TableLayout {
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
        // The database says which key a row belongs to, because it may compare two different texts as equal.
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

    /// Keys and passwords in the order of the keys, from the first one or from the one that follows `after`.
    pub(super) fn stored_passwords(
        &self,
        conn: &mut DbConnection,
        after: Option<UserId>,
        limit: i64,
    ) -> QueryResult<Vec<(UserId, String)>> {
        let (pk, password, limit) = (&self.fields[self.pk], &self.fields[self.password], limit.to_string());
        let after = after.map(|id| self.key(id));
        let key = pk.kind.selected(&pk.qualified, &pk.column);
        let query = TextQuery::default().sql("SELECT ").sql(&key).sql(", ").sql(&password.qualified).sql(" FROM ");
        let mut query = query.sql(&self.table);
        if let Some(key) = &after {
            query = query.sql(" WHERE ").sql(&pk.qualified).sql(" > CAST(").bind(Some(key)).sql(&pk.cast);
        }
        let rows = query.sql(" ORDER BY ").sql(&pk.qualified).sql(" LIMIT ").sql(&limit).rows(conn)?;
        let read = |TextRow(values): TextRow| {
            let mut values = values.into_iter();
            let key = pk.kind.read(values.next()??);
            Some((self.user_id(&key)?, values.next()?.unwrap_or_default()))
        };
        Ok(rows.into_iter().filter_map(read).collect())
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
