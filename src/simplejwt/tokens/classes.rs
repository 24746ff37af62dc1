//! The classes of tokens. Python counterpart: the class attributes in `rest_framework_simplejwt.tokens`.

use std::fmt::Debug;

use chrono::{DateTime, Duration, Utc};

use super::Token;
use crate::core::jwt::Claims;
use crate::simplejwt::settings::SimpleJwtSettings;

/// A class of tokens: `token_type` and `lifetime` in Python.
pub trait TokenClass: Clone + Debug + Send + 'static {
    /// Name of the class, which clients see in the `messages` of a 401.
    const NAME: &'static str;
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
pub trait Revocable: TokenClass {}

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

/// Gives access to protected views.
pub type AccessToken = Token<Access>;
/// Gets new access tokens.
pub type RefreshToken = Token<Refresh>;
/// Gives access to protected views and can be refreshed.
pub type SlidingToken = Token<Sliding>;
/// A valid token of any class.
pub type UntypedToken = Token<Untyped>;

impl TokenClass for Access {
    const NAME: &'static str = "AccessToken";
    const TOKEN_TYPE: &'static str = "access";

    fn lifetime(settings: &SimpleJwtSettings) -> Duration {
        settings.access_token_lifetime
    }
}

impl TokenClass for Refresh {
    const NAME: &'static str = "RefreshToken";
    const TOKEN_TYPE: &'static str = "refresh";

    fn lifetime(settings: &SimpleJwtSettings) -> Duration {
        settings.refresh_token_lifetime
    }
}

impl TokenClass for Sliding {
    const NAME: &'static str = "SlidingToken";
    const TOKEN_TYPE: &'static str = "sliding";

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
    const NAME: &'static str = "UntypedToken";
    const TOKEN_TYPE: &'static str = "untyped";
    const REQUIRED_TYPE: Option<&'static str> = None;

    fn lifetime(_settings: &SimpleJwtSettings) -> Duration {
        Duration::zero()
    }
}

impl Stateless for Access {}
impl Stateless for Untyped {}
impl Revocable for Refresh {}
impl Revocable for Sliding {}

/// A class of `AUTH_TOKEN_CLASSES`, chosen by setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthToken {
    /// [`AccessToken`].
    Access,
    /// [`SlidingToken`].
    Sliding,
    /// [`RefreshToken`].
    Refresh,
    /// [`UntypedToken`].
    Untyped,
}

impl AuthToken {
    /// The class of that name.
    pub fn from_class_name(name: &str) -> Option<Self> {
        [Self::Access, Self::Sliding, Self::Refresh, Self::Untyped].into_iter().find(|class| class.name() == name)
    }

    /// Name of the class, and its `token_type`.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Access => (Access::NAME, Access::TOKEN_TYPE),
            Self::Sliding => (Sliding::NAME, Sliding::TOKEN_TYPE),
            Self::Refresh => (Refresh::NAME, Refresh::TOKEN_TYPE),
            Self::Untyped => (Untyped::NAME, Untyped::TOKEN_TYPE),
        }
    }

    /// Name of the class.
    pub fn name(self) -> &'static str {
        self.names().0
    }

    /// Its `token_type`.
    pub fn token_type(self) -> &'static str {
        self.names().1
    }

    /// The `token_type` that a token must have when it is read.
    pub fn required_type(self) -> Option<&'static str> {
        (self != Self::Untyped).then_some(self.token_type())
    }

    /// Whether its tokens can be blacklisted.
    pub fn is_revocable(self) -> bool {
        matches!(self, Self::Sliding | Self::Refresh)
    }
}
