//! Why a login or a token is refused. Python counterpart: the messages in `rest_framework_jwt`.

use crate::contrib::auth::AuthError;
use crate::core::jwt::{JwtError, SigningError};
use crate::db::DatabaseError;
use crate::http::outcome::Refusal;

/// Why there is no user or no token. The texts of all but the last three are for the client.
#[derive(Debug, thiserror::Error)]
pub enum LegacyJwtError {
    /// Wrong user name or password, or a user who may not log in.
    #[error("Unable to log in with provided credentials.")]
    WrongCredentials,
    /// The token has expired.
    #[error("Signature has expired.")]
    SignatureExpired,
    /// Not a token, or the signature is not ours.
    #[error("Error decoding signature.")]
    Decode(#[source] JwtError),
    /// A token, but one that may not be used: another algorithm, audience or issuer, or not yet valid. The text is that
    /// of DRF's `AuthenticationFailed`; the package's verify and refresh views crash here.
    #[error("Incorrect authentication credentials.")]
    InvalidToken(#[source] JwtError),
    /// The token names no user, or is of another kind.
    #[error("Invalid payload.")]
    InvalidPayload,
    /// The user whom the token names is gone.
    #[error("User doesn't exist.")]
    UserDoesNotExist,
    /// The user may not log in any more.
    #[error("User account is disabled.")]
    UserIsDisabled,
    /// The token was not made to be refreshed.
    #[error("orig_iat field is required.")]
    OrigIatRequired,
    /// The login was too long ago.
    #[error("Refresh has expired.")]
    RefreshExpired,
    /// The password could not be checked.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The database could not be asked.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The token could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

impl LegacyJwtError {
    /// What the metrics count it as.
    pub(super) fn refusal(&self) -> Refusal {
        match self {
            Self::SignatureExpired | Self::RefreshExpired => Refusal::Expired,
            Self::Decode(error) | Self::InvalidToken(error) => Refusal::from(error),
            Self::UserDoesNotExist | Self::UserIsDisabled => Refusal::User,
            _ => Refusal::Other,
        }
    }

    /// One of each kind that is about a token or its user, for the API's description.
    pub(super) fn about_tokens() -> [Self; 6] {
        [
            Self::SignatureExpired,
            Self::Decode(JwtError::InvalidSignature),
            Self::InvalidToken(JwtError::InvalidIssuedAt),
            Self::InvalidPayload,
            Self::UserDoesNotExist,
            Self::UserIsDisabled,
        ]
    }
}

impl From<JwtError> for LegacyJwtError {
    fn from(error: JwtError) -> Self {
        match error {
            JwtError::ExpiredSignature => Self::SignatureExpired,
            error if error.is_decode_error() => Self::Decode(error),
            error => Self::InvalidToken(error),
        }
    }
}
