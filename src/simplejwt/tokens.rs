//! Token classes. Python counterpart: `rest_framework_simplejwt.tokens`.
//!
//! A [`Token<C>`] is either new, or was read and verified by the rules of its class `C`. Verifying an [`AccessToken`] needs only
//! the key. A [`RefreshToken`] or [`SlidingToken`] can be blacklisted, so this needs the database as well.

mod auth_token;
#[cfg(feature = "database")]
pub(super) mod blacklist_mixin;

use std::fmt::Debug;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use chrono::{DateTime, Duration, Utc};
use md5::{Digest, Md5};
use uuid::Uuid;

pub use self::auth_token::AuthToken;
use super::exceptions::{INVALID, NO_EXP, NO_ID, NO_TYPE, TokenError, WRONG_TYPE};
use super::settings::SimpleJwtSettings;
use super::state::JwtState;
use crate::contrib::auth::AbstractUser;
use crate::core::crypto::hex;
use crate::core::jwt::{self, Claims};

/// A verified token of class `C`.
///
/// It dereferences to its [`Claims`], which are read and written by name, as in `token["name"] = "alice".into()`.
#[derive(Clone, Debug)]
#[must_use]
pub struct Token<C> {
    claims: Claims,
    /// When the token was made or read.
    pub(super) current_time: DateTime<Utc>,
    /// Whether a client has sent it.
    is_read: bool,
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
        let mut token =
            Self { claims: Claims::new(), current_time: jwt.clock.now(), is_read: false, class: PhantomData };
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
        token.set_user_claims(user, jwt);
        token
    }

    /// Sets the claims about the user: the digest of `CHECK_REVOKE_TOKEN`, and the claims of [`JwtState::claims_hooks`].
    pub(super) fn set_user_claims(&mut self, user: &dyn AbstractUser, jwt: &JwtState) {
        if jwt.settings.check_revoke_token {
            self[&*jwt.settings.revoke_token_claim] = password_digest(user).into();
        }
        jwt.claims_hooks.iter().for_each(|hook| hook(user, self));
    }

    /// The signed text of the token: Python's `str(token)`.
    ///
    /// # Errors
    /// Returns an error if it cannot be signed.
    pub fn encode(&self, jwt: &JwtState) -> Result<String, TokenError> {
        jwt.encode(&self.claims)
    }

    /// Reads and verifies a token sent by a client. Does not check the blacklist.
    ///
    /// # Errors
    /// Returns an error with the message for the client.
    pub(super) fn from_raw_signed(raw: &str, jwt: &JwtState) -> Result<Self, TokenError> {
        let current_time = jwt.clock.now();
        let claims = jwt.decode(raw, current_time, jwt::decode)?;
        verify(&claims, C::REQUIRED_TYPE, &jwt.settings)?;
        Ok(Self { claims, current_time, is_read: true, class: PhantomData })
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
        // simplejwt crashes on a time after `datetime.max`. Here the token is invalid.
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
    /// A new access token with the claims of this token, except the claims that are different in every token. Its `exp` is
    /// calculated from the same time as that of this token.
    pub fn access_token(&self, jwt: &JwtState) -> AccessToken {
        let mut access = AccessToken::new(jwt);
        access["exp"] = (self.current_time + jwt.settings.access_token_lifetime).timestamp().into();
        // Without `CHECK_ON_ACCESS` the family of an access token is never checked, so the token does not carry it.
        let families = jwt.families().filter(|families| !families.check_on_access);
        let is_hidden = |claim: &str| families.is_some_and(|families| families.has_claim(claim));
        // In a token that was read the key is a text, which Python writes a second time, after its key `None`.
        let is_written_twice = |claim: &str| self.is_read && claim == NO_NAME;
        for (claim, value) in self.iter() {
            let is_new = !access.contains_key(claim) || is_written_twice(claim);
            if claim != "jti" && is_new && !is_hidden(claim) {
                access[claim] = value.clone();
            }
        }
        access
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

/// A class of tokens: `token_type` and `lifetime` in Python.
pub trait TokenClass: Clone + Debug + Send + 'static {
    /// Value of the claim `token_type`.
    const TOKEN_TYPE: &'static str;
    /// The value that a token must have when it is read. Default: [`TokenClass::TOKEN_TYPE`].
    const REQUIRED_TYPE: Option<&'static str> = Some(Self::TOKEN_TYPE);

    /// Time between `iat` and `exp` of a new token.
    fn lifetime(settings: &SimpleJwtSettings) -> Duration;

    /// Sets further claims of a new token. Default: none.
    fn set_extra_claims(claims: &mut Claims, now: DateTime<Utc>, settings: &SimpleJwtSettings) {
        let _ = (claims, now, settings);
    }
}

/// Classes whose tokens stay valid until they expire.
pub trait Stateless: TokenClass {}

/// Classes whose tokens can be blacklisted: `BlacklistMixin` in Python.
pub trait Revocable: TokenClass {
    /// Whether its tokens belong to a family: `FamilyMixin` in Python. Default: no.
    const HAS_FAMILY: bool = false;
}

/// Class of [`AccessToken`].
#[derive(Clone, Debug)]
pub enum Access {}
/// Class of [`RefreshToken`].
#[derive(Clone, Debug)]
pub enum Refresh {}
/// Class of [`SlidingToken`].
#[derive(Clone, Debug)]
pub enum Sliding {}
/// Class of [`UntypedToken`].
#[derive(Clone, Debug)]
pub enum Untyped {}

impl TokenClass for Access {
    const TOKEN_TYPE: &'static str = AuthToken::Access.token_type();

    fn lifetime(settings: &SimpleJwtSettings) -> Duration {
        settings.access_token_lifetime
    }
}

impl TokenClass for Refresh {
    const TOKEN_TYPE: &'static str = AuthToken::Refresh.token_type();

    fn lifetime(settings: &SimpleJwtSettings) -> Duration {
        settings.refresh_token_lifetime
    }
}

impl TokenClass for Sliding {
    const TOKEN_TYPE: &'static str = AuthToken::Sliding.token_type();

    fn lifetime(settings: &SimpleJwtSettings) -> Duration {
        settings.sliding_token_lifetime
    }

    /// The time until which the token can be refreshed.
    fn set_extra_claims(claims: &mut Claims, now: DateTime<Utc>, settings: &SimpleJwtSettings) {
        let end = now + settings.sliding_token_refresh_lifetime;
        claims.insert(settings.sliding_token_refresh_exp_claim.clone(), end.timestamp().into());
    }
}

impl TokenClass for Untyped {
    const TOKEN_TYPE: &'static str = AuthToken::Untyped.token_type();
    const REQUIRED_TYPE: Option<&'static str> = None;

    fn lifetime(_settings: &SimpleJwtSettings) -> Duration {
        Duration::zero()
    }
}

impl Stateless for Access {}
impl Stateless for Untyped {}
impl Revocable for Refresh {
    const HAS_FAMILY: bool = true;
}
impl Revocable for Sliding {}

/// Verifies the claims of a decoded token: `Token.verify`. `token_type` is the type that the token must have.
pub(super) fn verify(
    claims: &Claims,
    token_type: Option<&str>,
    settings: &SimpleJwtSettings,
) -> Result<(), TokenError> {
    // `exp` was checked together with the signature.
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

/// The name of a claim if its setting is `none`: Python writes the key `None` as this text.
const NO_NAME: &str = "null";

/// simplejwt's `get_md5_hash_password`. It only distinguishes password strings, so MD5 is strong enough.
#[must_use]
pub fn password_digest(user: &dyn AbstractUser) -> String {
    hex(&Md5::digest(user.password().as_bytes())).to_uppercase()
}
