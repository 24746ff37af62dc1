//! The sessions of a user, for an administrator.
//!
//! Only the data of a row names the user of the session. So all sessions that have not expired are read.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::models::{SessionLookup, SessionRow};
use super::store::SessionStore;
use crate::contrib::admin::accounts::{CredentialRow, Credentials};
use crate::contrib::admin::{date_time, masked};
use crate::contrib::auth::signals::LoginSearch;
use crate::contrib::auth::{SESSION_KEY, UserId};
use crate::core::crypto::hex;
use crate::db::schema::django_session;
use crate::db::types::{from_db, to_db};
use crate::db::{DatabaseError, DbConnection, Lookup, snapshot};

/// Rows that are read at a time.
const BATCH: i64 = 1_000;
/// Sessions that are shown.
const MAX_SHOWN: usize = 50;

/// The rows of `django_session`.
#[derive(Clone, Debug)]
pub(super) struct BrowserSessions(pub SessionStore);

/// A session without its data.
struct FoundSession {
    key: String,
    expires: DateTime<Utc>,
}

impl BrowserSessions {
    /// The sessions of `user` that have not expired. Their data is not kept, and only one batch is in memory.
    fn find(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<FoundSession>, DatabaseError> {
        // Otherwise a session that gets another key meanwhile could be missed under both keys.
        snapshot(conn, |conn| Ok(self.find_in_batches(conn, user, now)?))
    }

    fn find_in_batches(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        now: DateTime<Utc>,
    ) -> QueryResult<Vec<FoundSession>> {
        let mut found = Vec::new();
        let mut last = String::new();
        loop {
            let rows: Vec<SessionRow> = django_session::table
                .filter(django_session::session_key.gt(&last).and(django_session::expire_date.gt(to_db(now))))
                .order(django_session::session_key)
                .limit(BATCH)
                .select(SessionRow::as_select())
                .load(conn)?;
            let Some(end) = rows.last() else { return Ok(found) };
            last.clone_from(&end.session_key);
            let wanted = rows.into_iter().filter(|row| self.user_of(row) == Some(user));
            found.extend(wanted.map(|row| FoundSession { key: row.session_key, expires: from_db(row.expire_date) }));
        }
    }

    fn user_of(&self, row: &SessionRow) -> Option<UserId> {
        UserId::from_claim(self.0.read(&row.session_data).ok()?.get(SESSION_KEY)?)
    }
}

/// The key of the session with this [`id`], if it has not expired. Only keys are read, because reading the data takes much
/// longer.
fn key_of(conn: &mut DbConnection, wanted: &str, now: DateTime<Utc>) -> QueryResult<Option<String>> {
    let mut last = String::new();
    loop {
        let keys: Vec<String> = django_session::table
            .filter(django_session::session_key.gt(&last).and(django_session::expire_date.gt(to_db(now))))
            .order(django_session::session_key)
            .limit(BATCH)
            .select(django_session::session_key)
            .load(conn)?;
        let Some(end) = keys.last() else { return Ok(None) };
        last.clone_from(end);
        if let Some(key) = keys.into_iter().find(|key| id(key) == wanted) {
            return Ok(Some(key));
        }
    }
}

impl LoginSearch for BrowserSessions {
    fn find(&self, conn: &mut DbConnection, user: UserId) -> Result<Vec<String>, DatabaseError> {
        Ok(self.find(conn, user, self.0.now())?.into_iter().map(|session| session.key).collect())
    }

    fn end(&self, conn: &mut DbConnection, keys: &[String]) -> Result<(), DatabaseError> {
        keys.iter().try_for_each(|key| SessionRow::delete(conn, key).map(drop)).map_err(DatabaseError::from)
    }
}

impl Credentials for BrowserSessions {
    fn name(&self) -> &'static str {
        "sessions"
    }

    fn noun(&self) -> &'static str {
        "session"
    }

    fn title(&self) -> &'static str {
        "Browser sessions"
    }

    fn columns(&self) -> &'static [&'static str] {
        &["Session", "Expires"]
    }

    fn list(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<CredentialRow>, DatabaseError> {
        let mut sessions = self.find(conn, user, now)?;
        sessions.sort_by_key(|session| std::cmp::Reverse(session.expires));
        let credential = |session: &FoundSession| CredentialRow {
            id: id(&session.key),
            cells: vec![masked(&session.key), date_time(session.expires)],
            is_valid: true,
        };
        Ok(sessions.iter().take(MAX_SHOWN).map(credential).collect())
    }

    fn key_of(&self, conn: &mut DbConnection, id: &str, now: DateTime<Utc>) -> Result<Option<String>, DatabaseError> {
        Ok(key_of(conn, id, now)?)
    }

    fn end(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        key: &str,
        _now: DateTime<Utc>,
    ) -> Result<Option<String>, DatabaseError> {
        let row = SessionLookup(key.to_owned()).find(conn)?.filter(|row| self.user_of(row) == Some(user));
        let Some(row) = row else { return Ok(None) };
        Ok(SessionRow::delete(conn, &row.session_key)?.then(|| masked(&row.session_key)))
    }
}

/// The name of a session in a form. The key itself would give access to the session.
fn id(session_key: &str) -> String {
    hex(digest(&SHA256, session_key.as_bytes()).as_ref())
}
