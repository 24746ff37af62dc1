//! The families of a user that are alive: the logins of the user.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::super::claims::family_id;
use super::super::settings::TokenFamilySettings;
use super::activity::FamilyActivity;
use super::family::TokenFamily;
use crate::contrib::auth::UserId;
use crate::db::DbConnection;
use crate::db::schema::{
    family_activity as activity, token_family_blacklistedtokenfamily as blacklisted,
    token_family_tokenfamily as families,
};
use crate::db::types::from_db;
use crate::simplejwt::token_blacklist::models::OutstandingToken;

/// The number of ids in one statement.
pub(super) const CHUNK: usize = 500;

/// A family with a refresh token that can still be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivingFamily {
    /// Primary key.
    pub id: i64,
    /// The id in the claims of its tokens.
    pub family_id: String,
    /// The user agent of the last login or refresh. **The client chooses this text**: escape it when you show it.
    pub user_agent: String,
    /// The address of the client at that time. `None` if it is not known.
    pub ip_address: Option<String>,
    /// When the user logged in.
    pub created_at: DateTime<Utc>,
    /// When the family was used last.
    pub last_seen_at: DateTime<Utc>,
    /// When its current refresh token expires.
    pub expires_at: DateTime<Utc>,
}

/// The families of a user that are alive at `now`. The family that was used last comes first.
///
/// A family is alive if it has not ended and has a refresh token that is neither blacklisted nor expired. This reads the
/// outstanding tokens, so that it includes logouts and rotations by a Django on the same database.
///
/// # Errors
/// Returns the errors of the database.
pub fn living(
    conn: &mut DbConnection,
    user_id: UserId,
    now: DateTime<Utc>,
    settings: &TokenFamilySettings,
) -> QueryResult<Vec<LivingFamily>> {
    // The newest token of each family.
    let mut ends = HashMap::<String, NaiveDateTime>::new();
    for token in OutstandingToken::living_of_user(conn, user_id, now)? {
        if let Some(family) = family_id(&token.token, settings) {
            ends.insert(family, token.expires_at);
        }
    }
    let ids: Vec<&String> = ends.keys().collect();
    let mut living = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let rows: Vec<(TokenFamily, Option<FamilyActivity>)> = families::table
            .left_join(blacklisted::table)
            .left_join(activity::table)
            .filter(families::user_id.eq(user_id))
            .filter(families::family_id.eq_any(ids.iter().copied()))
            .filter(blacklisted::id.is_null())
            .filter(activity::ended_at.is_null())
            .select((TokenFamily::as_select(), Option::<FamilyActivity>::as_select()))
            .load(conn)?;
        for (family, activity) in rows {
            let Some(expires_at) = ends.get(&family.family_id) else { continue };
            if family.expires_at.is_some_and(|end| from_db(end) <= now) {
                continue;
            }
            let last_seen_at = activity.as_ref().map_or(family.created_at, |activity| activity.last_refresh);
            let (user_agent, ip_address) =
                activity.map_or_else(Default::default, |activity| (activity.user_agent, activity.ip_address));
            living.push(LivingFamily {
                id: family.id,
                family_id: family.family_id,
                user_agent,
                ip_address,
                created_at: from_db(family.created_at),
                last_seen_at: from_db(last_seen_at),
                expires_at: from_db(*expires_at),
            });
        }
    }
    living.sort_by_key(|family| std::cmp::Reverse((family.last_seen_at, family.id)));
    Ok(living)
}
