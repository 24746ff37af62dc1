//! The table `family_token`: the rotated tokens and their successors.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::family::TokenFamily;
use super::living::CHUNK;
use crate::db::schema::{
    family_token, token_blacklist_outstandingtoken as outstanding, token_family_tokenfamily as families,
};
use crate::db::{DbConnection, with_backend};

/// A refresh token that was rotated.
#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = family_token)]
pub struct FamilyToken {
    /// The claim `jti` of the token.
    pub jti: String,
    /// Key of its family.
    pub family_id: i64,
    /// The id of the token that replaced it.
    pub successor: Option<String>,
}

impl FamilyToken {
    /// The family of the token with this id, and the id of the token that replaced it.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn find(conn: &mut DbConnection, jti: &str) -> QueryResult<Option<(TokenFamily, Option<String>)>> {
        let row = family_token::table
            .inner_join(families::table.on(families::id.eq(family_token::family_id)))
            .filter(family_token::jti.eq(jti));
        with_backend!(conn, |conn| row.select((TokenFamily::as_select(), family_token::successor)).get_result(conn))
            .optional()
    }

    /// Inserts the row, or updates its successor.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn save(&self, conn: &mut DbConnection) -> QueryResult<()> {
        let insert = diesel::insert_into(family_token::table).values(self).on_conflict(family_token::jti).do_update();
        let upsert = insert.set(family_token::successor.eq(&self.successor));
        with_backend!(conn, |conn| upsert.execute(conn)).map(drop)
    }

    /// Inserts the row, unless the token has a row.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn get_or_create(&self, conn: &mut DbConnection) -> QueryResult<()> {
        let insert = diesel::insert_into(family_token::table).values(self);
        with_backend!(conn, |conn| insert.on_conflict_do_nothing().execute(conn)).map(drop)
    }

    /// Deletes at most `limit` of the rows whose token is no longer outstanding. Such a token has expired, so the row is not
    /// needed. Returns their number.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn delete_expired_batch(conn: &mut DbConnection, limit: i64) -> QueryResult<usize> {
        let is_outstanding = exists(outstanding::table.filter(outstanding::jti.eq(family_token::jti)));
        let jtis: Vec<String> =
            family_token::table.filter(not(is_outstanding)).limit(limit).select(family_token::jti).load(conn)?;
        let mut deleted = 0;
        for jtis in jtis.chunks(CHUNK) {
            deleted += diesel::delete(family_token::table.filter(family_token::jti.eq_any(jtis))).execute(conn)?;
        }
        Ok(deleted)
    }
}
