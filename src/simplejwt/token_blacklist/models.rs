//! The tables of the blacklist. Python counterpart: `token_blacklist.models`.
//!
//! What decides a race is the unique `token_id` of `token_blacklist_blacklistedtoken`: whoever inserts the row has ended
//! the token, whoever meets a unique violation came too late.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::contrib::auth::UserId;
use crate::db::schema::{
    token_blacklist_blacklistedtoken as blacklisted, token_blacklist_outstandingtoken as outstanding,
};
use crate::db::types::to_db;
use crate::db::{DbConnection, Lookup, with_backend};

/// Expired tokens that are deleted in one transaction: few enough that requests hardly wait for it.
pub const FLUSH_BATCH: i64 = 1_000;

/// A refresh or sliding token that was given out.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outstanding)]
pub struct OutstandingToken {
    /// Primary key.
    pub id: i64,
    /// Whose it is; nobody's when the user is gone or the token named none.
    pub user_id: Option<UserId>,
    /// Its id in the claim `jti`.
    pub jti: String,
    /// The token itself.
    pub token: String,
    /// When it was made, in UTC.
    pub created_at: Option<NaiveDateTime>,
    /// When it ends, in UTC.
    pub expires_at: NaiveDateTime,
}

/// What a new row is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewOutstandingToken<'a> {
    /// Whose it is.
    pub user_id: Option<UserId>,
    /// Its id, at most 255 characters.
    pub jti: &'a str,
    /// The token itself.
    pub token: &'a str,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

impl OutstandingToken {
    /// The row with that `jti`.
    pub fn find_by_jti(conn: &mut DbConnection, jti: &str) -> QueryResult<Option<Self>> {
        outstanding::table.filter(outstanding::jti.eq(jti)).select(Self::as_select()).get_result(conn).optional()
    }

    /// Inserts a row and returns its key. A unique violation means that the `jti` is taken.
    pub fn create(conn: &mut DbConnection, new: &NewOutstandingToken<'_>) -> QueryResult<i64> {
        let row = diesel::insert_into(outstanding::table).values((
            outstanding::user_id.eq(new.user_id),
            outstanding::jti.eq(new.jti),
            outstanding::token.eq(new.token),
            outstanding::created_at.eq(to_db(new.created_at)),
            outstanding::expires_at.eq(to_db(new.expires_at)),
        ));
        with_backend!(conn, |conn| row.returning(outstanding::id).get_result(conn))
    }

    /// The key of the row with that `jti`, and whether the token is over.
    pub fn state(conn: &mut DbConnection, jti: &str) -> QueryResult<Option<(i64, bool)>> {
        let row = outstanding::table.left_join(blacklisted::table).filter(outstanding::jti.eq(jti));
        let row = row.select((outstanding::id, blacklisted::id.nullable()));
        let found: Option<(i64, Option<i64>)> = with_backend!(conn, |conn| row.get_result(conn)).optional()?;
        Ok(found.map(|(id, over)| (id, over.is_some())))
    }

    /// The key of the row with that `jti`, inserted if it was not there.
    pub fn get_or_create(conn: &mut DbConnection, new: &NewOutstandingToken<'_>) -> QueryResult<i64> {
        let known = outstanding::table.filter(outstanding::jti.eq(new.jti)).select(outstanding::id);
        match with_backend!(conn, |conn| known.get_result(conn)).optional()? {
            Some(id) => Ok(id),
            None => Self::create(conn, new),
        }
    }

    /// Number of rows that have expired at `now`.
    pub fn count_expired(conn: &mut DbConnection, now: DateTime<Utc>) -> QueryResult<i64> {
        outstanding::table.filter(outstanding::expires_at.le(to_db(now))).count().get_result(conn)
    }

    /// Deletes at most `limit` of the rows that have expired at `now`, with their blacklist rows; returns how many.
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

/// A token that is over.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = blacklisted)]
pub struct BlacklistedToken {
    /// Primary key.
    pub id: i64,
    /// The outstanding token.
    pub token_id: i64,
    /// Since when it is over, in UTC.
    pub blacklisted_at: NaiveDateTime,
}

impl BlacklistedToken {
    /// Whether the token with that `jti` is over.
    pub fn exists(conn: &mut DbConnection, jti: &str) -> QueryResult<bool> {
        let row = blacklisted::table.inner_join(outstanding::table).filter(outstanding::jti.eq(jti));
        let id: Option<i64> = with_backend!(conn, |conn| row.select(blacklisted::id).get_result(conn)).optional()?;
        Ok(id.is_some())
    }

    /// Ends a token. A unique violation means that somebody else has.
    pub fn create(conn: &mut DbConnection, token_id: i64, now: DateTime<Utc>) -> QueryResult<()> {
        let row = (blacklisted::token_id.eq(token_id), blacklisted::blacklisted_at.eq(to_db(now)));
        let row = diesel::insert_into(blacklisted::table).values(row);
        with_backend!(conn, |conn| row.execute(conn))?;
        Ok(())
    }
}

/// The question whether the token with this `jti` is over; nothing is found for one that is not.
#[derive(Clone, Debug)]
pub struct BlacklistLookup(pub String);

impl Lookup for BlacklistLookup {
    type Found = ();

    fn find(&self, conn: &mut DbConnection) -> QueryResult<Option<()>> {
        Ok(BlacklistedToken::exists(conn, &self.0)?.then_some(()))
    }

    fn find_many(keys: &[Self], conn: &mut DbConnection) -> QueryResult<Vec<Option<()>>> {
        let jtis: Vec<_> = keys.iter().map(|key| key.0.as_str()).collect();
        let rows = blacklisted::table.inner_join(outstanding::table).filter(outstanding::jti.eq_any(&jtis));
        let over: Vec<String> = with_backend!(conn, |conn| rows.select(outstanding::jti).load(conn))?;
        let over: HashSet<_> = over.into_iter().collect();
        Ok(keys.iter().map(|key| over.contains(&key.0).then_some(())).collect())
    }
}
