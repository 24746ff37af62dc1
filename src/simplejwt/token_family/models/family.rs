//! The table `token_family_tokenfamily`.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::super::claims::FamilyClaims;
use super::super::client::Client;
use super::activity::FamilyActivity;
use crate::contrib::auth::UserId;
use crate::db::schema::{token_family_blacklistedtokenfamily as blacklisted, token_family_tokenfamily as families};
use crate::db::types::{DjangoDateTime, from_db, to_db};
use crate::db::{DbConnection, with_backend};

/// A family: the refresh tokens of one login.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = families)]
pub struct TokenFamily {
    /// Primary key.
    pub id: i64,
    /// The id in the claims of its tokens.
    pub family_id: String,
    /// Key of its user. `None` if the user was deleted or the tokens name no user.
    pub user_id: Option<UserId>,
    /// When it started, in UTC.
    pub created_at: NaiveDateTime,
    /// When it ends, in UTC. `None` if it has no end.
    pub expires_at: Option<NaiveDateTime>,
}

/// A family that is not recorded yet.
#[derive(Clone, Copy, Debug)]
pub struct NewTokenFamily<'a> {
    /// The claims of its tokens about it.
    pub claims: &'a FamilyClaims,
    /// Key of its user.
    pub user_id: Option<UserId>,
    /// The id of its current refresh token.
    pub jti: &'a str,
    /// The client that uses it.
    pub client: &'a Client,
    /// The time of the use.
    pub now: DateTime<Utc>,
}

impl NewTokenFamily<'_> {
    /// Inserts the family. Returns the key.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn create(&self, conn: &mut DbConnection) -> QueryResult<i64> {
        let insert = diesel::insert_into(families::table).values(self.row());
        let id = with_backend!(conn, |conn| insert.returning(families::id).get_result(conn))?;
        FamilyActivity::create(conn, id, self.jti, self.client, self.now)?;
        Ok(id)
    }

    /// Returns the key of the family with this id, and inserts the family if it does not exist. `None` if it is the family of
    /// another user, because an issuer has copied claims from one token to another.
    ///
    /// The family does not exist if another server has started it without recording it, or has deleted it.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn get_or_create(&self, conn: &mut DbConnection) -> QueryResult<Option<i64>> {
        let find = families::table.filter(families::family_id.eq(&self.claims.id)).select(TokenFamily::as_select());
        let family = match find.get_result(conn).optional()? {
            Some(family) => family,
            None => {
                let insert = diesel::insert_into(families::table).values(self.row());
                with_backend!(conn, |conn| insert.on_conflict_do_nothing().execute(conn))?;
                find.get_result(conn)?
            }
        };
        if !family.may_be_of(self.user_id) {
            return Ok(None);
        }
        FamilyActivity::create(conn, family.id, self.jti, self.client, self.now)?;
        Ok(Some(family.id))
    }

    fn row(&self) -> NewRow<'_> {
        NewRow {
            family_id: &self.claims.id,
            user_id: self.user_id,
            created_at: to_db(self.now),
            expires_at: self.claims.expires_at.map(to_db),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = families)]
struct NewRow<'a> {
    family_id: &'a str,
    user_id: Option<UserId>,
    created_at: DjangoDateTime,
    expires_at: Option<DjangoDateTime>,
}

/// The number of rows in a list of the admin site.
const MAX_SHOWN: i64 = 100;

/// A family, when it was blacklisted, and what happened last in it.
pub type FamilyRow = (TokenFamily, Option<NaiveDateTime>, Option<FamilyActivity>);

impl TokenFamily {
    /// Whether a token of the user with this key may belong to the family. A family without a user may belong to any user: its
    /// user was deleted, or another server has not recorded a user.
    #[must_use]
    pub fn may_be_of(&self, user_id: Option<UserId>) -> bool {
        self.user_id.is_none() || self.user_id == user_id
    }

    /// The claims of its tokens about it.
    #[must_use]
    pub fn claims(self) -> FamilyClaims {
        FamilyClaims { id: self.family_id, expires_at: self.expires_at.map(from_db) }
    }

    /// The newest rows of a user, with the times at which they were blacklisted, for lists in the admin site.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn of_user(conn: &mut DbConnection, user_id: UserId) -> QueryResult<Vec<FamilyRow>> {
        use crate::db::schema::family_activity as activity;
        families::table
            .left_join(blacklisted::table)
            .left_join(activity::table)
            .filter(families::user_id.eq(user_id))
            .order(families::id.desc())
            .limit(MAX_SHOWN)
            .select((Self::as_select(), blacklisted::blacklisted_at.nullable(), Option::<FamilyActivity>::as_select()))
            .load(conn)
    }

    /// Deletes at most `limit` of the families that have expired at `now`, with their rows in other tables. Returns their number.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn delete_expired_batch(conn: &mut DbConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
        let now: DjangoDateTime = to_db(now);
        let ids: Vec<i64> = families::table
            .filter(families::expires_at.le(now))
            .order(families::id)
            .limit(limit)
            .select(families::id)
            .load(conn)?;
        // If Django has made the table, its foreign keys do not cascade in the database.
        diesel::delete(blacklisted::table.filter(blacklisted::family_id.eq_any(&ids))).execute(conn)?;
        diesel::delete(families::table.filter(families::id.eq_any(&ids))).execute(conn)
    }
}
