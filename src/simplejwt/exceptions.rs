//! Why a token is refused, and what the client reads. Python counterpart: `rest_framework_simplejwt.exceptions`.

use serde_json::json;

#[cfg(feature = "database")]
use crate::contrib::auth::AuthError;
use crate::core::jwt::{JwtError, SigningError};
#[cfg(feature = "database")]
use crate::db::{DatabaseError, is_foreign_key_violation};
use crate::http::outcome::Refusal;
use crate::rest_framework::exceptions::ApiError;
#[cfg(feature = "database")]
use crate::rest_framework::serializers::non_field_error;

pub(super) const INVALID: &str = "Token is invalid";
pub(super) const EXPIRED: &str = "Token is expired";
pub(super) const BLACKLISTED: &str = "Token is blacklisted";
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

/// Why a token cannot be used or made. The texts of the first three are for the client.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// `InvalidToken` (401, with a `code`): the token is refused.
    #[error("{message}")]
    Invalid {
        /// For the client.
        message: String,
        /// For the log: what exactly is wrong.
        cause: Option<JwtError>,
        /// For the metrics.
        refusal: Refusal,
    },
    /// DRF's `AuthenticationFailed` (401): the user may not have a token.
    #[cfg(feature = "database")]
    #[error("{message}")]
    AuthenticationFailed {
        /// For the client.
        message: &'static str,
        /// For the log; `None` for wrong credentials.
        reason: Option<String>,
    },
    /// DRF's `ValidationError` (400) under `NON_FIELD_ERRORS_KEY`.
    #[cfg(feature = "database")]
    #[error("{message}")]
    Validation {
        /// The value of `NON_FIELD_ERRORS_KEY`.
        key: String,
        /// For the client.
        message: &'static str,
    },
    /// A new token could not be signed: there is no memory, no randomness or no signing key.
    #[error("a token could not be signed: {0}")]
    Signing(String),
    /// The password could not be checked.
    #[cfg(feature = "database")]
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The database failed.
    #[cfg(feature = "database")]
    #[error(transparent)]
    Database(DatabaseError),
}

impl TokenError {
    /// A token that is refused with this message.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), cause: None, refusal: Refusal::Other }
    }

    /// A token without a time that it must have.
    pub(super) fn missing_claim(claim: &str) -> Self {
        Self::invalid(format!("Token has no '{claim}' claim"))
    }

    /// A token of which a time other than `exp` has passed.
    pub(super) fn claim_expired(claim: &str) -> Self {
        let message = format!("Token '{claim}' claim has expired");
        Self::Invalid { message, cause: None, refusal: Refusal::Expired }
    }

    /// A token on the blacklist.
    #[must_use]
    pub fn blacklisted() -> Self {
        Self::Invalid { message: BLACKLISTED.to_owned(), cause: None, refusal: Refusal::Blacklisted }
    }

    /// A user who may not have a token; `reason` goes to the log.
    #[cfg(feature = "database")]
    pub(super) fn authentication_failed(message: &'static str, reason: impl Into<String>) -> Self {
        Self::AuthenticationFailed { message, reason: Some(reason.into()) }
    }
}

impl From<JwtError> for TokenError {
    fn from(error: JwtError) -> Self {
        let message = if error == JwtError::ExpiredSignature { EXPIRED } else { INVALID };
        Self::Invalid { message: message.to_owned(), refusal: Refusal::from(&error), cause: Some(error) }
    }
}

impl From<SigningError> for TokenError {
    fn from(error: SigningError) -> Self {
        Self::Signing(error.to_string())
    }
}

#[cfg(feature = "database")]
impl From<DatabaseError> for TokenError {
    fn from(error: DatabaseError) -> Self {
        match error {
            // The transaction has read the user; PostgreSQL lets another one delete the row before the commit.
            DatabaseError::Query(error) if is_foreign_key_violation(&error) => {
                Self::authentication_failed(NO_ACCOUNT_FOR_TOKEN, "user was deleted meanwhile")
            }
            error => Self::Database(error),
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
                let reason = cause.map_or_else(|| message.clone(), |cause| cause.to_string());
                failed(&message, "token_not_valid").because(reason).refused(refusal)
            }
            #[cfg(feature = "database")]
            TokenError::AuthenticationFailed { message, reason: None } => Self::authentication_failed(message),
            #[cfg(feature = "database")]
            TokenError::AuthenticationFailed { message, reason: Some(reason) } => {
                Self::authentication_failed(message).because(reason).refused(Refusal::User)
            }
            #[cfg(feature = "database")]
            TokenError::Validation { key, message } => {
                non_field_error(&key, message).because(message).refused(Refusal::Blacklisted)
            }
            TokenError::Signing(cause) => Self::internal(cause),
            #[cfg(feature = "database")]
            TokenError::Auth(error) => error.into(),
            #[cfg(feature = "database")]
            TokenError::Database(error) => error.into(),
        }
    }
}

/// simplejwt's `AuthenticationFailed`: `detail` and `code`.
#[must_use]
pub fn failed(detail: &str, code: &str) -> ApiError {
    ApiError::authentication_failed_with(json!({ "detail": detail, "code": code }))
}
