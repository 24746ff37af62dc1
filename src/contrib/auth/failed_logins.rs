//! Failed logins as an administrator sees and deletes them. Python counterpart: the models of `django-axes` in the admin.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::lockout::{Lockout, hash};
use crate::db::DbConnection;
use crate::db::schema::{login_failure_origins as origins, login_failures as counts};

/// Failed logins that count, for an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedLogins {
    /// Where they came from; empty for logins without a client.
    pub address: String,
    /// Whether they count for one user name. Otherwise they are all failures from the address.
    pub is_of_account: bool,
    /// How many.
    pub failures: i32,
    /// Whether logins are refused until [`FailedLogins::expires`].
    pub is_locked: bool,
    /// When they no longer count.
    pub expires: DateTime<Utc>,
}

/// Which failed logins are meant.
#[derive(Clone, Copy, Debug)]
pub enum FailedLoginsOf<'a> {
    /// Those of the user with this name, from every address.
    Username(&'a str),
    /// Those from this address, with every name.
    Address(&'a str),
}

impl Lockout {
    /// The failed logins that still count, the latest first.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub(super) fn failed_logins(
        &self,
        conn: &mut DbConnection,
        which: FailedLoginsOf<'_>,
        now: DateTime<Utc>,
        limit: i64,
    ) -> QueryResult<Vec<FailedLogins>> {
        let rows = origins::table
            .inner_join(counts::table)
            .filter(counts::since.gt(now.timestamp() - self.cooloff))
            .order((counts::since.desc(), counts::attempt))
            .select((origins::account, origins::address, counts::failures, counts::since))
            .limit(limit);
        let rows: Vec<(Option<String>, String, i32, i64)> = match which {
            FailedLoginsOf::Username(name) => rows.filter(origins::account.eq(hash(name))).load(conn)?,
            FailedLoginsOf::Address(address) => rows.filter(origins::address.eq(address)).load(conn)?,
        };
        let row = |(account, address, failures, time): (Option<String>, String, i32, i64)| {
            let limit = if account.is_some() { self.limit } else { self.limit_per_address };
            FailedLogins {
                address,
                is_of_account: account.is_some(),
                failures,
                is_locked: limit.is_some_and(|limit| failures >= limit),
                expires: DateTime::from_timestamp(time.saturating_add(self.cooloff), 0).unwrap_or(now),
            }
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// How many user names and addresses are locked out.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub(super) fn count_locked(&self, conn: &mut DbConnection, now: DateTime<Utc>) -> QueryResult<i64> {
        let by_name = origins::account.is_not_null().and(counts::failures.ge(self.limit.unwrap_or(i32::MAX)));
        let by_address =
            origins::account.is_null().and(counts::failures.ge(self.limit_per_address.unwrap_or(i32::MAX)));
        origins::table
            .inner_join(counts::table)
            .filter(counts::since.gt(now.timestamp() - self.cooloff))
            .filter(by_name.or(by_address))
            .count()
            .get_result(conn)
    }

    /// Forgets the failed logins, so that the next attempt is the first. Returns how many counts were deleted.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub(super) fn forget(conn: &mut DbConnection, which: FailedLoginsOf<'_>) -> QueryResult<usize> {
        let keys = origins::table.select(origins::attempt);
        match which {
            FailedLoginsOf::Username(name) => {
                let keys = keys.filter(origins::account.eq(hash(name)));
                diesel::delete(counts::table.filter(counts::attempt.eq_any(keys))).execute(conn)
            }
            FailedLoginsOf::Address(address) => {
                let keys = keys.filter(origins::address.eq(address));
                diesel::delete(counts::table.filter(counts::attempt.eq_any(keys))).execute(conn)
            }
        }
    }
}
