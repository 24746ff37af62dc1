//! Tokens that can be blacklisted. Python counterpart: `BlacklistMixin` and `FamilyMixin` of `rest_framework_simplejwt.tokens`.

use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use serde_json::Value;

use super::{NO_NAME, Revocable, Token, verify};
use crate::contrib::auth::models::UserModel;
use crate::contrib::auth::{AbstractUser, SharedUser, UserId};
use crate::core::jwt::{self, Claims};
use crate::core::python;
use crate::db::{Database, DbConnection, Lookup, types::to_db};
use crate::simplejwt::exceptions::{INVALID, NO_ACCOUNT_FOR_CREDENTIALS, NO_ID, TokenError};
use crate::simplejwt::settings::SimpleJwtSettings;
use crate::simplejwt::state::JwtState;
use crate::simplejwt::token_blacklist::models::{
    BlacklistLookup, BlacklistedToken, NewOutstandingToken, OutstandingToken,
};
use crate::simplejwt::token_family::claims::FamilyClaims;
use crate::simplejwt::token_family::client::Client;
use crate::simplejwt::token_family::models::{FamilyLookup, NewTokenFamily, limit, lock_user};

impl<C> Token<C> {
    /// Sets the claims of [`JwtState::database_claims_hooks`].
    ///
    /// # Errors
    /// Returns the error of the first hook that fails.
    pub(crate) fn set_claims_from_database(
        &mut self,
        user: &dyn AbstractUser,
        jwt: &JwtState,
        conn: &mut DbConnection,
    ) -> QueryResult<()> {
        jwt.database_claims_hooks.iter().try_for_each(|hook| hook(user, self, conn))
    }
}

/// `BlacklistMixin`. If the app `token_blacklist` is not installed, nothing is recorded and no token is blacklisted.
impl<C: Revocable> Token<C> {
    /// A new token of `user`, recorded as outstanding. The record has the claims that the token has now, as in simplejwt. With
    /// `TOKEN_FAMILY_ENABLED` a refresh token starts a family.
    ///
    /// As in simplejwt, nothing is checked. For a login use [`Token::for_login`].
    ///
    /// # Errors
    /// Returns an error if the token cannot be signed or recorded.
    pub fn for_user(user: &dyn AbstractUser, jwt: &JwtState, conn: &mut DbConnection) -> Result<Self, TokenError> {
        Self::for_client(user, &Client::default(), jwt, conn)
    }

    /// Same as [`Token::for_user`], for a user who logs in with `client`. The list of logins shows the client.
    ///
    /// # Errors
    /// Returns an error if the token cannot be signed or recorded.
    pub fn for_client(
        user: &dyn AbstractUser,
        client: &Client,
        jwt: &JwtState,
        conn: &mut DbConnection,
    ) -> Result<Self, TokenError> {
        let mut token = Self::new_for_user(user, jwt);
        token.set_claims_from_database(user, jwt, conn)?;
        let Some(settings) = jwt.families().filter(|_| C::HAS_FAMILY) else {
            token.outstand(&token.encode(jwt)?, user.pk(), jwt, conn)?;
            return Ok(token);
        };
        let (now, user_id) = (token.current_time, user.pk());
        let claims = FamilyClaims::new(settings, now);
        claims.write(&mut token, settings);
        // The logins of the user are locked before the token and the family are recorded.
        let limited = user_id.filter(|_| settings.sessions_max.is_some());
        if let Some(user_id) = limited {
            lock_user(conn, user_id)?;
        }
        token.outstand(&token.encode(jwt)?, user_id, jwt, conn)?;
        let jti = jti(&token, &jwt.settings)?;
        NewTokenFamily { claims: &claims, user_id, jti: &jti, client, now }.create(conn)?;
        if let Some(user_id) = limited {
            limit(conn, user_id, now, settings)?;
        }
        Ok(token)
    }

