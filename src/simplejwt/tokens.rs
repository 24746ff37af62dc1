//! Token classes. Python counterpart: `rest_framework_simplejwt.tokens`.
//!
//! A [`Token<C>`] was either just made, or read and verified as its class `C` demands. [`AccessToken`] is verified with
//! the key alone. [`RefreshToken`] and [`SlidingToken`] can be blacklisted, so the database is asked as well.

mod auth_token;
mod classes;

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use chrono::{DateTime, Duration, Utc};
use md5::{Digest, Md5};
#[cfg(feature = "database")]
use serde_json::Value;
use uuid::Uuid;

pub use self::auth_token::AuthToken;
pub use self::classes::{Access, Refresh, Revocable, Sliding, Stateless, TokenClass, Untyped};
use super::exceptions::{INVALID, NO_EXP, NO_ID, NO_TYPE, TokenError, WRONG_TYPE};
use super::settings::SimpleJwtSettings;
use super::state::JwtState;
#[cfg(feature = "database")]
use super::token_blacklist::models::{BlacklistLookup, BlacklistedToken, NewOutstandingToken, OutstandingToken};
#[cfg(feature = "database")]
use super::token_family::claims::FamilyClaims;
#[cfg(feature = "database")]
use super::token_family::client::Client;
#[cfg(feature = "database")]
use super::token_family::models::{self as family_models, FamilyLookup, NewTokenFamily};
use crate::contrib::auth::AbstractUser;
#[cfg(feature = "database")]
use crate::contrib::auth::UserId;
use crate::core::crypto::hex;
use crate::core::jwt::{self, Claims};
#[cfg(feature = "database")]
use crate::db::{Database, DbConnection, types::to_db};

/// A verified token of class `C`.
///
/// It is its [`Claims`]: they are read and written by name, as in `token["name"] = "alice".into()`.
#[derive(Clone, Debug)]
#[must_use]
pub struct Token<C> {
    claims: Claims,
    /// When the token was made or read.
    pub(super) current_time: DateTime<Utc>,
    class: PhantomData<C>,
}

/// Gives access to protected views.
pub type AccessToken = Token<Access>;
/// Gets new access tokens.
pub type RefreshToken = Token<Refresh>;
/// Gives access to protected views and can be refreshed.
pub type SlidingToken = Token<Sliding>;
/// A valid token of any class.
pub type UntypedToken = Token<Untyped>;

impl<C: TokenClass> Token<C> {
    /// A new token of this class that names no user.
    pub fn new(jwt: &JwtState) -> Self {
        let mut token = Self { claims: Claims::new(), current_time: jwt.clock.now(), class: PhantomData };
        token[jwt.settings.token_type_claim.as_deref().unwrap_or(NO_NAME)] = C::TOKEN_TYPE.into();
        token.set_exp(C::lifetime(&jwt.settings));
        token.set_iat();
        token.set_jti(&jwt.settings);
        let now = token.current_time;
        C::set_extra_claims(&mut token, now, &jwt.settings);
        token
    }

    /// A new token of `user`, which is not recorded as outstanding.
    pub fn new_for_user(user: &dyn AbstractUser, jwt: &JwtState) -> Self {
        if !user.is_active() {
            log::warn!(
                "Creating token for inactive {user}. If this is not intentional, consider checking the user's status before \
                 calling the `for_user` method."
            );
        }
        let mut token = Self::new(jwt);
        token[&*jwt.settings.user_id_claim] = match user.attribute(&jwt.settings.user_id_field) {
            // Python's `str` of an id.
            Some(id) if !id.is_string() => id.to_string().into(),
            id => id.unwrap_or_default(),
        };
        token.set_user_claims(Some(user), jwt);
        token
    }

    /// Sets the claims about the user, if there is one: the digest of `CHECK_REVOKE_TOKEN`, and the claims of
    /// [`JwtState::claims_hook`].
    pub(super) fn set_user_claims(&mut self, user: Option<&dyn AbstractUser>, jwt: &JwtState) {
        let Some(user) = user else { return };
        if jwt.settings.check_revoke_token {
            self[&*jwt.settings.revoke_token_claim] = password_digest(user).into();
        }
        if let Some(hook) = &jwt.claims_hook {
            hook(user, self);
        }
    }

