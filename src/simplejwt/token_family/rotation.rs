//! The transaction of `TokenRefreshSerializer` when token families are on. `docs/ARCHITECTURE.md` has the rules and the order of
//! locks.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::claims::FamilyClaims;
use super::client::Client;
use super::models::{
    EndReason, FamilyActivity, FamilyLookup, FamilyStep, FamilyToken, NewTokenFamily, TokenFamily, advance, end_family,
    limit, lock_user,
};
use super::settings::{MAX_GRACE_PERIOD, TokenFamilySettings};
use crate::contrib::auth::UserId;
use crate::contrib::auth::models::UserLookup;
use crate::db::types::from_db;
use crate::db::{DbConnection, Lookup};
use crate::simplejwt::exceptions::{NO_ACCOUNT_FOR_TOKEN, TokenError};
use crate::simplejwt::state::JwtState;
use crate::simplejwt::token_blacklist::models::{BlacklistLookup, OutstandingToken};
use crate::simplejwt::tokens::RefreshToken;
use crate::simplejwt::tokens::blacklist_mixin::jti;

/// A refresh token and its successor.
pub(in crate::simplejwt) struct Rotation {
    /// Settings and keys.
    pub jwt: Arc<JwtState>,
    /// The look-up of the user of the token.
    pub user: UserLookup,
    /// Whether the token names a user. If so, the user must still exist.
    pub has_user: bool,
    /// The token that is used.
    pub old: RefreshToken,
    /// The token that replaces it.
    pub new: RefreshToken,
    /// The text of the new token.
    pub raw: String,
    /// The family of both.
    pub family: FamilyClaims,
    /// Whether the old token has no family, so that this rotation starts one.
    pub starts: bool,
    /// The client that sends the token.
    pub client: Client,
}

/// The result of a refresh whose token was not rotated.
#[derive(Debug)]
pub(in crate::simplejwt) enum Outcome {
    /// The family or the token was not recorded, and is now. The token can be rotated.
    Recorded,
    /// The token was replaced by the token with this text within the grace period, so this token is answered again.
    Repeated { refresh: String, family: FamilyClaims },
    /// The token was replaced before. The family was ended, if the settings say so.
    Reused { family: i64, ended: bool, is_first: bool },
    /// The token is blacklisted for another reason.
    Blacklisted,
    /// The family has ended.
    FamilyBlacklisted,
}

/// The reason why [`Rotation::rotate`] did nothing.
#[derive(Debug)]
pub(in crate::simplejwt) enum NotRotated {
    /// [`Rotation::settle`] finds the reason.
    Unsettled,
    /// The refresh is refused, or the database failed.
    Refused(TokenError),
}

impl<E: Into<TokenError>> From<E> for NotRotated {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl Rotation {
    fn now(&self) -> DateTime<Utc> {
        self.old.current_time
    }

    /// The key of the user. A foreign key is checked at the commit, so the user must still exist.
    fn owner(&self, conn: &mut DbConnection) -> Result<Option<UserId>, TokenError> {
        let owner = self.user.find(conn)?;
        if self.has_user && owner.is_none() {
            return Err(TokenError::authentication_failed(NO_ACCOUNT_FOR_TOKEN, "user was deleted meanwhile"));
        }
        Ok(owner.and_then(|user| user.pk()))
    }

    /// Claims the token, and records its successor. This takes as few statements as possible, so a failure does not say its
    /// reason: [`Rotation::settle`] finds it.
    ///
    /// # Errors
    /// Returns an error if the token was not rotated. Then the transaction must be rolled back.
    pub fn rotate(&self, conn: &mut DbConnection) -> Result<(), NotRotated> {
        let settings = &self.jwt.settings;
        let owner = self.owner(conn)?;
        let (old, new) = (jti(&self.old, settings)?, jti(&self.new, settings)?);
        // The order of locks: the user, the family, the token.
        if self.starts {
            self.lock_logins(owner, conn)?;
            self.old.check_again(&self.jwt, conn)?;
            self.record(owner, &old).create(conn)?;
        }
        let (family_id, client, now) = (&self.family.id, &self.client, self.now());
        let blacklist = settings.blacklist_after_rotation;
        let step = FamilyStep { family_id, user_id: owner, old: &old, new: &new, client, now, blacklist };
        if !advance(conn, &step)? {
            return Err(NotRotated::Unsettled);
        }
        self.new.outstand(&self.raw, owner, &self.jwt, conn)?;
        if let Some(user_id) = owner.filter(|_| self.starts) {
            limit(conn, user_id, now, &settings.token_family)?;
        }
        Ok(())
    }

    /// Finds the reason why the token was not rotated. If only rows were missing, it inserts them.
    ///
    /// # Errors
    /// Returns an error if the refresh is refused and nothing must be committed.
    pub fn settle(&self, conn: &mut DbConnection) -> Result<Outcome, TokenError> {
        let owner = self.owner(conn)?;
        let old = jti(&self.old, &self.jwt.settings)?;
        let is_blacklisted =
            |conn: &mut DbConnection| BlacklistLookup(old.clone()).find(conn).map(|found| found.is_some());
        if !self.starts {
            // The end of all logins cannot see a family that is being recorded.
            self.lock_logins(owner, conn)?;
            let Some(family) = self.record(owner, &old).get_or_create(conn)? else {
                let refused = Err(TokenError::foreign_family(owner));
                return if is_blacklisted(conn)? { Ok(Outcome::Blacklisted) } else { refused };
            };
            let has_ended = FamilyActivity::lock(conn, family)?.is_some_and(|activity| activity.ended_at.is_some());
            // Another server may have blacklisted the family without a change of `family_activity`.
            if has_ended || FamilyLookup(self.family.id.clone()).find(conn)?.is_some() {
                return Ok(if is_blacklisted(conn)? { Outcome::Blacklisted } else { Outcome::FamilyBlacklisted });
            }
        }
        if is_blacklisted(conn)? {
            return decide(conn, &old, owner, &self.jwt.settings.token_family, &self.client, self.now());
        }
        if self.jwt.settings.blacklist_after_rotation {
            self.old.outstand(&self.old.encode(&self.jwt)?, owner, &self.jwt, conn)?;
        }
        Ok(Outcome::Recorded)
    }

