//! Token classes. Python counterpart: `rest_framework_simplejwt.tokens`.
//!
//! A [`Token<C>`] exists only because its checks passed, or because it has just been made: holding one is the proof. The
//! class `C` says which checks. [`AccessToken`] needs the signing key; [`RefreshToken`] and [`SlidingToken`] can be
//! revoked, so reading one needs the database as well.

mod classes;
#[cfg(feature = "database")]
mod revocable;

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use chrono::{DateTime, Duration, Utc};
use md5::{Digest, Md5};
use serde_json::Value;
use uuid::Uuid;

use self::classes::verify;
pub use self::classes::{
    Access, AccessToken, AuthToken, Refresh, RefreshToken, Revocable, Sliding, SlidingToken, Stateless, TokenClass,
    Untyped, UntypedToken,
};
#[cfg(feature = "database")]
pub(super) use self::revocable::{GenuineToken, check_blacklist};
use super::exceptions::{INVALID, TokenError};
use super::settings::SimpleJwtSettings;
use super::state::JwtState;
use crate::contrib::auth::AbstractUser;
use crate::core::crypto::hex;
use crate::core::jwt::Claims;

/// A checked token of class `C`.
///
/// Claims are read and written by name: `token["name"] = "alice".into()`.
pub struct Token<C> {
    claims: Claims,
    current_time: DateTime<Utc>,
    /// The key of its outstanding row, where it is known.
    #[cfg(feature = "database")]
    row: Option<i64>,
    class: PhantomData<C>,
}

impl<C: TokenClass> Token<C> {
    /// A new token of this class, about nobody yet.
    #[must_use]
    pub fn new(jwt: &JwtState) -> Self {
        let (settings, current_time) = (jwt.settings(), jwt.clock().now());
        let mut token = Self::of(Claims::new(), current_time);
        token[claim_name(settings.token_type_claim.as_deref())] = C::TOKEN_TYPE.into();
        token.set_exp(C::lifetime(settings));
        token.set_iat();
        token.set_jti(settings);
        C::set_extra_claims(&mut token.claims, current_time, settings);
        token
    }

    /// A new token about `user`, not recorded anywhere.
    fn about(user: &dyn AbstractUser, jwt: &JwtState) -> Self {
        let settings = jwt.settings();
        if !user.is_active() {
            log::warn!(
                "Creating token for inactive {user}. If this is not intentional, consider checking the user's status before \
                 calling the `for_user` method."
            );
        }
        let mut token = Self::new(jwt);
        token[&*settings.user_id_claim] = user.attribute(&settings.user_id_field).map_or(Value::Null, as_text);
        token.set_user_claims(user, jwt);
        token
    }

    /// What a token says about its user besides the id: the digest that ends it with the password, and your own claims.
    pub(super) fn set_user_claims(&mut self, user: &dyn AbstractUser, jwt: &JwtState) {
        let settings = jwt.settings();
        if settings.check_revoke_token {
            self[&*settings.revoke_token_claim] = password_digest(user).into();
        }
        jwt.add_claims(user, &mut self.claims);
    }

    /// Reads a genuine token that is in time. What the class demands is not checked yet.
    fn decode(raw: &str, jwt: &JwtState) -> Result<Self, TokenError> {
        let current_time = jwt.clock().now();
        let claims = jwt.backend().decode(raw, current_time)?;
        Ok(Self::of(claims, current_time))
    }

    fn of(claims: Claims, current_time: DateTime<Utc>) -> Self {
        Self {
            claims,
            current_time,
            #[cfg(feature = "database")]
            row: None,
            class: PhantomData,
        }
    }

    /// The value of a claim.
    #[must_use]
    pub fn get(&self, claim: &str) -> Option<&Value> {
        self.claims.get(claim)
    }

