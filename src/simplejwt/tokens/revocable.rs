//! Tokens that the database knows. Python counterpart: `rest_framework_simplejwt.tokens.BlacklistMixin`.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::classes::verify;
use super::{RefreshToken, Revocable, SlidingToken, Token, claim_name};
use crate::contrib::auth::{AbstractUser, UserId};
use crate::core::jwt::Claims;
use crate::db::{Database, DbConnection};
use crate::simplejwt::exceptions::{INVALID, NO_ID, TokenError};
use crate::simplejwt::settings::SimpleJwtSettings;
use crate::simplejwt::state::JwtState;
use crate::simplejwt::token_blacklist::models::{
    BlacklistLookup, BlacklistedToken, NewOutstandingToken, OutstandingToken,
};

/// A token that is genuine and in time, and nothing more: what its class demands is not checked, and it may be revoked.
///
/// Reading takes no connection, so forged tokens cost the database nothing.
pub(in crate::simplejwt) struct GenuineToken<C>(Token<C>);

impl<C: Revocable> GenuineToken<C> {
    /// Checks signature and dates.
    pub(in crate::simplejwt) fn read(raw: &str, jwt: &JwtState) -> Result<Self, TokenError> {
        Token::decode(raw, jwt).map(Self)
    }

    /// The token, unless it is revoked or not of its class.
    pub(in crate::simplejwt) fn check(&self, jwt: &JwtState, conn: &mut DbConnection) -> Result<Token<C>, TokenError> {
        if !jwt.has_blacklist() {
            return self.decide(false, jwt);
        }
        let found = OutstandingToken::state(conn, &self.0.jti(jwt.settings())?)?;
        let mut token = self.decide(found.is_some_and(|(_, is_over)| is_over), jwt)?;
        token.row = found.map(|(row, _)| row);
        Ok(token)
    }

    /// As [`GenuineToken::check`], without a connection at hand.
    pub(in crate::simplejwt) async fn look_up(&self, jwt: &JwtState, db: &Database) -> Result<Token<C>, TokenError> {
        if !jwt.has_blacklist() {
            return self.decide(false, jwt);
        }
        let is_over = db.look_up(BlacklistLookup(self.0.jti(jwt.settings())?)).await?.is_some();
        self.decide(is_over, jwt)
    }

    /// Blacklist before claims, as in Python: the first failure is the message that the client sees.
    fn decide(&self, is_over: bool, jwt: &JwtState) -> Result<Token<C>, TokenError> {
        if is_over {
            return Err(TokenError::blacklisted());
        }
        verify::<C>(&self.0.claims, jwt.settings())?;
        Ok(self.0.clone())
    }
}

impl<C: Revocable> Token<C> {
    /// Reads a token sent by a client and refuses one that is on the blacklist.
    ///
    /// There is no variant without `conn`: a caller who forgot the look-up would turn logout into a no-op.
    ///
    /// # Errors
    /// With the message for the client.
    pub fn from_raw_unrevoked(raw: &str, jwt: &JwtState, conn: &mut DbConnection) -> Result<Self, TokenError> {
        GenuineToken::read(raw, jwt)?.check(jwt, conn)
    }

    /// A new token about `user`, recorded as outstanding. It is recorded as it is now: claims that are added later are
    /// in no record.
    ///
    /// # Errors
    /// When it cannot be signed or recorded.
    pub fn outstanding_for_user(
        user: &dyn AbstractUser,
        jwt: &JwtState,
        conn: &mut DbConnection,
    ) -> Result<Self, TokenError> {
        let token = Self::about(user, jwt);
        token.record(user.pk(), jwt, conn)?;
        Ok(token)
    }

    /// The text of the `jti`, as far as the table can hold it.
    fn jti(&self, settings: &SimpleJwtSettings) -> Result<String, TokenError> {
        jti(&self.claims, settings)
    }

