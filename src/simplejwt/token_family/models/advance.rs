//! The step of a family: a token is exchanged for the next one.
//!
//! The statements are written as text, because diesel builds and prepares an `UPDATE` and an `ON CONFLICT DO UPDATE` again at
//! each use. On SQLite this takes longer than running them.

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::super::client::Client;
use crate::contrib::auth::UserId;
use crate::db::DbConnection;
use crate::db::text_query::TextQuery;
use crate::db::types::to_db;
#[cfg(feature = "sqlite")]
use crate::simplejwt::token_blacklist::models::BlacklistedToken;

/// A token of a family and its successor.
#[derive(Clone, Copy, Debug)]
pub struct FamilyStep<'a> {
    /// The id of the family, from the claims.
    pub family_id: &'a str,
    /// Key of the user of the token.
    pub user_id: Option<UserId>,
    /// The id of the token that is used.
    pub old: &'a str,
    /// The id of the token that replaces it.
    pub new: &'a str,
    /// The client that sends the token.
    pub client: &'a Client,
    /// The time of the refresh.
    pub now: DateTime<Utc>,
    /// Whether the token that is used is blacklisted: `BLACKLIST_AFTER_ROTATION`.
    pub blacklist: bool,
}

/// Locks the family, blacklists the old token (see [`FamilyStep::blacklist`]), and records the new one as its successor and as the current
/// token of the family.
///
/// Returns `false` if the family has ended, is blacklisted, is not recorded or belongs to another user, and if the old token cannot
/// be blacklisted, because it already is or is not outstanding. **Then the caller must roll back**, because a part of the step may
/// have been done.
///
/// # Errors
/// Returns the errors of the database.
pub fn advance(conn: &mut DbConnection, step: &FamilyStep<'_>) -> QueryResult<bool> {
    let now = to_db(step.now).to_string();
    let user_id = step.user_id.map(|id| stored_text(id, conn));
    let owner = user_id.as_deref();
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {
            let moved = step.update_family(TextQuery::default(), owner, "", &now, "");
            let spent = TextQuery::default()
                .sql("INSERT INTO family_token (jti, family_id, successor) SELECT ")
                .bind(Some(step.old))
                .sql(", id, ")
                .bind(Some(step.new))
                .sql(" FROM token_family_tokenfamily WHERE family_id = ")
                .bind(Some(step.family_id))
                .sql(REPLACE_SUCCESSOR);
            Ok(moved.run(conn)? == 1
                && spent.run(conn)? == 1
                && (!step.blacklist || BlacklistedToken::create(conn, step.old, step.now)?))
        }
        // One statement, because each statement is a round trip. The row of the family is locked before the token is claimed,
        // because `claimed` reads from `moved`.
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => {
            let query = TextQuery::default().sql("WITH moved AS (");
            let query =
                step.update_family(query, owner, "CAST(", &now, " AS timestamptz)").sql(" RETURNING family_id)");
            let query = if step.blacklist {
                query
                    .sql(
                        ", claimed AS (INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
                         SELECT o.id, CAST(",
                    )
                    .bind(Some(&now))
                    .sql(" AS timestamptz) FROM token_blacklist_outstandingtoken o, moved WHERE o.jti = ")
                    .bind(Some(step.old))
                    .sql(" ON CONFLICT DO NOTHING RETURNING token_id)")
            } else {
                query
            };
            let query = query
                .sql(" INSERT INTO family_token (jti, family_id, successor) SELECT ")
                .bind(Some(step.old))
                .sql(", moved.family_id, ")
                .bind(Some(step.new))
                .sql(if step.blacklist { " FROM moved, claimed" } else { " FROM moved" })
                .sql(REPLACE_SUCCESSOR);
            Ok(query.run(conn)? == 1)
        }
    }
}

/// A token that was rotated while `BLACKLIST_AFTER_ROTATION` was off has a successor already.
const REPLACE_SUCCESSOR: &str = " ON CONFLICT (jti) DO UPDATE SET successor = excluded.successor";

/// The key of a user as the database converts it to text.
fn stored_text(id: UserId, conn: &DbConnection) -> String {
    match (id, conn) {
        #[cfg(feature = "sqlite")]
        (UserId::Uuid(id), DbConnection::Sqlite(_)) => id.simple().to_string(),
        (id, _) => id.to_string(),
    }
}

impl FamilyStep<'_> {
    /// Appends the update of the family's row to `query`. The update locks the row. Each time is written as `open`, `now`,
    /// `close`.
    fn update_family<'a>(
        &'a self,
        query: TextQuery<'a>,
        owner: Option<&'a str>,
        open: &'a str,
        now: &'a str,
        close: &'a str,
    ) -> TextQuery<'a> {
        query
            .sql("UPDATE family_activity SET jti = ")
            .bind(Some(self.new))
            .sql(", rotated_at = ")
            .sql(open)
            .bind(Some(now))
            .sql(close)
            .sql(", last_refresh = ")
            .sql(open)
            .bind(Some(now))
            .sql(close)
            .sql(", ip_address = ")
            .bind(self.client.ip_address.as_deref())
            .sql(", user_agent = ")
            .bind(Some(&self.client.user_agent))
            .sql(
                " WHERE ended_at IS NULL AND family_id = (SELECT f.id FROM token_family_tokenfamily f \
                 WHERE NOT EXISTS (SELECT 1 FROM token_family_blacklistedtokenfamily b WHERE b.family_id = f.id) \
                 AND f.family_id = ",
            )
            .bind(Some(self.family_id))
            .sql(" AND (f.user_id IS NULL OR CAST(f.user_id AS text) = ")
            .bind(owner)
            .sql("))")
    }
}
