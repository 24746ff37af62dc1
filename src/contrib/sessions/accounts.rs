//! The sessions of a user, for an administrator.
//!
//! A row does not say whose session it is, except in its data. So every session that has not ended is read.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::models::SessionRow;
use super::store::SessionStore;
use crate::contrib::admin::accounts::{Credential, Credentials};
use crate::contrib::admin::{date_time, masked};
use crate::contrib::auth::UserId;
use crate::core::crypto::hex;
use crate::db::schema::django_session;
use crate::db::types::{from_db, to_db};
use crate::db::{DatabaseError, DbConnection};

/// Where `contrib::auth` keeps the key of the user.
const USER: &str = "_auth_user_id";
/// Rows that are read at a time.
const BATCH: i64 = 1_000;
/// Sessions that are shown.
const SHOWN: usize = 50;

/// The rows of `django_session`.
#[derive(Clone, Debug)]
pub(super) struct BrowserSessions(pub SessionStore);

/// A session without its data.
struct Found {
    key: String,
    expires: DateTime<Utc>,
}

impl BrowserSessions {
    /// The sessions of `user` that have not ended and that `is_wanted`. No data is kept, and only a batch is in memory.
    fn find(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        now: DateTime<Utc>,
        is_wanted: impl Fn(&SessionRow) -> bool,
    ) -> QueryResult<Vec<Found>> {
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
            let wanted = rows.into_iter().filter(|row| is_wanted(row) && self.user_of(row) == Some(user));
            found.extend(wanted.map(|row| Found { key: row.session_key, expires: from_db(row.expire_date) }));
        }
    }

    /// Ends the sessions of `user`.
    pub(super) fn end_all(&self, conn: &mut DbConnection, user: UserId, now: DateTime<Utc>) -> QueryResult<()> {
        for session in self.find(conn, user, now, |_| true)? {
            SessionRow::delete(conn, &session.key)?;
        }
        Ok(())
    }

    fn user_of(&self, row: &SessionRow) -> Option<UserId> {
        UserId::from_claim(self.0.read(&row.session_data)?.get(USER)?)
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
    ) -> Result<Vec<Credential>, DatabaseError> {
        let mut sessions = self.find(conn, user, now, |_| true)?;
        sessions.sort_by_key(|session| std::cmp::Reverse(session.expires));
        let credential = |session: &Found| Credential {
            id: id(&session.key),
            cells: vec![masked(&session.key), date_time(session.expires)],
            is_valid: true,
        };
        Ok(sessions.iter().take(SHOWN).map(credential).collect())
    }

    fn end(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        wanted: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, DatabaseError> {
        let found = self.find(conn, user, now, |row| id(&row.session_key) == wanted)?;
        let Some(session) = found.first() else { return Ok(None) };
        Ok(SessionRow::delete(conn, &session.key)?.then(|| masked(&session.key)))
    }
}

/// What a form names a session by. The key itself would give the session away.
fn id(session_key: &str) -> String {
    hex(digest(&SHA256, session_key.as_bytes()).as_ref())
}
