//! Tokens that the database knows. Python counterpart: `rest_framework_simplejwt.tokens.BlacklistMixin`.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::classes::verify;
use super::{RefreshToken, Revocable, SlidingToken, Token, claim_name};
use crate::auth::AbstractUser;
use crate::core::jwt::Claims;
use crate::db::DbConnection;
use crate::simplejwt::exceptions::{INVALID, NO_ID, TokenError};
use crate::simplejwt::settings::SimpleJwtSettings;
use crate::simplejwt::state::JwtState;
use crate::simplejwt::token_blacklist::models::{BlacklistedToken, NewOutstandingToken, OutstandingToken};

impl<C: Revocable> Token<C> {
    /// Reads a token sent by a client and refuses one that is on the blacklist.
    ///
    /// There is no variant without `conn`: a caller who forgot the look-up would turn logout into a no-op.
    ///
    /// # Errors
    /// With the message for the client.
    pub fn from_raw_unrevoked(raw: &str, jwt: &JwtState, conn: &mut DbConnection) -> Result<Self, TokenError> {
        let token = Self::decode(raw, jwt)?;
        // Blacklist before claims, as in Python: the first failure is the message that the client sees.
        check_blacklist(&token.claims, jwt.settings(), conn)?;
        verify::<C>(&token.claims, jwt.settings())?;
        Ok(token)
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
        token.outstand(user.pk(), jwt, conn)?;
        Ok(token)
    }

    /// The text of the `jti`, as far as the table can hold it.
    fn jti(&self, settings: &SimpleJwtSettings) -> Result<String, TokenError> {
        jti(&self.claims, settings)
    }

    /// Records the token as outstanding and returns the row's key; a row that is there already is left as it is.
    pub(in crate::simplejwt) fn outstand(
        &self,
        user: Option<i32>,
        jwt: &JwtState,
        conn: &mut DbConnection,
    ) -> Result<i64, TokenError> {
        let token = self.encode(jwt)?;
        let row = NewOutstandingToken {
            user_id: user,
            jti: &self.jti(jwt.settings())?,
            token: &token,
            created_at: self.current_time,
            expires_at: self.expires_at()?,
        };
        Ok(OutstandingToken::get_or_create(conn, &row)?)
    }

    /// Puts the token on the blacklist, for good.
    ///
    /// # Errors
    /// A unique violation when somebody else has just done it; that one has won.
    pub fn blacklist(&self, user: Option<i32>, jwt: &JwtState, conn: &mut DbConnection) -> Result<(), TokenError> {
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
pub(in crate::simplejwt) fn check_blacklist(
    claims: &Claims,
    settings: &SimpleJwtSettings,
    conn: &mut DbConnection,
) -> Result<(), TokenError> {
    if BlacklistedToken::exists(conn, &jti(claims, settings)?)? {
        return Err(TokenError::blacklisted());
    }
    Ok(())
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
