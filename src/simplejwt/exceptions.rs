//! What can be wrong with a token, and what a client reads about it. Python counterpart:
//! `rest_framework_simplejwt.exceptions`.

use serde_json::json;

use crate::core::jwt::{JwtError, SigningError};
#[cfg(feature = "database")]
use crate::db::DatabaseError;
use crate::http::outcome::Refusal;
use crate::rest_framework::exceptions::ApiError;

pub(super) const INVALID: &str = "Token is invalid";
pub(super) const EXPIRED: &str = "Token is expired";
pub(super) const BLACKLISTED: &str = "Token is blacklisted";
pub(super) const NO_EXP: &str = "Token has no 'exp' claim";
pub(super) const NO_ID: &str = "Token has no id";
pub(super) const NO_TYPE: &str = "Token has no type";
pub(super) const WRONG_TYPE: &str = "Token has wrong type";

/// Why a token cannot be used, or made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// `TokenError`: the text is the one that the client reads.
    #[error("{message}")]
    Invalid {
        /// For the client.
        message: String,
        /// For the log: what exactly was wrong.
        cause: Option<JwtError>,
        /// For the metrics.
        refusal: Refusal,
    },
    /// A new token could not be signed: out of memory or randomness, or this service has no signing key.
    #[error("a token could not be signed: {0}")]
    Signing(String),
    /// The blacklist could not be asked.
    #[cfg(feature = "database")]
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl TokenError {
    /// A token that is refused with this message.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), cause: None, refusal: Refusal::Other }
    }

    /// A token without a date that it should have.
    pub(super) fn missing_claim(claim: &str) -> Self {
        Self::invalid(format!("Token has no '{claim}' claim"))
    }

    /// A token of which a date other than `exp` is over.
    pub(super) fn claim_expired(claim: &str) -> Self {
        let message = format!("Token '{claim}' claim has expired");
        Self::Invalid { message, cause: None, refusal: Refusal::Expired }
    }

    /// A token on the blacklist.
    #[must_use]
    pub fn blacklisted() -> Self {
        Self::Invalid { message: BLACKLISTED.to_owned(), cause: None, refusal: Refusal::Blacklisted }
    }
}

impl From<JwtError> for TokenError {
    fn from(error: JwtError) -> Self {
        let message = match error {
            JwtError::ExpiredSignature => EXPIRED,
            _ => INVALID,
        };
        let refusal = Refusal::from(&error);
        Self::Invalid { message: message.to_owned(), cause: Some(error), refusal }
    }
}

impl From<SigningError> for TokenError {
    fn from(error: SigningError) -> Self {
        Self::Signing(error.to_string())
    }
}

#[cfg(feature = "database")]
impl From<diesel::result::Error> for TokenError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// As a view of tokens answers: 401 with `detail` and `code`, `InvalidToken` in Python.
impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid { message, cause, refusal } => {
                let error = failed(&message, "token_not_valid").refused(refusal);
                match cause {
                    Some(cause) => error.because(cause),
                    None => error.because(message),
                }
            }
            TokenError::Signing(cause) => Self::internal(cause),
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

/// DRF's `AuthenticationFailed`, which simplejwt raises for users rather than tokens: `detail` alone.
#[must_use]
pub fn no_active_account(message: &str) -> ApiError {
    ApiError::authentication_failed(message)
}
