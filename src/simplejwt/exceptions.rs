//! The reasons to refuse a token, and the responses to the client. Python counterpart:
//! `rest_framework_simplejwt.exceptions`.

use std::borrow::Cow;

use serde_json::json;

use super::tokens::AuthToken;
#[cfg(feature = "database")]
use crate::contrib::auth::{AuthError, UserId};
use crate::core::jwt::JwtError;
#[cfg(feature = "database")]
use crate::db::{DatabaseError, is_foreign_key_violation};
use crate::http::log_data::RefusalKind;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::serializers::non_field_error;

pub(super) const INVALID: &str = "Token is invalid";
pub(super) const EXPIRED: &str = "Token is expired";
pub(super) const BLACKLISTED: &str = "Token is blacklisted";
pub(super) const FAMILY_EXPIRED: &str = "Token family has expired";
pub(super) const FAMILY_BLACKLISTED: &str = "Token family is blacklisted";
pub(super) const NO_EXP: &str = "Token has no 'exp' claim";
pub(super) const NO_ID: &str = "Token has no id";
pub(super) const NO_TYPE: &str = "Token has no type";
pub(super) const WRONG_TYPE: &str = "Token has wrong type";
#[cfg(feature = "database")]
pub(super) const NO_ACCOUNT_FOR_CREDENTIALS: &str = "No active account found with the given credentials";
#[cfg(feature = "database")]
pub(super) const NO_ACCOUNT_FOR_TOKEN: &str = "No active account found for the given token.";
#[cfg(feature = "database")]
pub(super) const PASSWORD_CHANGED: &str = "The user's password has been changed.";

/// Seconds after which the key set is fetched again.
const KEYS_RETRY_AFTER: u64 = 10;

/// Why a token cannot be used or made. The messages of the first three are for the client.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// `InvalidToken` (401, with a `code`): the token is refused.
    #[error("{message}")]
    Invalid {
        /// For the client.
        message: Cow<'static, str>,
        /// For the log: the exact problem.
        cause: Option<JwtError>,
        /// For the metrics.
        refusal: RefusalKind,
    },
    /// DRF's `AuthenticationFailed` (401): the user may not have a token.
    #[error("{message}")]
    AuthenticationFailed {
        /// For the client.
        message: &'static str,
        /// For the log; `None` for wrong credentials.
        reason: Option<String>,
    },
    /// DRF's `ValidationError` (400) under `NON_FIELD_ERRORS_KEY`.
    #[error("{message}")]
    Validation {
        /// The value of `NON_FIELD_ERRORS_KEY`.
        key: String,
        /// For the client.
        message: &'static str,
    },
    /// The key that verifies the token could not be fetched from `JWK_URL` (503), so it is unknown whether the token is valid.
    #[error("the key set of JWK_URL could not be fetched")]
    KeysUnavailable,
    /// A new token could not be signed: there is no memory, no randomness or no signing key.
    #[error("a token could not be signed: {0}")]
    Signing(String),
    /// The password could not be checked, or the database failed.
    #[cfg(feature = "database")]
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl TokenError {
    /// A token that is refused with this message.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::refused(message, RefusalKind::Other)
    }

    /// A token that is refused with this message, and for a reason that the metrics count.
    pub(super) fn refused(message: impl Into<Cow<'static, str>>, refusal: RefusalKind) -> Self {
        Self::Invalid { message: message.into(), cause: None, refusal }
    }

    /// A token on the blacklist.
    pub fn blacklisted() -> Self {
        Self::refused(BLACKLISTED, RefusalKind::Blacklisted)
    }

    /// Whether this is [`TokenError::blacklisted`]. False for a blacklisted family.
    #[cfg(feature = "database")]
    pub(super) fn is_blacklisted(&self) -> bool {
        matches!(self, Self::Invalid { message, .. } if message == BLACKLISTED)
    }

    /// A token whose family was ended.
    pub fn family_blacklisted() -> Self {
        Self::refused(FAMILY_BLACKLISTED, RefusalKind::Blacklisted)
    }

    /// The token of the user with this key names the family of another user. An issuer that copies claims from one token to
    /// another makes tokens of this kind, so a warning is logged.
    #[cfg(feature = "database")]
    pub(super) fn foreign_family(user_id: Option<UserId>) -> Self {
        let user = user_id.map_or_else(|| "no user".to_owned(), |id| format!("user {id}"));
        log::warn!("a refresh token of {user} names the token family of another user, and is refused");
        Self::invalid(INVALID)
    }

    /// A user who may not have a token. `reason` goes to the log.
    #[cfg(feature = "database")]
    pub(super) fn authentication_failed(message: &'static str, reason: impl Into<String>) -> Self {
        Self::AuthenticationFailed { message, reason: Some(reason.into()) }
    }

    /// A token without a required time.
    pub(super) fn missing_claim(claim: &str) -> Self {
        Self::invalid(format!("Token has no '{claim}' claim"))
    }

    /// A token in which a time other than `exp` has passed.
    pub(super) fn claim_expired(claim: &str) -> Self {
        Self::refused(format!("Token '{claim}' claim has expired"), RefusalKind::Expired)
    }
}