    /// All claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The token as text, signed: Python's `str(token)`.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn encode(&self, jwt: &JwtState) -> Result<String, TokenError> {
        jwt.backend().encode(&self.claims)
    }

    /// Gives the token an id that nobody has had.
    pub fn set_jti(&mut self, settings: &SimpleJwtSettings) {
        self[claim_name(settings.jti_claim.as_deref())] = hex(Uuid::new_v4().as_bytes()).into();
        #[cfg(feature = "database")]
        {
            self.row = None;
        }
    }

    /// Ends the token `lifetime` after the time it was read or made at.
    pub fn set_exp(&mut self, lifetime: Duration) {
        self["exp"] = (self.current_time + lifetime).timestamp().into();
    }

    /// Dates the token at the time it was read or made at.
    pub fn set_iat(&mut self) {
        self["iat"] = self.current_time.timestamp().into();
    }

    /// Refuses a token whose `claim`, a time, is missing or over.
    ///
    /// # Errors
    /// In simplejwt's words.
    pub fn check_exp(&self, claim: &str, jwt: &JwtState) -> Result<(), TokenError> {
        let value = self.get(claim).ok_or_else(|| TokenError::missing_claim(claim))?;
        // A boolean is 0 or 1 in Python, which is long past.
        let seconds = value.as_bool().map(f64::from).or_else(|| value.as_f64());
        // Beyond `datetime.max` simplejwt crashes.
        let seconds = seconds.filter(|seconds| *seconds <= 253_402_300_799.0);
        let seconds = seconds.ok_or_else(|| TokenError::invalid(INVALID))?;
        let now = self.current_time - jwt.backend().leeway();
        #[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 are far below 2^53")]
        if seconds <= now.timestamp_micros() as f64 / 1e6 {
            return Err(TokenError::claim_expired(claim));
        }
        Ok(())
    }
}

impl<C: Stateless> Token<C> {
    /// Reads a token sent by a client.
    ///
    /// # Errors
    /// With the message for the client.
    pub fn from_raw(raw: &str, jwt: &JwtState) -> Result<Self, TokenError> {
        let token = Self::decode(raw, jwt)?;
        verify::<C>(&token.claims, jwt.settings())?;
        Ok(token)
    }

    /// A new token about `user`.
    #[must_use]
    pub fn for_user(user: &dyn AbstractUser, jwt: &JwtState) -> Self {
        Self::about(user, jwt)
    }
}

impl RefreshToken {
    /// A new access token with this token's claims.
    ///
    /// Its times are counted from the same instant, so that a pair is a pair.
    #[must_use]
    pub fn access_token(&self, jwt: &JwtState) -> AccessToken {
        let settings = jwt.settings();
        let mut access = AccessToken::new(jwt);
        access["exp"] = (self.current_time + settings.access_token_lifetime).timestamp().into();
        let type_claim = claim_name(settings.token_type_claim.as_deref());
        let jti_claim = claim_name(settings.jti_claim.as_deref());
        for (claim, value) in self.claims.iter() {
            if ![type_claim, "exp", jti_claim, "jti", "iat"].contains(&claim.as_str()) {
                access[claim] = value.clone();
            }
        }
        access
    }
}

impl<C> Index<&str> for Token<C> {
    type Output = Value;

    /// The value of a claim; `null` when it is missing.
    fn index(&self, claim: &str) -> &Value {
        &self.claims[claim]
    }
}

impl<C> IndexMut<&str> for Token<C> {
    fn index_mut(&mut self, claim: &str) -> &mut Value {
        &mut self.claims[claim]
    }
}

impl<C: TokenClass> std::fmt::Debug for Token<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple(C::NAME).field(&self.claims).finish()
    }
}

impl<C> Clone for Token<C> {
    fn clone(&self) -> Self {
        Self {
            claims: self.claims.clone(),
            current_time: self.current_time,
            #[cfg(feature = "database")]
            row: self.row,
            class: PhantomData,
        }
    }
}

/// The name of a claim that a setting names. Python writes the key `None` as `null`, and so does this.
fn claim_name(setting: Option<&str>) -> &str {
    setting.unwrap_or("null")
}

/// Python's `str` of an id.
fn as_text(value: Value) -> Value {
    match value {
        Value::String(_) => value,
        other => other.to_string().into(),
    }
}

/// simplejwt's `get_md5_hash_password`: it tells two passwords apart and proves nothing, so MD5 does no harm.
#[must_use]
pub fn password_digest(user: &dyn AbstractUser) -> String {
    hex(&Md5::digest(user.password().as_bytes())).to_uppercase()
}
