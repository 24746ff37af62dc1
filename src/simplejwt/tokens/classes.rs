//! Kinds of token. Python counterpart: the classes of `rest_framework_simplejwt.tokens`, without their methods.

use chrono::{DateTime, Duration, Utc};

use super::Token;
use crate::core::jwt::Claims;
use crate::simplejwt::exceptions::{NO_EXP, NO_ID, NO_TYPE, TokenError, WRONG_TYPE};
use crate::simplejwt::settings::SimpleJwtSettings;

/// A kind of token: what Python writes as the class attributes `token_type` and `lifetime`.
pub trait TokenClass: 'static {
    /// Class name, shown to clients in the `messages` of a 401.
    const NAME: &'static str;
    /// Value of the `token_type` claim of new tokens, required of every token read.
    const TOKEN_TYPE: &'static str;
    /// Whether that requirement is made. Only [`UntypedToken`] makes none.
    const VERIFIES_TYPE: bool = true;

    /// Time between `iat` and `exp` of a new token.
    fn lifetime(settings: &SimpleJwtSettings) -> Duration;

    /// Claims that every new token of this class has besides the usual ones. Default: none.
    fn set_extra_claims(claims: &mut Claims, now: DateTime<Utc>, settings: &SimpleJwtSettings) {
        let _ = (claims, now, settings);
    }
}

/// Classes that stay valid until they expire.
pub trait Stateless: TokenClass {}

/// Classes that the blacklist can end early: Python's `BlacklistMixin`.
pub trait Revocable: TokenClass {}

/// Class of [`AccessToken`].
#[derive(Debug)]
pub enum Access {}
/// Class of [`RefreshToken`].
#[derive(Debug)]
pub enum Refresh {}
/// Class of [`SlidingToken`].
#[derive(Debug)]
pub enum Sliding {}
/// Class of [`UntypedToken`].
#[derive(Debug)]
pub enum Untyped {}

/// Opens protected views.
pub type AccessToken = Token<Access>;
/// Gets new access tokens.
pub type RefreshToken = Token<Refresh>;
/// Opens protected views and gets its own successor.
pub type SlidingToken = Token<Sliding>;
/// A genuine token of whatever kind.
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
    const VERIFIES_TYPE: bool = false;

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
    #[must_use]
    pub fn from_class_name(name: &str) -> Option<Self> {
        [Self::Access, Self::Sliding, Self::Refresh, Self::Untyped].into_iter().find(|class| class.name() == name)
    }

    /// Class name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Access => Access::NAME,
            Self::Sliding => Sliding::NAME,
            Self::Refresh => Refresh::NAME,
            Self::Untyped => Untyped::NAME,
        }
    }

    /// Its `token_type`.
    #[must_use]
    pub fn token_type(self) -> &'static str {
        match self {
            Self::Access => Access::TOKEN_TYPE,
            Self::Sliding => Sliding::TOKEN_TYPE,
            Self::Refresh => Refresh::TOKEN_TYPE,
            Self::Untyped => Untyped::TOKEN_TYPE,
        }
    }

    /// Whether the blacklist can end it.
    #[must_use]
    pub fn is_revocable(self) -> bool {
        matches!(self, Self::Sliding | Self::Refresh)
    }

    /// What the class demands of claims that are genuine and in time; the blacklist is asked elsewhere.
    pub(in crate::simplejwt) fn verify(self, claims: &Claims, settings: &SimpleJwtSettings) -> Result<(), TokenError> {
        match self {
            Self::Access => verify::<Access>(claims, settings),
            Self::Sliding => verify::<Sliding>(claims, settings),
            Self::Refresh => verify::<Refresh>(claims, settings),
            Self::Untyped => verify::<Untyped>(claims, settings),
        }
    }
}

/// What class `C` demands of claims that are genuine and in time.
pub(super) fn verify<C: TokenClass>(claims: &Claims, settings: &SimpleJwtSettings) -> Result<(), TokenError> {
    // That it has not passed was checked with the signature.
    if !claims.contains_key("exp") {
        return Err(TokenError::invalid(NO_EXP));
    }
    if settings.jti_claim.as_ref().is_some_and(|claim| !claims.contains_key(claim)) {
        return Err(TokenError::invalid(NO_ID));
    }
    if let Some(claim) = settings.token_type_claim.as_ref().filter(|_| C::VERIFIES_TYPE) {
        match claims.get(claim) {
            None => return Err(TokenError::invalid(NO_TYPE)),
            Some(value) if value.as_str() == Some(C::TOKEN_TYPE) => {}
            Some(_) => return Err(TokenError::invalid(WRONG_TYPE)),
        }
    }
    Ok(())
}
