//! Functions that end families before they expire.
//!
//! They also blacklist the refresh tokens of the family, so that a Django on the same database refuses the tokens even if it does
//! not have families.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;

use super::super::claims::family_id;
use super::super::settings::TokenFamilySettings;
use super::living::{CHUNK, living};
use crate::contrib::auth::UserId;
use crate::db::schema::{
    family_activity as activity, token_family_blacklistedtokenfamily as blacklisted,
    token_family_tokenfamily as families,
};
use crate::db::types::to_db;
use crate::db::{DbConnection, advisory_lock, shared_advisory_lock, with_backend};
use crate::simplejwt::token_blacklist::models::{BlacklistedToken, OutstandingToken};

/// The reason why a family was ended before it expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// A rotated token was used again.
    Reuse,
    /// The user, or an administrator, ended this login.
    Logout,
    /// The user, or an administrator, ended all logins.
    LogoutAll,
    /// The user has logged in more often than `SESSIONS_MAX` allows.
    SessionsMax,
    /// The password was changed.
    PasswordChange,
    /// The user was deactivated.
    Deactivation,
}

impl EndReason {
    /// The text in the column `ended_by`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reuse => "reuse",
            Self::Logout => "logout",
            Self::LogoutAll => "logout_all",
            Self::SessionsMax => "sessions_max",
            Self::PasswordChange => "password_change",
            Self::Deactivation => "deactivation",
        }
    }
}

/// Ends a family and its refresh tokens. Returns `false` if the family had ended before.
///
/// # Errors
/// Returns the errors of the database.
pub fn end_family(
    conn: &mut DbConnection,
    family: i64,
    reason: EndReason,
    now: DateTime<Utc>,
    settings: &TokenFamilySettings,
) -> QueryResult<bool> {
    let row = families::table.find(family).select((families::family_id, families::user_id));
    let Some((id, user_id)) = row.get_result::<(String, Option<UserId>)>(conn).optional()? else { return Ok(false) };
    let ends = end_rows(conn, &[family], reason, now)? > 0;
    // Tokens that Django has rotated are not in `family_token`, but they name their family.
    let mut tokens: Vec<i64> = Vec::new();
    if let Some(user_id) = user_id {
        let living = OutstandingToken::living_of_user(conn, user_id, now)?;
        let own = living.iter().filter(|token| family_id(&token.token, settings).as_ref() == Some(&id));
        tokens.extend(own.map(|token| token.id));
    }
    // A token that names no user is found by its id.
    let jtis: Vec<String> = activity::table.find(family).select(activity::jti).load(conn)?;
    tokens.extend(OutstandingToken::ids(conn, &jtis)?);
    for tokens in tokens.chunks(CHUNK) {
        BlacklistedToken::create_many(conn, tokens, now)?;
    }
    Ok(ends)
}

/// Ends all families and refresh tokens of a user. If `with_families` is false, there are no tables of families, and only the
/// tokens end.
///
/// # Errors
/// Returns the errors of the database.
pub fn end_all(
    conn: &mut DbConnection,
    user_id: UserId,
    reason: EndReason,
    now: DateTime<Utc>,
    with_families: bool,
) -> QueryResult<()> {
    lock_user(conn, user_id)?;
    // Rotations in families lock only their family, and those of a Django on the same database lock nothing. So tokens may be added
    // meanwhile, which the next turn ends.
    for _turn in 0..MAX_TURNS {
        // The tokens are read first. A family is recorded together with its tokens, so the families of all these tokens are found
        // and locked before the first token is locked.
        let ids = OutstandingToken::living_ids(conn, user_id, now)?;
        let ended = if with_families { end_rows_of_user(conn, user_id, reason, now)? } else { 0 };
        for ids in ids.chunks(CHUNK) {
            BlacklistedToken::create_many(conn, ids, now)?;
        }
        if ids.is_empty() && ended == 0 {
            return Ok(());
        }
    }
    log::warn!("another server refreshes tokens of user {user_id} while they are ended, so some may still be valid");
    Ok(())
}

/// Much more than the number of concurrent requests of one user.
const MAX_TURNS: usize = 100;

/// Ends the oldest families of a user until `SESSIONS_MAX` are left. The caller must call [`lock_user`] before it records the
/// newest family.
///
/// # Errors
/// Returns the errors of the database.
pub fn limit(
    conn: &mut DbConnection,
    user_id: UserId,
    now: DateTime<Utc>,
    settings: &TokenFamilySettings,
) -> QueryResult<()> {
    let Some(max) = settings.sessions_max else { return Ok(()) };
    let mut families = living(conn, user_id, now, settings)?;
    families.sort_by_key(|family| (family.created_at, family.id));
    let surplus = families.len().saturating_sub(usize::try_from(max).unwrap_or(usize::MAX));
    for family in families.iter().take(surplus) {
        end_family(conn, family.id, EndReason::SessionsMax, now, settings)?;
    }
    Ok(())
}

/// Locks the logins of a user, so that one transaction at a time counts or ends the families. It must be called before a family
/// is locked.
///
/// # Errors
/// Returns the errors of the database.
pub fn lock_user(conn: &mut DbConnection, user_id: UserId) -> QueryResult<()> {
    advisory_lock(conn, &logins_of(user_id))
}

/// Makes the end of all logins of a user wait for this transaction, or this transaction wait for the end. Several rotations may do
/// so at the same time.
///
/// # Errors
/// Returns the errors of the database.
pub fn share_user(conn: &mut DbConnection, user_id: UserId) -> QueryResult<()> {
    shared_advisory_lock(conn, &logins_of(user_id))
}

fn logins_of(user_id: UserId) -> String {
    format!("logins of user {user_id}")
}

/// Marks and blacklists the `families` that have not ended. Returns their number.
fn end_rows(conn: &mut DbConnection, families: &[i64], reason: EndReason, now: DateTime<Utc>) -> QueryResult<usize> {
    let mut ended = 0;
    for ids in families.chunks(CHUNK) {
        let rows = activity::table.filter(activity::family_id.eq_any(ids)).filter(activity::ended_at.is_null());
        let values = (activity::ended_at.eq(to_db(now)), activity::ended_by.eq(reason.as_str()));
        // This waits for other transactions that change the families.
        ended += diesel::update(rows).set(values).execute(conn)?;
        let row = (self::families::id, to_db(now).into_sql::<diesel::sql_types::Timestamp>());
        let insert = self::families::table
            .filter(self::families::id.eq_any(ids))
            .select(row)
            .insert_into(blacklisted::table)
            .into_columns((blacklisted::family_id, blacklisted::blacklisted_at));
        with_backend!(conn, |conn| insert.on_conflict_do_nothing().execute(conn))?;
    }
    Ok(ended)
}

/// Same as [`end_rows`] for all families of a user. Returns the number of families that were not blacklisted.
fn end_rows_of_user(
    conn: &mut DbConnection,
    user_id: UserId,
    reason: EndReason,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let is_blacklisted = exists(blacklisted::table.filter(blacklisted::family_id.eq(families::id)));
    let open = families::table.filter(families::user_id.eq(user_id)).filter(diesel::dsl::not(is_blacklisted));
    let ids: Vec<i64> = open.order(families::id).select(families::id).load(conn)?;
    end_rows(conn, &ids, reason, now)?;
    Ok(ids.len())
}
