//! Limits the guessing of passwords. Python counterpart: `django-axes`, with `AXES_FAILURE_LIMIT`, `AXES_COOLOFF_TIME` and
//! `AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]`.
//!
//! Failed logins are counted by user name and address together, so that a client cannot lock out other clients. They are
//! counted for unknown user names too, so that the answer does not tell which names exist. The counts are in the
//! database, where all servers share them, and expire after `LOGIN_COOLOFF`.
//!
//! The table is not one of Django's. `manage migrate` makes it, and a server without `LOGIN_FAILURE_LIMIT` does not need it.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;

use crate::core::crypto::{hex, random_bytes};
use crate::db::schema::login_failures;
use crate::db::{Database, DatabaseError, DbConnection, is_unique_violation};

/// How many failures, and for how long they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// `LOGIN_FAILURE_LIMIT`.
    pub limit: i32,
    /// `LOGIN_COOLOFF`.
    pub cooloff: Duration,
}

/// The refusal of an attempt after too many failures, with the seconds until attempts are allowed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockedOut(pub u64);

/// An attempt. It is counted as a failure before its outcome is known, so that many attempts at once are all counted.
#[derive(Debug)]
pub(super) struct Attempt {
    lockout: Lockout,
    key: String,
}

impl Lockout {
    /// Counts an attempt to log in as `username` from `address`.
    pub(super) async fn begin(
        self,
        db: &Database,
        username: &str,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Result<Attempt, LockedOut>, DatabaseError> {
        let text = format!("{}:{username}{address}", username.len());
        let key = hex(digest(&SHA256, text.as_bytes()).as_ref());
        let count = || {
            let key = key.clone();
            db.write(move |conn| self.count(conn, &key, now.timestamp()))
        };
        let counted = match count().await {
            // Another attempt has just inserted the row.
            Err(DatabaseError::Query(error)) if is_unique_violation(&error) => count().await?,
            counted => counted?,
        };
        Ok(counted.map(|()| Attempt { lockout: self, key }))
    }

    fn count(self, conn: &mut DbConnection, key: &str, now: i64) -> Result<Result<(), LockedOut>, DatabaseError> {
        use login_failures::{attempt, failures, since, table};

        let cooloff = self.cooloff.num_seconds();
        let found: Option<(i32, i64)> =
            table.filter(attempt.eq(key)).select((failures, since)).get_result(conn).optional()?;
        let Some((count, last)) = found else {
            self.forget_old(conn, now)?;
            diesel::insert_into(table).values((attempt.eq(key), failures.eq(1), since.eq(now))).execute(conn)?;
            return Ok(Ok(()));
        };
        let locked_out = |last: i64| Ok(Err(LockedOut(u64::try_from(last + cooloff - now).unwrap_or(1).max(1))));
        let is_expired = last + cooloff <= now;
        if !is_expired && count >= self.limit {
            return locked_out(last);
        }
        // The condition is evaluated again under the lock of the row, because other attempts may have been counted.
        let updated = if is_expired {
            let unchanged = table.filter(attempt.eq(key).and(since.eq(last)).and(failures.eq(count)));
            diesel::update(unchanged).set((failures.eq(1), since.eq(now))).execute(conn)?
        } else {
            let below = table.filter(attempt.eq(key).and(failures.lt(self.limit)));
            diesel::update(below).set((failures.eq(failures + 1), since.eq(now))).execute(conn)?
        };
        if updated == 0 { locked_out(now) } else { Ok(Ok(())) }
    }

    /// Sometimes deletes the expired rows. Clients can make up any number of names.
    fn forget_old(self, conn: &mut DbConnection, now: i64) -> QueryResult<()> {
        if random_bytes::<1>()[0] < 4 {
            let old = login_failures::since.le(now - self.cooloff.num_seconds());
            diesel::delete(login_failures::table.filter(old)).execute(conn)?;
        }
        Ok(())
    }
}

impl Attempt {
    /// The password was right. Deletes the count.
    pub(super) async fn succeed(self, db: &Database) -> Result<(), DatabaseError> {
        let Self { key, .. } = self;
        db.write(move |conn| {
            diesel::delete(login_failures::table.filter(login_failures::attempt.eq(key))).execute(conn)?;
            Ok(())
        })
        .await
    }

    /// The password was not checked. Counts one failure less.
    pub(super) async fn take_back(self, db: &Database) -> Result<(), DatabaseError> {
        let Self { key, lockout } = self;
        db.write(move |conn| {
            use login_failures::{attempt, failures, table};

            let counted = table.filter(attempt.eq(key).and(failures.between(1, lockout.limit)));
            diesel::update(counted).set(failures.eq(failures - 1)).execute(conn)?;
            Ok(())
        })
        .await
    }
}
