//! Stops guessing at passwords. Python counterpart: none in Django; `django-axes`, with `AXES_FAILURE_LIMIT`,
//! `AXES_COOLOFF_TIME` and `AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]`.
//!
//! Failures are counted by user name and address together, so that nobody can lock out somebody else, and whether or not
//! there is such a user, so that the answer does not tell. They are in the database: all servers share them.
//!
//! The table is not Django's. It is made when a server starts with the feature on, and not by a migration: a database
//! where it is off has Django's tables and no others. What is in it is worthless after `LOGIN_COOLOFF`.

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;

use crate::core::crypto::{hex, random_bytes};
use crate::db::{Database, DatabaseError, DbConnection, is_unique_violation};

/// How many failures, and for how long they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// `LOGIN_FAILURE_LIMIT`.
    pub limit: i32,
    /// `LOGIN_COOLOFF`.
    pub cooloff: Duration,
}

/// Too many failures: seconds until the next attempt is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockedOut(pub u64);

diesel::table! {
    /// Attempts that failed, or whose outcome is not known yet.
    login_failures (attempt) {
        /// Digest of name and address: both may be long, and neither is anybody's business.
        attempt -> Text,
        /// How many in a row.
        failures -> Integer,
        /// Seconds since 1970 of the last attempt that counted.
        since -> BigInt,
    }
}

/// Makes the table, unless it is there.
///
/// # Errors
/// When the database user may not.
pub fn create_table(conn: &mut DbConnection) -> Result<(), DatabaseError> {
    let create = "CREATE TABLE IF NOT EXISTS login_failures (attempt varchar(64) NOT NULL PRIMARY KEY, \
                  failures integer NOT NULL, since bigint NOT NULL)";
    match diesel::sql_query(create).execute(conn) {
        // Two servers that start at once: PostgreSQL tells the slower one so.
        Err(error) if !is_unique_violation(&error) => Err(error.into()),
        _ => Ok(()),
    }
}

/// An attempt that has been counted as a failure before its outcome is known: of many at once none gets through uncounted.
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
            // Somebody else has just inserted the row.
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
        let is_over = last + cooloff <= now;
        if !is_over && count >= self.limit {
            return locked_out(last);
        }
        // The condition is looked at again under the lock of the row: others may have counted meanwhile.
        let updated = if is_over {
            let unchanged = table.filter(attempt.eq(key).and(since.eq(last)).and(failures.eq(count)));
            diesel::update(unchanged).set((failures.eq(1), since.eq(now))).execute(conn)?
        } else {
            let below = table.filter(attempt.eq(key).and(failures.lt(self.limit)));
            diesel::update(below).set((failures.eq(failures + 1), since.eq(now))).execute(conn)?
        };
        if updated == 0 { locked_out(now) } else { Ok(Ok(())) }
    }

    /// Every now and then, rows that no longer count: names and addresses are free to invent.
    fn forget_old(self, conn: &mut DbConnection, now: i64) -> QueryResult<()> {
        if random_bytes::<1>()[0] < 4 {
            let old = login_failures::since.le(now - self.cooloff.num_seconds());
            diesel::delete(login_failures::table.filter(old)).execute(conn)?;
        }
        Ok(())
    }
}

impl Attempt {
    /// The password was right: what came before is forgiven.
    pub(super) async fn succeed(self, db: &Database) -> Result<(), DatabaseError> {
        let Self { key, .. } = self;
        db.write(move |conn| {
            diesel::delete(login_failures::table.filter(login_failures::attempt.eq(key))).execute(conn)?;
            Ok(())
        })
        .await
    }

    /// Nobody looked at the password, so it was no failure.
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
