//! The usual step of a family: its current token is exchanged for the next one.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
#[cfg(feature = "sqlite")]
use diesel::prelude::*;

use super::super::client::Client;
#[cfg(feature = "sqlite")]
use super::token::FamilyToken;
use crate::db::DbConnection;
#[cfg(feature = "sqlite")]
use crate::db::schema::{
    family_activity as activity, token_family_blacklistedtokenfamily as blacklisted,
    token_family_tokenfamily as families,
};
#[cfg(feature = "postgres")]
use crate::db::text_query::TextQuery;
#[cfg(feature = "sqlite")]
use crate::db::types::to_db;
#[cfg(feature = "sqlite")]
use crate::simplejwt::token_blacklist::models::BlacklistedToken;

/// A token of a family, and the one that replaces it.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The id of the family in the claims.
    pub family_id: &'a str,
    /// The id of the token that is used.
    pub old: &'a str,
    /// The id of the token that replaces it.
    pub new: &'a str,
    /// Where it is used.
    pub client: &'a Client,
    /// The time.
    pub now: DateTime<Utc>,
}

/// Locks the family, blacklists the old token, and records the new one as its successor and as the current token of the family.
///
/// Returns `false` if the family has ended, is blacklisted or is not recorded, if the old token is blacklisted already, and if it is not
/// outstanding. **The caller must then roll back**: part of the step may have been done.
///
/// # Errors
/// Those of the database.
pub fn advance(conn: &mut DbConnection, step: &Step<'_>) -> QueryResult<bool> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(inner) => {
            let family = families::table
                .left_join(blacklisted::table)
                .filter(families::family_id.eq(step.family_id))
                .filter(blacklisted::id.is_null())
                .select(families::id);
            let Some(family_id) = family.get_result::<i64>(inner).optional()? else { return Ok(false) };
            let row = activity::table.filter(activity::family_id.eq(family_id)).filter(activity::ended_at.is_null());
            let now = to_db(step.now);
            let values = (
                activity::jti.eq(step.new),
                activity::rotated_at.eq(now),
                activity::last_refresh.eq(now),
                activity::ip_address.eq(step.client.ip_address.as_deref()),
                activity::user_agent.eq(&step.client.user_agent),
            );
            if diesel::update(row).set(values).execute(inner)? == 0 {
                return Ok(false);
            }
            let spent = FamilyToken { jti: step.old.to_owned(), family_id, successor: Some(step.new.to_owned()) };
            spent.save(conn)?;
            BlacklistedToken::create(conn, step.old, step.now)
        }
        // One statement, because each takes a round trip. The row of the family is locked before the token is claimed: the
        // second part reads from the first.
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            let now = step.now.format("%F %T%.6f+00").to_string();
            let query = TextQuery::default()
                .sql("WITH moved AS (UPDATE family_activity SET jti = ")
                .bind(Some(step.new))
                .sql(", rotated_at = CAST(")
                .bind(Some(&now))
                .sql(" AS timestamptz), last_refresh = CAST(")
                .bind(Some(&now))
                .sql(" AS timestamptz), ip_address = ")
                .bind(step.client.ip_address.as_deref())
                .sql(", user_agent = ")
                .bind(Some(&step.client.user_agent))
                .sql(" WHERE ended_at IS NULL AND family_id = (SELECT f.id FROM token_family_tokenfamily f WHERE f.family_id = ")
                .bind(Some(step.family_id))
                .sql(
                    " AND NOT EXISTS (SELECT 1 FROM token_family_blacklistedtokenfamily b WHERE b.family_id = f.id)) RETURNING family_id), \
                     claimed AS (INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) SELECT o.id, CAST(",
                )
                .bind(Some(&now))
                .sql(" AS timestamptz) FROM token_blacklist_outstandingtoken o, moved WHERE o.jti = ")
                .bind(Some(step.old))
                .sql(
                    " ON CONFLICT DO NOTHING RETURNING token_id) \
                     INSERT INTO family_token (jti, family_id, successor) SELECT ",
                )
                .bind(Some(step.old))
                .sql(", moved.family_id, ")
                .bind(Some(step.new))
                .sql(" FROM moved, claimed ON CONFLICT (jti) DO UPDATE SET successor = excluded.successor");
            Ok(query.run(conn)? == 1)
        }
    }
}
