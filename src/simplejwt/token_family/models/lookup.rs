//! Whether a token or its family is blacklisted, as every refresh asks.

use std::collections::HashSet;

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::db::schema::{
    token_blacklist_blacklistedtoken as blacklisted_tokens, token_blacklist_outstandingtoken as outstanding,
    token_family_blacklistedtokenfamily as blacklisted, token_family_tokenfamily as families,
};
use crate::db::{DbConnection, Lookup, with_backend};
use crate::simplejwt::token_blacklist::models::BlacklistLookup;

/// The question whether the family with this id is blacklisted. Finds nothing if it is not.
#[derive(Clone, Debug)]
pub struct FamilyLookup(pub String);

impl Lookup for FamilyLookup {
    type Found = ();

    fn find(&self, conn: &mut DbConnection) -> QueryResult<Option<()>> {
        let row = blacklisted::table.inner_join(families::table).filter(families::family_id.eq(&self.0));
        let id: Option<i64> = with_backend!(conn, |conn| row.select(blacklisted::id).get_result(conn)).optional()?;
        Ok(id.map(drop))
    }

    fn find_many(keys: &[Self], conn: &mut DbConnection) -> QueryResult<Vec<Option<()>>> {
        let ids: Vec<_> = keys.iter().map(|key| key.0.as_str()).collect();
        let rows = blacklisted::table.inner_join(families::table).filter(families::family_id.eq_any(&ids));
        let found: Vec<String> = with_backend!(conn, |conn| rows.select(families::family_id).load(conn))?;
        let found: HashSet<_> = found.into_iter().collect();
        Ok(keys.iter().map(|key| found.contains(&key.0).then_some(())).collect())
    }
}

/// The question whether the token with this `jti`, or its family, is blacklisted.
#[derive(Clone, Debug)]
pub struct RevokedLookup {
    /// The id of the token.
    pub jti: String,
    /// The id of its family.
    pub family: String,
}

/// What is blacklisted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The token.
    pub token: bool,
    /// The family.
    pub family: bool,
}

impl Lookup for RevokedLookup {
    type Found = Revoked;

    fn find(&self, conn: &mut DbConnection) -> QueryResult<Option<Revoked>> {
        let token = blacklisted_tokens::table.inner_join(outstanding::table).filter(outstanding::jti.eq(&self.jti));
        let family = blacklisted::table.inner_join(families::table).filter(families::family_id.eq(&self.family));
        let question = diesel::select((exists(token), exists(family)));
        let (token, family) = with_backend!(conn, |conn| question.get_result(conn))?;
        Ok(Some(Revoked { token, family }))
    }

    fn find_many(keys: &[Self], conn: &mut DbConnection) -> QueryResult<Vec<Option<Revoked>>> {
        let tokens: Vec<_> = keys.iter().map(|key| BlacklistLookup(key.jti.clone())).collect();
        let families: Vec<_> = keys.iter().map(|key| FamilyLookup(key.family.clone())).collect();
        let tokens = BlacklistLookup::find_many(&tokens, conn)?;
        let families = FamilyLookup::find_many(&families, conn)?;
        let both = tokens.iter().zip(&families);
        Ok(both.map(|(token, family)| Some(Revoked { token: token.is_some(), family: family.is_some() })).collect())
    }
}
