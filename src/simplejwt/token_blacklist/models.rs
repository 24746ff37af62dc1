//! The tables of outstanding and blacklisted tokens. Python counterpart:
//! `rest_framework_simplejwt.token_blacklist.models`.
//!
//! `token_id` is unique in `token_blacklist_blacklistedtoken`. So if several transactions blacklist a token, exactly one inserts
//! the row, on one server, on several, and together with Django.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamp;

use crate::contrib::auth::UserId;
use crate::db::schema::{
    token_blacklist_blacklistedtoken as blacklisted, token_blacklist_outstandingtoken as outstanding,
};
use crate::db::types::{DjangoDateTime, to_db};
use crate::db::{DbConnection, Lookup, with_backend};

/// The number of expired tokens that are deleted in one transaction. It is small, so that requests do not wait long.
pub const FLUSH_BATCH: i64 = 1_000;

/// A refresh or sliding token that was issued.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outstanding)]
pub struct OutstandingToken {
    /// Primary key.
    pub id: i64,
    /// Key of its user. `None` if the user was deleted or the token names no user.
    pub user_id: Option<UserId>,
    /// Its id, from the claim `jti`.
    pub jti: String,
    /// The token itself.
    pub token: String,
    /// When it was made, in UTC.
    pub created_at: Option<NaiveDateTime>,
    /// When it expires, in UTC.
    pub expires_at: NaiveDateTime,
}

/// The values of a new row.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(table_name = outstanding)]
pub struct NewOutstandingToken<'a> {
    /// Key of its user.
    pub user_id: Option<UserId>,
    /// Its id, at most 255 characters.
    pub jti: &'a str,
    /// The token itself.
    pub token: &'a str,
    /// When it was made.
    pub created_at: DjangoDateTime,
    /// When it expires.
    pub expires_at: DjangoDateTime,
}

impl OutstandingToken {
    /// The row with this `jti`.
    pub fn find_by_jti(conn: &mut DbConnection, jti: &str) -> QueryResult<Option<Self>> {
        let row = outstanding::table.filter(outstanding::jti.eq(jti));
        with_backend!(conn, |conn| row.select(Self::as_select()).get_result(conn)).optional()
    }

    /// The tokens of a user that are neither blacklisted nor expired at `now`, in the order in which they were issued.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn living_of_user(conn: &mut DbConnection, user_id: UserId, now: DateTime<Utc>) -> QueryResult<Vec<Self>> {
        living(user_id, now).order(outstanding::id).select(Self::as_select()).load(conn)
    }

    /// The keys of the same tokens. A user may have very many, and their texts are long.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn living_ids(conn: &mut DbConnection, user_id: UserId, now: DateTime<Utc>) -> QueryResult<Vec<i64>> {
        living(user_id, now).select(outstanding::id).load(conn)
    }

    /// The keys of the rows with these `jtis`.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn ids(conn: &mut DbConnection, jtis: &[String]) -> QueryResult<Vec<i64>> {
        outstanding::table.filter(outstanding::jti.eq_any(jtis)).select(outstanding::id).load(conn)
    }

    /// Inserts a row, unless a row with this `jti` exists.
    pub fn get_or_create(conn: &mut DbConnection, new: &NewOutstandingToken<'_>) -> QueryResult<()> {
        let insert = diesel::insert_into(outstanding::table).values(new);
        with_backend!(conn, |conn| insert.on_conflict_do_nothing().execute(conn)).map(drop)
    }

    /// Deletes at most `limit` of the rows that have expired at `now`, with their blacklist rows. Returns how many.
    pub fn delete_expired_batch(conn: &mut DbConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
        let ids: Vec<i64> = outstanding::table
            .filter(outstanding::expires_at.le(to_db(now)))
            .order(outstanding::id)
            .limit(limit)
            .select(outstanding::id)
            .load(conn)?;
        // Django's foreign keys do not cascade in the database.
        diesel::delete(blacklisted::table.filter(blacklisted::token_id.eq_any(&ids))).execute(conn)?;
        diesel::delete(outstanding::table.filter(outstanding::id.eq_any(&ids))).execute(conn)
    }
}

/// The tokens of a user that are neither blacklisted nor expired at `now`.
#[diesel::dsl::auto_type(no_type_alias)]
fn living(user_id: UserId, now: DateTime<Utc>) -> _ {
    let now: DjangoDateTime = to_db(now);
    outstanding::table
        .left_join(blacklisted::table)
        .filter(outstanding::user_id.eq(user_id))
        .filter(outstanding::expires_at.gt(now))
        .filter(blacklisted::id.is_null())
}

/// A token that is refused although it has not expired.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = blacklisted)]
pub struct BlacklistedToken {
    /// Primary key.
    pub id: i64,
    /// The outstanding token.
    pub token_id: i64,
    /// When it was blacklisted, in UTC.
    pub blacklisted_at: NaiveDateTime,
}

impl BlacklistedToken {
    /// Blacklists the outstanding token with this `jti`. Returns `false` if the token was blacklisted before, or is not
    /// outstanding.
    pub fn create(conn: &mut DbConnection, jti: &str, now: DateTime<Utc>) -> QueryResult<bool> {
        let row = (outstanding::id, to_db(now).into_sql::<Timestamp>());
        let insert = outstanding::table
            .filter(outstanding::jti.eq(jti))
            .select(row)
            .insert_into(blacklisted::table)
            .into_columns((blacklisted::token_id, blacklisted::blacklisted_at));
        Ok(with_backend!(conn, |conn| insert.on_conflict_do_nothing().execute(conn))? > 0)
    }

    /// Blacklists the outstanding tokens with these keys. Returns the number of tokens that were not blacklisted before.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn create_many(conn: &mut DbConnection, token_ids: &[i64], now: DateTime<Utc>) -> QueryResult<usize> {
        let row = (outstanding::id, to_db(now).into_sql::<Timestamp>());
        let insert = outstanding::table
            .filter(outstanding::id.eq_any(token_ids))
            .select(row)
            .insert_into(blacklisted::table)
            .into_columns((blacklisted::token_id, blacklisted::blacklisted_at));
        with_backend!(conn, |conn| insert.on_conflict_do_nothing().execute(conn))
    }
}

/// The query whether the token with this `jti` is blacklisted. Finds no row if it is not.
#[derive(Clone, Debug)]
pub struct BlacklistLookup(pub String);

impl Lookup for BlacklistLookup {
    type Found = ();

    fn find(&self, conn: &mut DbConnection) -> QueryResult<Option<()>> {
        let row = blacklisted::table.inner_join(outstanding::table).filter(outstanding::jti.eq(&self.0));
        let id: Option<i64> = with_backend!(conn, |conn| row.select(blacklisted::id).get_result(conn)).optional()?;
        Ok(id.map(drop))
    }

    fn find_many(keys: &[Self], conn: &mut DbConnection) -> QueryResult<Vec<Option<()>>> {
        let jtis: Vec<_> = keys.iter().map(|key| key.0.as_str()).collect();
        let rows = blacklisted::table.inner_join(outstanding::table).filter(outstanding::jti.eq_any(&jtis));
        let found: Vec<String> = with_backend!(conn, |conn| rows.select(outstanding::jti).load(conn))?;
        let found: HashSet<_> = found.into_iter().collect();
        Ok(keys.iter().map(|key| found.contains(&key.0).then_some(())).collect())
    }
}
