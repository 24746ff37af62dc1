//! Whether a family is blacklisted.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::db::schema::{token_family_blacklistedtokenfamily as blacklisted, token_family_tokenfamily as families};
use crate::db::{DbConnection, Lookup, with_backend};

/// The query whether the family with this id is blacklisted. Finds no row if it is not.
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
