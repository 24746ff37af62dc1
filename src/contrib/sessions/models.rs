//! The table `django_session`. Python counterpart: `django.contrib.sessions.models`.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::db::schema::django_session;
use crate::db::types::{DjangoDateTime, to_db};
use crate::db::{DbConnection, Lookup, with_backend};

/// A row of `django_session`.
#[derive(Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = django_session)]
pub struct SessionRow {
    /// The key, which is the value of the cookie. **Anyone who knows it has the session.**
    pub session_key: String,
    /// The data, signed.
    pub session_data: String,
    /// When the session ends, in UTC.
    #[diesel(serialize_as = DjangoDateTime, deserialize_as = DjangoDateTime)]
    pub expire_date: NaiveDateTime,
}

/// The longest key that the table holds.
pub const MAX_KEY_LENGTH: usize = 40;

impl SessionRow {
    /// Inserts the row, unless there is one with its key. Returns whether it did.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn insert(self, conn: &mut DbConnection) -> QueryResult<bool> {
        let insert = diesel::insert_into(django_session::table).values(self);
        Ok(with_backend!(conn, |conn| insert.on_conflict_do_nothing().execute(conn))? > 0)
    }

    /// Replaces data and expiry of the row with this key. Returns whether there is such a row.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn update(self, conn: &mut DbConnection) -> QueryResult<bool> {
        let row = django_session::table.filter(django_session::session_key.eq(self.session_key));
        let (data, expire_date) = (self.session_data, DjangoDateTime::from(self.expire_date));
        let values = (django_session::session_data.eq(data), django_session::expire_date.eq(expire_date));
        Ok(diesel::update(row).set(values).execute(conn)? > 0)
    }

    /// Deletes the row with this key, which ends the session at once on every server. Returns whether there was one.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn delete(conn: &mut DbConnection, key: &str) -> QueryResult<bool> {
        let row = django_session::table.filter(django_session::session_key.eq(key));
        Ok(diesel::delete(row).execute(conn)? > 0)
    }

    /// Deletes at most `limit` of the sessions that expired before `now`. Returns how many.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn delete_expired_batch(conn: &mut DbConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
        let keys: Vec<String> = django_session::table
            .filter(django_session::expire_date.lt(to_db(now)))
            .limit(limit)
            .select(django_session::session_key)
            .load(conn)?;
        let rows = django_session::table.filter(django_session::session_key.eq_any(keys));
        // A session may have been saved again meanwhile.
        diesel::delete(rows.filter(django_session::expire_date.lt(to_db(now)))).execute(conn)
    }
}

/// Without key and data: they are secrets.
impl std::fmt::Debug for SessionRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionRow(until {})", self.expire_date)
    }
}

/// The look-up of the session with this key, even if it has expired.
#[derive(Clone)]
pub struct SessionLookup(pub String);

impl Lookup for SessionLookup {
    type Found = SessionRow;

    fn find(&self, conn: &mut DbConnection) -> QueryResult<Option<SessionRow>> {
        let row = django_session::table.filter(django_session::session_key.eq(&self.0));
        with_backend!(conn, |conn| row.select(SessionRow::as_select()).get_result(conn)).optional()
    }

    fn find_many(keys: &[Self], conn: &mut DbConnection) -> QueryResult<Vec<Option<SessionRow>>> {
        let wanted: Vec<_> = keys.iter().map(|key| key.0.as_str()).collect();
        let rows = django_session::table.filter(django_session::session_key.eq_any(&wanted));
        let rows: Vec<SessionRow> = with_backend!(conn, |conn| rows.select(SessionRow::as_select()).load(conn))?;
        let rows: HashMap<_, _> = rows.into_iter().map(|row| (row.session_key.clone(), row)).collect();
        Ok(keys.iter().map(|key| rows.get(&key.0).cloned()).collect())
    }
}
