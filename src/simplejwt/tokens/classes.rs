//! The classes of tokens. Python counterpart: the class attributes in `rest_framework_simplejwt.tokens`.

use std::fmt::Debug;

use chrono::{DateTime, Duration, Utc};

use super::auth_token::AuthToken;
use crate::core::jwt::Claims;
use crate::simplejwt::settings::SimpleJwtSettings;

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

/// Class of [`AccessToken`](super::AccessToken).
#[derive(Clone, Debug)]
pub enum Access {}
/// Class of [`RefreshToken`](super::RefreshToken).
#[derive(Clone, Debug)]
pub enum Refresh {}
/// Class of [`SlidingToken`](super::SlidingToken).
#[derive(Clone, Debug)]
pub enum Sliding {}
/// Class of [`UntypedToken`](super::UntypedToken).
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