    fn lock_logins(&self, owner: Option<UserId>, conn: &mut DbConnection) -> QueryResult<()> {
        owner.map_or(Ok(()), |user_id| lock_user(conn, user_id))
    }

    /// The family, if it is not recorded yet.
    fn record<'a>(&'a self, user_id: Option<UserId>, jti: &'a str) -> NewTokenFamily<'a> {
        NewTokenFamily { claims: &self.family, user_id, jti, client: &self.client, now: self.now() }
    }
}

/// Decides whether a refresh with the blacklisted token `old` of the user `owner` gets the successor again, is refused, or ends
/// the family.
///
/// # Errors
/// Returns the errors of the database.
pub(in crate::simplejwt) fn decide(
    conn: &mut DbConnection,
    old: &str,
    owner: Option<UserId>,
    settings: &TokenFamilySettings,
    client: &Client,
    now: DateTime<Utc>,
) -> Result<Outcome, TokenError> {
    let Some((row, successor)) = rotated(conn, old, owner)? else { return Ok(Outcome::Blacklisted) };
    let family = row.id;
    let activity = FamilyActivity::lock(conn, family)?.filter(|activity| activity.ended_at.is_none());
    let Some(activity) = activity else { return Ok(Outcome::Blacklisted) };
    if activity.jti == successor {
        let claims = row.claims();
        // The token is the direct predecessor of the current token. If the successor or the family is blacklisted or expired, the
        // login has ended already, so this is not treated as reuse. Another server may have blacklisted the family without a
        // change of `family_activity`.
        if BlacklistLookup(successor.clone()).find(conn)?.is_some()
            || claims.check_expiration(now).is_err()
            || FamilyLookup(claims.id.clone()).find(conn)?.is_some()
        {
            return Ok(Outcome::Blacklisted);
        }
        if let Some(current) = current_in_grace(conn, &activity, settings, now)? {
            FamilyActivity::renew(conn, family, client, now)?;
            return Ok(Outcome::Repeated { refresh: current.token, family: claims });
        }
    }
    let is_first = FamilyActivity::mark_reused(conn, family, now)?;
    if settings.blacklist_on_reuse {
        end_family(conn, family, EndReason::Reuse, now, settings)?;
    }
    Ok(Outcome::Reused { family, ended: settings.blacklist_on_reuse, is_first })
}

/// The current token of a family, if it has replaced its predecessor within the grace period.
fn current_in_grace(
    conn: &mut DbConnection,
    activity: &FamilyActivity,
    settings: &TokenFamilySettings,
    now: DateTime<Utc>,
) -> QueryResult<Option<OutstandingToken>> {
    let since_rotation = activity.rotated_at.map(|rotated_at| now - from_db(rotated_at));
    let grace = settings.refresh_token_grace_period;
    // The time may be negative: this request may have arrived before the request that rotated the token, or at a server with a
    // clock that is behind. The lower limit ensures that the grace period does not last for hours if a clock was set back by
    // hours.
    if grace.is_zero() || !since_rotation.is_some_and(|elapsed| elapsed < grace && elapsed > -MAX_GRACE_PERIOD) {
        return Ok(None);
    }
    let current = OutstandingToken::find_by_jti(conn, &activity.jti)?;
    Ok(current.filter(|current| from_db(current.expires_at) > now))
}

/// The text of the successor of the token `old` of the user `owner`, if a refresh with `old` would get it again.
///
/// # Errors
/// Returns the errors of the database.
pub(in crate::simplejwt) fn successor_in_grace(
    conn: &mut DbConnection,
    old: &str,
    owner: Option<UserId>,
    settings: &TokenFamilySettings,
    now: DateTime<Utc>,
) -> QueryResult<Option<String>> {
    let Some((family, successor)) = rotated(conn, old, owner)? else { return Ok(None) };
    match FamilyActivity::find(conn, family.id)?.filter(|activity| activity.jti == successor) {
        Some(activity) => Ok(current_in_grace(conn, &activity, settings, now)?.map(|current| current.token)),
        None => Ok(None),
    }
}

/// The family of the token `old` of the user `owner`, and the id of its successor. `None` for a token that was not rotated here,
/// because it was logged out or rotated by Django. `None` also if the token with this id belongs to another user, because an
/// issuer has copied the id.
fn rotated(conn: &mut DbConnection, old: &str, owner: Option<UserId>) -> QueryResult<Option<(TokenFamily, String)>> {
    let found = FamilyToken::find(conn, old)?.filter(|(family, _)| family.may_be_of(owner));
    Ok(found.and_then(|(family, successor)| Some((family, successor?))))
}
