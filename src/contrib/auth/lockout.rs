//! Limits the guessing of passwords. Python counterpart: `django-axes`, with `AXES_FAILURE_LIMIT`, `AXES_COOLOFF_TIME` and
//! `AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]`.
//!
//! Failed logins are counted by user and address together, so that a client cannot lock out other clients. All spellings of a
//! name count as one. If `LOGIN_FAILURE_LIMIT_PER_ADDRESS` is set, failed logins are also counted by address alone, so that one
//! password cannot be tried on many names. Unknown user names count too, so that the answer does not reveal which names exist.
//! The counts are in the database, where all servers share them, and expire after `LOGIN_COOLOFF`.
//!
//! An attempt is counted when its password is about to be hashed, so a login that is refused because the queue is full
//! leaves no row.
//!
//! Django does not have this table. `manage migrate` makes it, and a server with neither of the limits does not need
//! it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::error::AuthError;
use super::settings::AuthSettings;
use crate::core::crypto::hex;
use crate::db::schema::{login_failure_origins, login_failures};
use crate::db::{Database, DatabaseError, DbConnection, delete_in_batches, with_backend};

/// The number of failures, and the time for which they count.
#[derive(Clone, Debug)]
pub(super) struct Lockout {
    /// `LOGIN_FAILURE_LIMIT`.
    pub(super) limit: Option<i32>,
    /// `LOGIN_FAILURE_LIMIT_PER_ADDRESS`.
    pub(super) limit_per_address: Option<i32>,
    /// `LOGIN_COOLOFF` in seconds.
    pub(super) cooloff: i64,
    /// When expired rows are next deleted, in seconds since the Unix epoch; `i64::MAX` while they are.
    next_sweep: Arc<AtomicI64>,
}

/// A running sweep. The next one is due some time after it, even if its task panics or is dropped.
struct Sweeping {
    next_sweep: Arc<AtomicI64>,
    now: i64,
}

impl Drop for Sweeping {
    fn drop(&mut self) {
        self.next_sweep.store(self.now.saturating_add(SWEEP_INTERVAL), Ordering::Release);
    }
}

/// Seconds between two sweeps.
const SWEEP_INTERVAL: i64 = 60;
/// Rows that are deleted in one transaction: a millisecond or two.
const SWEEP_BATCH: i64 = 100;
/// Longest stored address, in characters.
const ADDRESS_LENGTH: usize = 64;
/// The lock of a batch, so that only one instance at a time deletes.
const SWEEP_LOCK: &str = "login_failures_sweep";

/// How often an attempt reads its row again, because other attempts have changed it.
const MAX_TURNS: usize = 100;

/// One key under which an attempt is counted.
#[derive(Clone, Debug)]
struct FailureCount {
    key: String,
    limit: i32,
    expires: Expires,
    /// The hash of the user name, by which an administrator finds the count. `None` if only the address counts.
    account: Option<String>,
    address: String,
}

/// When a count expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expires {
    /// `LOGIN_COOLOFF` after the last failure.
    AfterLast,
    /// `LOGIN_COOLOFF` after the first one. Many users may share an address, so there are always some failures.
    AfterFirst,
}

/// The counts of an attempt.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    counts: Vec<FailureCount>,
    cooloff: i64,
}

impl Lockout {
    /// `None` without `LOGIN_FAILURE_LIMIT` and `LOGIN_FAILURE_LIMIT_PER_ADDRESS`.
    pub(super) fn new(settings: &AuthSettings) -> Option<Self> {
        let limit = settings.login_failure_limit.map(i32::from);
        let limit_per_address = settings.login_failure_limit_per_address.map(i32::from);
        limit.or(limit_per_address)?;
        Some(Self {
            limit,
            limit_per_address,
            // Code can set less than the setting allows. With 0 every failure would have expired at once.
            cooloff: settings.login_cooloff.num_seconds().max(1),
            next_sweep: Arc::default(),
        })
    }