    /// The signed text of the token: Python's `str(token)`.
    ///
    /// # Errors
    /// Returns an error if it cannot be signed.
    pub fn encode(&self, jwt: &JwtState) -> Result<String, TokenError> {
        jwt.encode(&self.claims)
    }

    /// Reads and verifies a token sent by a client. Whether it is blacklisted is not asked.
    ///
    /// # Errors
    /// Returns an error with the message for the client.
    pub(super) fn from_raw_signed(raw: &str, jwt: &JwtState) -> Result<Self, TokenError> {
        let current_time = jwt.clock.now();
        let claims = jwt.decode(raw, current_time, jwt::decode)?;
        verify(&claims, C::REQUIRED_TYPE, &jwt.settings)?;
        Ok(Self { claims, current_time, class: PhantomData })
    }

    /// Gives the token a new id.
    pub fn set_jti(&mut self, settings: &SimpleJwtSettings) {
        self[settings.jti_claim.as_deref().unwrap_or(NO_NAME)] = hex(Uuid::new_v4().as_bytes()).into();
    }

    /// Sets `exp` to `lifetime` after the token was read or made.
    pub fn set_exp(&mut self, lifetime: Duration) {
        self["exp"] = (self.current_time + lifetime).timestamp().into();
    }

    /// Sets `iat` to the time at which the token was read or made.
    pub fn set_iat(&mut self) {
        self["iat"] = self.current_time.timestamp().into();
    }

    /// Checks that `claim` is a time that has not passed.
    ///
    /// # Errors
    /// `Token has no '…' claim` or `Token '…' claim has expired`.
    pub fn check_exp(&self, claim: &str, jwt: &JwtState) -> Result<(), TokenError> {
        let value = self.get(claim).ok_or_else(|| TokenError::missing_claim(claim))?;
        // In Python a boolean is 0 or 1, which has long passed.
        let seconds = value.as_bool().map(f64::from).or_else(|| value.as_f64());
        // simplejwt crashes on a time after `datetime.max`.
        let seconds = seconds.filter(|seconds| *seconds <= 253_402_300_799.0);
        let seconds = seconds.ok_or_else(|| TokenError::invalid(INVALID))?;
        let now = self.current_time - jwt.settings.leeway;
        #[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 are far below 2^53")]
        if seconds <= now.timestamp_micros() as f64 / 1e6 {
            return Err(TokenError::claim_expired(claim));
        }
        Ok(())
    }
}

impl<C: Stateless> Token<C> {
    /// Reads and verifies a token sent by a client.
    ///
    /// # Errors
    /// Returns an error with the message for the client.
    pub fn from_raw(raw: &str, jwt: &JwtState) -> Result<Self, TokenError> {
        Self::from_raw_signed(raw, jwt)
    }
}

impl AccessToken {
    /// A new access token of `user`.
    pub fn for_user(user: &dyn AbstractUser, jwt: &JwtState) -> Self {
        Self::new_for_user(user, jwt)
    }
}

impl RefreshToken {
    /// A new access token with this token's claims, except the claims that are different in every token. Its `exp`
    /// counts from the same time as this token's.
    pub fn access_token(&self, jwt: &JwtState) -> AccessToken {
        let mut access = AccessToken::new(jwt);
        access["exp"] = (self.current_time + jwt.settings.access_token_lifetime).timestamp().into();
        // Without `CHECK_ON_ACCESS` the family of an access token is never checked, so the token does not carry it.
        let families = jwt.families().filter(|families| !families.check_on_access);
        let is_hidden = |claim: &str| families.is_some_and(|families| families.has_claim(claim));
        for (claim, value) in self.iter() {
            if claim != "jti" && !access.contains_key(claim) && !is_hidden(claim) {
                access[claim] = value.clone();
            }
        }
        access
    }
}

/// `BlacklistMixin`. Where the app `token_blacklist` is not installed, nothing is recorded and no token is blacklisted.
#[cfg(feature = "database")]
impl<C: Revocable> Token<C> {
    /// A new token of `user`, recorded as outstanding. The record has the claims of this moment, as in simplejwt. With
    /// `TOKEN_FAMILY_ENABLED` a refresh token starts a family.
    ///
    /// # Errors
    /// Returns an error if the token cannot be signed or recorded.
    pub fn for_user(user: &dyn AbstractUser, jwt: &JwtState, conn: &mut DbConnection) -> Result<Self, TokenError> {
        Self::for_client(user, &Client::default(), jwt, conn)
    }