    /// Same as [`Token::for_client`], for a user who has just shown who they are, by a password or in another way: the part of a
    /// login that is in the transaction. Returns also the user as stored now.
    ///
    /// The user is read again, because logins may have been ended since the user was read: then the user has another password, or
    /// must not log in any more. The logins of the user stay locked until the end of the transaction.
    ///
    /// # Errors
    /// `No active account found with the given credentials`, and the errors of [`Token::for_user`].
    pub fn for_login(
        user: &dyn AbstractUser,
        client: &Client,
        users: &dyn UserModel,
        jwt: &JwtState,
        conn: &mut DbConnection,
    ) -> Result<(Self, SharedUser), TokenError> {
        let refused = |reason: String| TokenError::authentication_failed(NO_ACCOUNT_FOR_CREDENTIALS, reason);
        // The row of a user must be locked before the logins and the families of the user, so this comes first.
        if jwt.settings.update_last_login {
            users.update_last_login(conn, user, jwt.clock.now())?;
        }
        // A transaction that ends all logins of the user takes the same lock. It finds the new token, or it has changed the user
        // before this transaction reads the user.
        if let Some(user_id) = user.pk() {
            lock_user(conn, user_id)?;
        }
        let (verified, pk) = (user.password(), user.pk());
        let user = users.get_by_natural_key(conn, user.username())?.filter(|user| user.pk() == pk);
        let user = user.ok_or_else(|| refused("user was deleted or renamed meanwhile".to_owned()))?;
        if user.password() != verified {
            return Err(refused(format!("the password of {} was changed meanwhile", &*user)));
        }
        if !(jwt.user_rule)(&*user) {
            return Err(refused(format!("{} may not have tokens", &*user)));
        }
        // Otherwise the claim would be the text `null`, and the token would belong to a user whose field has this text.
        let id_field = &jwt.settings.user_id_field;
        if user.attribute(id_field).unwrap_or_default().is_null() {
            return Err(refused(format!("{} has no {id_field}, which USER_ID_FIELD names", &*user)));
        }
        Ok((Self::for_client(&*user, client, jwt, conn)?, user))
    }

    /// Reads and verifies a token sent by a client, which must not be blacklisted.
    ///
    /// A token with a wrong signature does not reach the database.
    ///
    /// # Errors
    /// Returns an error with the message for the client.
    pub async fn from_raw_unrevoked(raw: &str, jwt: &JwtState, db: &Database) -> Result<Self, TokenError> {
        jwt.prepare(raw).await;
        let current_time = jwt.clock.now();
        let claims = jwt.decode(raw, current_time, jwt::decode)?;
        check_revoked(&claims, C::HAS_FAMILY, current_time, jwt, db).await?;
        verify(&claims, C::REQUIRED_TYPE, &jwt.settings)?;
        Ok(Self { claims, current_time, is_read: true, class: PhantomData })
    }

    /// Records the token, whose text is `raw`, as outstanding.
    pub(in crate::simplejwt) fn outstand(
        &self,
        raw: &str,
        user_id: Option<UserId>,
        jwt: &JwtState,
        conn: &mut DbConnection,
    ) -> Result<(), TokenError> {
        if !jwt.has_blacklist {
            return Ok(());
        }
        let seconds = self.get("exp").and_then(Value::as_f64);
        #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates, and such a time is refused")]
        let expires_at = seconds.and_then(|seconds| DateTime::from_timestamp_micros((seconds * 1e6) as i64));
        let expires_at = expires_at.ok_or_else(|| TokenError::invalid(INVALID))?;
        let jti = jti(&self.claims, &jwt.settings)?;
        let (created_at, expires_at) = (to_db(self.current_time), to_db(expires_at));
        let new = NewOutstandingToken { user_id, jti: &jti, token: raw, created_at, expires_at };
        Ok(OutstandingToken::get_or_create(conn, &new)?)
    }