    /// An attempt to log in as `username` from `address`, which is empty if there is no client.
    pub(super) fn attempt(&self, username: &str, address: &str) -> Attempt {
        let stored_address: String = address.chars().take(ADDRESS_LENGTH).collect();
        let by_name = |limit| {
            let key = hash(&format!("{}:{username}{address}", username.len()));
            let (account, address) = (Some(hash(username)), stored_address.clone());
            FailureCount { key, limit, expires: Expires::AfterLast, account, address }
        };
        let mut counts: Vec<_> = self.limit.map(by_name).into_iter().collect();
        let per_address = self.limit_per_address.filter(|_| !address.is_empty());
        // The other kind of key begins with a digit.
        counts.extend(per_address.map(|limit| {
            let key = hash(&format!("address:{address}"));
            FailureCount { key, limit, expires: Expires::AfterFirst, account: None, address: stored_address.clone() }
        }));
        Attempt { counts, cooloff: self.cooloff }
    }

    /// Starts to delete the expired rows in the background, if the last sweep was some time ago. Clients can make up
    /// any number of names.
    pub(super) fn sweep_if_due(&self, db: &Database, now: DateTime<Utc>) {
        let now = now.timestamp();
        let due = self.next_sweep.load(Ordering::Relaxed);
        if due > now || self.next_sweep.compare_exchange(due, i64::MAX, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return;
        }
        let sweeping = Sweeping { next_sweep: Arc::clone(&self.next_sweep), now };
        let (db, lockout) = (db.clone(), self.clone());
        tokio::spawn(async move {
            if let Err(error) = lockout.sweep(&db, now).await {
                log::warn!("expired counts of failed logins could not be deleted: {error}");
            }
            drop(sweeping);
        });
    }

    /// Deletes the rows that have expired at `now`, in small batches with rests. Stops if another instance is sweeping.
    async fn sweep(&self, db: &Database, now: i64) -> Result<(), DatabaseError> {
        let expired = now - self.cooloff;
        delete_in_batches(db, SWEEP_LOCK, move |conn| delete_batch(conn, expired)).await.map(drop)
    }
}

fn delete_batch(conn: &mut DbConnection, expired: i64) -> Result<usize, DatabaseError> {
    use login_failures::{attempt, since, table};

    let keys = table.filter(since.le(expired)).order(since).limit(SWEEP_BATCH).select(attempt);
    let keys: Vec<String> = keys.load(conn)?;
    // The time is compared again, because an attempt may have been counted since then.
    Ok(diesel::delete(table.filter(attempt.eq_any(&keys).and(since.le(expired)))).execute(conn)?)
}

impl Attempt {
    /// Whether there were too many failures. Counts nothing.
    ///
    /// # Errors
    /// Returns [`AuthError::LockedOut`], or the error of the database.
    pub(super) fn check_limit(&self, conn: &mut DbConnection, now: DateTime<Utc>) -> Result<(), AuthError> {
        self.counts.iter().try_for_each(|count| count.find(conn, self.cooloff, now.timestamp()).map(drop))
    }

    /// Counts the attempt as a failure before its outcome is known, so that many attempts at once are all counted.
    ///
    /// # Errors
    /// Returns [`AuthError::LockedOut`] if there were too many failures, or the error of the database. Then the attempt
    /// is not counted.
    pub(super) async fn count(&self, db: &Database, now: DateTime<Utc>) -> Result<(), AuthError> {
        let Self { counts, cooloff } = self.clone();
        db.write(move |conn| counts.iter().try_for_each(|count| count.add(conn, cooloff, now.timestamp()))).await
    }

    /// The password was right. Deletes the count of the name. The count of the address is only reduced by this attempt.
    /// Otherwise an attacker with an account could try passwords of other users without a limit.
    pub(super) async fn succeed(self, db: &Database) -> Result<(), DatabaseError> {
        db.write(move |conn| {
            for count in &self.counts {
                match count.expires {
                    Expires::AfterLast => count.delete(conn)?,
                    Expires::AfterFirst => count.take_back(conn)?,
                }
            }
            Ok(())
        })
        .await
    }

    /// The password was not checked. Counts one failure less.
    pub(super) async fn take_back(self, db: &Database) -> Result<(), DatabaseError> {
        db.write(move |conn| Ok(self.counts.iter().try_for_each(|count| count.take_back(conn))?)).await
    }
}