    /// Records a new token as outstanding, and returns it as text.
    pub(in crate::simplejwt) fn record(
        &self,
        user: Option<UserId>,
        jwt: &JwtState,
        conn: &mut DbConnection,
    ) -> Result<String, TokenError> {
        let token = self.encode(jwt)?;
        if jwt.has_blacklist() {
            OutstandingToken::create(conn, &self.new_row(&token, &self.jti(jwt.settings())?, user)?)?;
        }
        Ok(token)
    }

    /// The key of the token's outstanding row, which is made for a token that has none.
    fn outstand(&self, user: Option<UserId>, jwt: &JwtState, conn: &mut DbConnection) -> Result<i64, TokenError> {
        if let Some(row) = self.row {
            return Ok(row);
        }
        let (token, jti) = (self.encode(jwt)?, self.jti(jwt.settings())?);
        Ok(OutstandingToken::get_or_create(conn, &self.new_row(&token, &jti, user)?)?)
    }

    fn new_row<'a>(
        &self,
        token: &'a str,
        jti: &'a str,
        user_id: Option<UserId>,
    ) -> Result<NewOutstandingToken<'a>, TokenError> {
        Ok(NewOutstandingToken { user_id, jti, token, created_at: self.current_time, expires_at: self.expires_at()? })
    }

    /// Puts the token on the blacklist, for good.
    ///
    /// # Errors
    /// A unique violation when somebody else has just done it; that one has won.
    pub fn blacklist(&self, user: Option<UserId>, jwt: &JwtState, conn: &mut DbConnection) -> Result<(), TokenError> {
        if !jwt.has_blacklist() {
            return Ok(());
        }
        let id = self.outstand(user, jwt, conn)?;
        BlacklistedToken::create(conn, id, self.current_time)?;
        Ok(())
    }

    fn expires_at(&self) -> Result<DateTime<Utc>, TokenError> {
        let seconds = self.get("exp").and_then(Value::as_f64);
        #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates, and such a date is refused")]
        let date = seconds.and_then(|seconds| DateTime::from_timestamp_micros((seconds * 1e6) as i64));
        date.ok_or_else(|| TokenError::invalid(INVALID))
    }
}

impl RefreshToken {
    /// A new refresh token for `user`, recorded as outstanding.
    ///
    /// # Errors
    /// When it cannot be signed or recorded.
    pub fn for_user(user: &dyn AbstractUser, jwt: &JwtState, conn: &mut DbConnection) -> Result<Self, TokenError> {
        Self::outstanding_for_user(user, jwt, conn)
    }
}

impl SlidingToken {
    /// A new sliding token for `user`, recorded as outstanding.
    ///
    /// # Errors
    /// When it cannot be signed or recorded.
    pub fn for_user(user: &dyn AbstractUser, jwt: &JwtState, conn: &mut DbConnection) -> Result<Self, TokenError> {
        Self::outstanding_for_user(user, jwt, conn)
    }
}

/// Refuses claims whose `jti` is on the blacklist.
pub(in crate::simplejwt) async fn check_blacklist(
    claims: &Claims,
    jwt: &JwtState,
    db: &Database,
) -> Result<(), TokenError> {
    if !jwt.has_blacklist() {
        return Ok(());
    }
    match db.look_up(BlacklistLookup(jti(claims, jwt.settings())?)).await? {
        Some(()) => Err(TokenError::blacklisted()),
        None => Ok(()),
    }
}

/// simplejwt crashes on a revocable token without a `jti`, and PostgreSQL on one that does not fit the column.
fn jti(claims: &Claims, settings: &SimpleJwtSettings) -> Result<String, TokenError> {
    /// Length of the column, in characters.
    const MAX_LEN: usize = 255;
    let value = claims.get(claim_name(settings.jti_claim.as_deref()));
    match value.ok_or_else(|| TokenError::invalid(NO_ID))? {
        Value::String(text) if !text.contains('\0') && text.chars().count() <= MAX_LEN => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(TokenError::invalid(INVALID)),
    }
}
