//! The table `family_token`: the rotated tokens and their successors.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::family::TokenFamily;
use super::living::CHUNK;
use crate::db::schema::{
    family_token, token_blacklist_outstandingtoken as outstanding, token_family_tokenfamily as families,
};
use crate::db::{DbConnection, with_backend};

/// The refresh tokens that were rotated. [`advance`](super::advance) inserts them.
#[derive(Debug)]
pub struct FamilyToken;

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