    /// As [`Token::for_user`], for a user who logs in at `client`, which the list of logins shows.
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
        let Some(settings) = jwt.families().filter(|_| C::HAS_FAMILY) else {
            token.outstand(&token.encode(jwt)?, user.pk(), jwt, conn)?;
            return Ok(token);
        };
        let (now, user_id) = (token.current_time, user.pk());
        let claims = FamilyClaims::new(settings, now);
        claims.write(&mut token, settings);
        // Before anything else is locked.
        let limited = user_id.filter(|_| settings.sessions_max.is_some());
        if let Some(user_id) = limited {
            family_models::lock_user(conn, user_id)?;
        }
        token.outstand(&token.encode(jwt)?, user_id, jwt, conn)?;
        let jti = jti(&token, &jwt.settings)?;
        NewTokenFamily { claims: &claims, user_id, jti: &jti, client, now }.create(conn)?;
        if let Some(user_id) = limited {
            family_models::limit(conn, user_id, now, settings)?;
        }
        Ok(token)
    }

    /// Reads and verifies a token sent by a client, which must not be on the blacklist.
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
        Ok(Self { claims, current_time, class: PhantomData })
    }

    /// Records the token, whose text is `raw`, as outstanding.
    pub(super) fn outstand(
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

    /// Puts the token on the blacklist. `user_id` is the key of its user, who must exist.
    ///
    /// # Errors
    /// `Token is blacklisted` if it already is: of several transactions that blacklist a token, exactly one succeeds.
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
}

/// The claims, by name.
impl<C> Deref for Token<C> {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.claims
    }
}

impl<C> DerefMut for Token<C> {
    fn deref_mut(&mut self) -> &mut Claims {
        &mut self.claims
    }
}

/// Verifies the claims of a decoded token: `Token.verify`. `token_type` is the type that the token must have.
pub(super) fn verify(
    claims: &Claims,
    token_type: Option<&str>,
    settings: &SimpleJwtSettings,
) -> Result<(), TokenError> {
    // That `exp` has not passed was checked with the signature.
    if !claims.contains_key("exp") {
        return Err(TokenError::invalid(NO_EXP));
    }
    if settings.jti_claim.as_ref().is_some_and(|claim| !claims.contains_key(claim)) {
        return Err(TokenError::invalid(NO_ID));
    }
    if let (Some(claim), Some(token_type)) = (&settings.token_type_claim, token_type) {
        match claims.get(claim) {
            None => return Err(TokenError::invalid(NO_TYPE)),
            Some(value) if value == token_type => {}
            Some(_) => return Err(TokenError::invalid(WRONG_TYPE)),
        }
    }
    Ok(())
}

/// Refuses the claims of a token that is on the blacklist, or whose family has expired or is on the blacklist: in this order.
/// `has_family` is whether the class of the token has families.
#[cfg(feature = "database")]
pub(super) async fn check_revoked(
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

/// Refuses the claims of a token whose family has expired or is on the blacklist.
#[cfg(feature = "database")]
pub(super) async fn check_family(
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

/// The id of a token as the table stores it. simplejwt crashes if there is none, and PostgreSQL refuses one that does not
/// fit the column.
#[cfg(feature = "database")]
pub(super) fn jti(claims: &Claims, settings: &SimpleJwtSettings) -> Result<String, TokenError> {
    /// Length of the column, in characters.
    const MAX_LENGTH: usize = 255;
    match claims.get(settings.jti_claim.as_deref().unwrap_or(NO_NAME)) {
        None => Err(TokenError::invalid(NO_ID)),
        Some(Value::String(text)) if !text.contains('\0') && text.chars().count() <= MAX_LENGTH => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(_) => Err(TokenError::invalid(INVALID)),
    }
}

/// The name of a claim whose setting is `none`: Python writes the key `None` so.
const NO_NAME: &str = "null";

/// simplejwt's `get_md5_hash_password`. It only distinguishes password strings, so MD5 is strong enough.
#[must_use]
pub fn password_digest(user: &dyn AbstractUser) -> String {
    hex(&Md5::digest(user.password().as_bytes())).to_uppercase()
}