impl FailureCount {
    /// The row, if it has not expired: the number of failures and the time.
    fn find(&self, conn: &mut DbConnection, cooloff: i64, now: i64) -> Result<Option<(i32, i64, bool)>, AuthError> {
        use login_failures::{attempt, failures, since, table};

        let row = table.filter(attempt.eq(&self.key)).select((failures, since));
        let Some((count, time)) = row.get_result::<(i32, i64)>(conn).optional().map_err(DatabaseError::from)? else {
            return Ok(None);
        };
        let is_expired = time + cooloff <= now;
        if !is_expired && count >= self.limit {
            return Err(locked_out(time + cooloff - now));
        }
        Ok(Some((count, time, is_expired)))
    }

    fn add(&self, conn: &mut DbConnection, cooloff: i64, now: i64) -> Result<(), AuthError> {
        // Other attempts may insert, count or delete the row between two statements. Then the row is read again: this login must
        // not be refused because a successful login has deleted the row.
        for _ in 0..MAX_TURNS {
            let found = self.find(conn, cooloff, now)?;
            if self.change(conn, found, now).map_err(DatabaseError::from)? == 1 {
                return Ok(());
            }
        }
        Err(locked_out(1))
    }

    /// Counts one failure, if the row has not changed since it was read. Returns the number of rows that were changed.
    fn change(&self, conn: &mut DbConnection, found: Option<(i32, i64, bool)>, now: i64) -> QueryResult<usize> {
        use login_failures::{attempt, failures, since, table};

        let Some((count, time, is_expired)) = found else {
            let row = (attempt.eq(&self.key), failures.eq(1), since.eq(now));
            let insert = diesel::insert_into(table).values(row);
            let inserted = with_backend!(conn, |conn| insert.on_conflict_do_nothing().execute(conn))?;
            if inserted == 1 {
                self.set_origin(conn)?;
            }
            return Ok(inserted);
        };
        // The condition is evaluated again under the lock of the row.
        if is_expired {
            let unchanged = table.filter(attempt.eq(&self.key).and(since.eq(time)).and(failures.eq(count)));
            diesel::update(unchanged).set((failures.eq(1), since.eq(now))).execute(conn)
        } else {
            let below = table.filter(attempt.eq(&self.key).and(failures.lt(self.limit)));
            let time = if self.expires == Expires::AfterLast { now } else { time };
            diesel::update(below).set((failures.eq(failures + 1), since.eq(time))).execute(conn)
        }
    }

    /// Stores the user and the address, by which an administrator finds the count.
    fn set_origin(&self, conn: &mut DbConnection) -> QueryResult<()> {
        use login_failure_origins::{account, address, attempt, table};

        let row = (attempt.eq(&self.key), account.eq(&self.account), address.eq(&self.address));
        diesel::insert_into(table).values(row).execute(conn).map(drop)
    }

    fn delete(&self, conn: &mut DbConnection) -> QueryResult<()> {
        diesel::delete(login_failures::table.filter(login_failures::attempt.eq(&self.key))).execute(conn).map(drop)
    }

    fn take_back(&self, conn: &mut DbConnection) -> QueryResult<()> {
        use login_failures::{attempt, failures, table};

        let counted = table.filter(attempt.eq(&self.key).and(failures.between(1, self.limit)));
        diesel::update(counted).set(failures.eq(failures - 1)).execute(conn).map(drop)
    }
}

/// The digest that counts are found by.
pub(super) fn hash(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

fn locked_out(seconds: i64) -> AuthError {
    AuthError::LockedOut(u64::try_from(seconds).unwrap_or(1).max(1))
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::db::DatabaseSettings;

    #[test]
    fn a_sweep_whose_task_is_dropped_is_followed_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("db.sqlite3").display());
        let db = Database::open(&DatabaseSettings::new(&url).unwrap()).unwrap();
        let settings = AuthSettings { login_failure_limit: Some(3), ..AuthSettings::default() };
        let lockout = Lockout::new(&settings).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        runtime.block_on(async { lockout.sweep_if_due(&db, now) });
        drop(runtime);
        assert_eq!(lockout.next_sweep.load(Ordering::Acquire), 1_800_000_000 + SWEEP_INTERVAL);
    }
}