impl From<JwtError> for TokenError {
    fn from(error: JwtError) -> Self {
        let message = if error == JwtError::ExpiredSignature { EXPIRED } else { INVALID };
        Self::Invalid { message: message.into(), refusal: RefusalKind::from(&error), cause: Some(error) }
    }
}

#[cfg(feature = "database")]
impl From<DatabaseError> for TokenError {
    fn from(error: DatabaseError) -> Self {
        match error {
            // The transaction has read the user, but in PostgreSQL another transaction can delete the row before the commit.
            DatabaseError::Query(error) if is_foreign_key_violation(&error) => {
                Self::authentication_failed(NO_ACCOUNT_FOR_TOKEN, "user was deleted meanwhile")
            }
            error => Self::Auth(error.into()),
        }
    }
}

#[cfg(feature = "database")]
impl From<diesel::result::Error> for TokenError {
    fn from(error: diesel::result::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid { message, cause, refusal } => {
                let error = failed(&message, "token_not_valid").refused(refusal);
                error.because(cause.map_or(message, |cause| cause.to_string().into()))
            }
            TokenError::AuthenticationFailed { message, reason: None } => Self::authentication_failed(message),
            TokenError::AuthenticationFailed { message, reason: Some(reason) } => {
                Self::authentication_failed(message).because(reason).refused(RefusalKind::User)
            }
            TokenError::Validation { key, message } => {
                non_field_error(&key, message).because(message).refused(RefusalKind::Blacklisted)
            }
            TokenError::KeysUnavailable => {
                Self::service_unavailable("the key set of JWK_URL could not be fetched", KEYS_RETRY_AFTER)
            }
            TokenError::Signing(cause) => Self::internal(cause),
            #[cfg(feature = "database")]
            TokenError::Auth(error) => error.into(),
        }
    }
}

/// simplejwt's `AuthenticationFailed`: `detail` and `code`.
pub fn failed(detail: &str, code: &str) -> ApiError {
    ApiError::authentication_failed_with(json!({ "detail": detail, "code": code }))
}

/// The error for a token that names no user.
pub(super) fn no_user_id() -> ApiError {
    failed("Token contained no recognizable user identification", "token_not_valid")
}

/// The error for a header that is not a scheme and a token.
pub(super) fn bad_header() -> ApiError {
    failed("Authorization header must contain two space-delimited values", "bad_authorization_header")
}

/// The error for a token that no class accepts, with the message of each class.
pub(super) fn not_valid<'a>(messages: impl Iterator<Item = (AuthToken, &'a str)>) -> ApiError {
    let of_class = |(class, message): (AuthToken, &str)| json!({ "token_class": class.name(), "token_type": class.token_type(), "message": message });
    ApiError::authentication_failed_with(json!({
        "detail": "Given token not valid for any token type",
        "code": "token_not_valid",
        "messages": messages.map(of_class).collect::<Vec<_>>(),
    }))
}
