//! The failed logins that an administrator sees and deletes. Python counterpart: the models of `django-axes` in the admin.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::lockout::hash;
use super::state::AuthState;
use crate::db::schema::{login_failure_origins as origins, login_failures as counts};
use crate::db::{DatabaseError, DbConnection};

/// Failed logins that count, for an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedLogins {
    /// The address of the client; empty for logins without a client.
    pub address: String,
    /// Whether they are the failures of one user name. Otherwise they are all failures from the address.
    pub is_of_account: bool,
    /// The number of failures.
    pub failures: i32,
    /// Whether logins are refused until [`FailedLogins::expires`].
    pub is_locked: bool,
    /// The time after which they do not count any more.
    pub expires: DateTime<Utc>,
}

/// Selects failed logins.
#[derive(Clone, Copy, Debug)]
pub enum FailedLoginsOf<'a> {
    /// The failed logins of the user with this name, from every address.
    Username(&'a str),
    /// The failed logins from this address, with every name.
    Address(&'a str),
}

impl AuthState {
    /// The failed logins of `which` that still count, the latest first and at most `limit`. None without a limit on failures.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn failed_logins(
        &self,
        conn: &mut DbConnection,
        which: FailedLoginsOf<'_>,
        limit: i64,
    ) -> Result<Vec<FailedLogins>, DatabaseError> {
        let Some(lockout) = &self.0.lockout else { return Ok(Vec::new()) };
        let now = self.clock().now();
        let rows = origins::table
            .inner_join(counts::table)
            .filter(counts::since.gt(now.timestamp() - lockout.cooloff))
            .order((counts::since.desc(), counts::attempt))
            .select((origins::account, origins::address, counts::failures, counts::since))
            .limit(limit);
        let rows: Vec<(Option<String>, String, i32, i64)> = match which {
            FailedLoginsOf::Username(name) => rows.filter(origins::account.eq(hash(name))).load(conn)?,
            FailedLoginsOf::Address(address) => rows.filter(origins::address.eq(address)).load(conn)?,
        };
        let row = |(account, address, failures, time): (Option<String>, String, i32, i64)| {
            let limit = if account.is_some() { lockout.limit } else { lockout.limit_per_address };
            FailedLogins {
                address,
                is_of_account: account.is_some(),
                failures,
                is_locked: limit.is_some_and(|limit| failures >= limit),
                expires: DateTime::from_timestamp(time.saturating_add(lockout.cooloff), 0).unwrap_or(now),
            }
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// How many user names (each with an address) and addresses are locked out.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn count_locked(&self, conn: &mut DbConnection) -> Result<i64, DatabaseError> {
        let Some(lockout) = &self.0.lockout else { return Ok(0) };
        let by_name = origins::account.is_not_null().and(counts::failures.ge(lockout.limit.unwrap_or(i32::MAX)));
        let by_address =
            origins::account.is_null().and(counts::failures.ge(lockout.limit_per_address.unwrap_or(i32::MAX)));
        let since = self.clock().now().timestamp() - lockout.cooloff;
        let locked = origins::table.inner_join(counts::table).filter(counts::since.gt(since));
        Ok(locked.filter(by_name.or(by_address)).count().get_result(conn)?)
    }

    /// Unlocks a user or an address: forgets the failed logins. Returns how many counts there were.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn forget_failed_logins(
        &self,
        conn: &mut DbConnection,
        which: FailedLoginsOf<'_>,
    ) -> Result<usize, DatabaseError> {
        if !self.limits_failures() {
            return Ok(0);
        }
        let keys = origins::table.select(origins::attempt);
        Ok(match which {
            FailedLoginsOf::Username(name) => {
                let keys = keys.filter(origins::account.eq(hash(name)));
                diesel::delete(counts::table.filter(counts::attempt.eq_any(keys))).execute(conn)?
            }
            FailedLoginsOf::Address(address) => {
                let keys = keys.filter(origins::address.eq(address));
                diesel::delete(counts::table.filter(counts::attempt.eq_any(keys))).execute(conn)?
            }
        })
    }
}
