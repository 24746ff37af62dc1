//! The table `family_activity`: the current token and the last client of each family.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::super::client::Client;
use crate::contrib::auth::UserId;
use crate::db::schema::{family_activity as activity, token_family_tokenfamily as families};
use crate::db::types::to_db;
use crate::db::{DbConnection, with_backend};

/// The current state of a family. Every change of a family locks this row.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = activity)]
pub struct FamilyActivity {
    /// Key of the family.
    pub family_id: i64,
    /// The id of the refresh token that was issued last.
    pub jti: String,
    /// When that token replaced its predecessor, in UTC. `None` for the first token.
    pub rotated_at: Option<NaiveDateTime>,
    /// When the family was used last: at the login or a refresh, in UTC.
    pub last_refresh: NaiveDateTime,
    /// The address of the client at that time.
    pub ip_address: Option<String>,
    /// Its user agent. **The client chooses this text.**
    pub user_agent: String,
    /// When a rotated token was used again, in UTC: someone has a copy of the token.
    pub reused_at: Option<NaiveDateTime>,
    /// When the family was ended before it expired, in UTC.
    pub ended_at: Option<NaiveDateTime>,
    /// The reason of the end, as [`EndReason::as_str`](super::EndReason::as_str) writes it.
    pub ended_by: Option<String>,
}

impl FamilyActivity {
    /// Inserts the row of a family, unless the family has a row.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn create(
        conn: &mut DbConnection,
        family: i64,
        jti: &str,
        client: &Client,
        now: DateTime<Utc>,
    ) -> QueryResult<()> {
        let row = (
            activity::family_id.eq(family),
            activity::jti.eq(jti),
            activity::last_refresh.eq(to_db(now)),
            activity::ip_address.eq(client.ip_address.as_deref()),
            activity::user_agent.eq(&client.user_agent),
        );
        let insert = diesel::insert_into(activity::table).values(row);
        with_backend!(conn, |conn| insert.on_conflict_do_nothing().execute(conn)).map(drop)
    }

    /// The last use of `family`.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn find(conn: &mut DbConnection, family: i64) -> QueryResult<Option<Self>> {
        activity::table.find(family).select(Self::as_select()).get_result(conn).optional()
    }

    /// The row, locked until the end of the transaction. On SQLite the transaction itself is the lock.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn lock(conn: &mut DbConnection, family: i64) -> QueryResult<Option<Self>> {
        let row = activity::table.find(family);
        match conn {
            #[cfg(feature = "sqlite")]
            DbConnection::Sqlite(conn) => row.select(Self::as_select()).get_result(conn),
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(conn) => row.select(Self::as_select()).for_update().get_result(conn),
        }
        .optional()
    }

    /// Records that `client` uses the family at `now`.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn renew(conn: &mut DbConnection, family: i64, client: &Client, now: DateTime<Utc>) -> QueryResult<()> {
        let used = (
            activity::last_refresh.eq(to_db(now)),
            activity::ip_address.eq(client.ip_address.as_deref()),
            activity::user_agent.eq(&client.user_agent),
        );
        diesel::update(activity::table.find(family)).set(used).execute(conn).map(drop)
    }

    /// Same as [`FamilyActivity::renew`] for the family with this id, if it is recorded. Returns `false` for the family of another
    /// user.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn touch(
        conn: &mut DbConnection,
        family_id: &str,
        user_id: Option<UserId>,
        client: &Client,
        now: DateTime<Utc>,
    ) -> QueryResult<bool> {
        let family =
            families::table.filter(families::family_id.eq(family_id)).select((families::id, families::user_id));
        match family.get_result::<(i64, Option<UserId>)>(conn).optional()? {
            Some((_, owner)) if owner.is_some() && owner != user_id => Ok(false),
            Some((family, _)) => Self::renew(conn, family, client, now).map(|()| true),
            None => Ok(true),
        }
    }

    /// Records that a rotated token was used again. Returns whether this is the first time.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn mark_reused(conn: &mut DbConnection, family: i64, now: DateTime<Utc>) -> QueryResult<bool> {
        let row = activity::table.find(family).filter(activity::reused_at.is_null());
        Ok(diesel::update(row).set(activity::reused_at.eq(to_db(now))).execute(conn)? > 0)
    }
}