    /// Blacklists the token. `user_id` is the key of its user, who must exist.
    ///
    /// # Errors
    /// `Token is blacklisted` if it already is. If several transactions blacklist a token, exactly one succeeds.
    pub fn blacklist(
        &self,
        user_id: Option<UserId>,
        jwt: &JwtState,
        conn: &mut DbConnection,
    ) -> Result<(), TokenError> {
        if !jwt.has_blacklist {
            return Ok(());
        }
        let jti = jti(&self.claims, &jwt.settings)?;
        if BlacklistedToken::create(conn, &jti, self.current_time)? {
            return Ok(());
        }
        if OutstandingToken::find_by_jti(conn, &jti)?.is_none() {
            self.outstand(&self.encode(jwt)?, user_id, jwt, conn)?;
            if BlacklistedToken::create(conn, &jti, self.current_time)? {
                return Ok(());
            }
        }
        Err(TokenError::blacklisted())
    }

    /// Refuses a token that was blacklisted after the first check, before a transaction issues another token for it. The
    /// transaction must have called [`lock_user`] or [`share_user`](crate::simplejwt::token_family::models::share_user): then a
    /// concurrent end of all logins has either come first, or finds the new token. With `BLACKLIST_AFTER_ROTATION` nothing is
    /// checked, because [`Token::blacklist`] does it.
    ///
    /// # Errors
    /// `Token is blacklisted`.
    pub(in crate::simplejwt) fn check_again(&self, jwt: &JwtState, conn: &mut DbConnection) -> Result<(), TokenError> {
        if jwt.settings.blacklist_after_rotation {
            return Ok(());
        }
        match BlacklistLookup(jti(&self.claims, &jwt.settings)?).find(conn)? {
            Some(()) => Err(TokenError::blacklisted()),
            None => Ok(()),
        }
    }
}

/// Refuses the claims of a token that is blacklisted, or whose family has expired or is blacklisted. The checks have this order.
/// `has_family` is whether the class of the token has families.
pub(in crate::simplejwt) async fn check_revoked(
    claims: &Claims,
    has_family: bool,
    now: DateTime<Utc>,
    jwt: &JwtState,
    db: &Database,
) -> Result<(), TokenError> {
    if jwt.has_blacklist && db.look_up(BlacklistLookup(jti(claims, &jwt.settings)?)).await?.is_some() {
        return Err(TokenError::blacklisted());
    }
    if has_family { check_family(claims, now, jwt, db).await } else { Ok(()) }
}

/// Refuses the claims of a token whose family has expired or is blacklisted.
pub(in crate::simplejwt) async fn check_family(
    claims: &Claims,
    now: DateTime<Utc>,
    jwt: &JwtState,
    db: &Database,
) -> Result<(), TokenError> {
    let Some(settings) = jwt.families() else { return Ok(()) };
    let Some(family) = FamilyClaims::of(claims, settings)? else { return Ok(()) };
    family.check_expiration(now)?;
    match db.look_up(FamilyLookup(family.id)).await? {
        Some(()) => Err(TokenError::family_blacklisted()),
        None => Ok(()),
    }
}

/// The id of a token as the table stores it. simplejwt crashes if the token has no id, and PostgreSQL refuses an id that is too
/// long for the column.
pub(in crate::simplejwt) fn jti(claims: &Claims, settings: &SimpleJwtSettings) -> Result<String, TokenError> {
    /// Length of the column, in characters.
    const MAX_LENGTH: usize = 255;
    let jti = match claims.get(settings.jti_claim.as_deref().unwrap_or(NO_NAME)) {
        None => return Err(TokenError::invalid(NO_ID)),
        Some(Value::Null) => return Err(TokenError::invalid(INVALID)),
        // As in Django, a value of another type is stored as its text. PyJWT checks only the claim `jti` itself.
        Some(jti) => python::text(jti),
    };
    let is_storable = !jti.contains('\0') && jti.chars().count() <= MAX_LENGTH;
    is_storable.then_some(jti).ok_or_else(|| TokenError::invalid(INVALID))
}
