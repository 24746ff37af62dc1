//! The reasons to refuse a login or a token, and the responses to the client. Python counterpart: the messages in
//! `rest_framework_jwt`.

use crate::contrib::auth::AuthError;
use crate::core::jwt::{JwtError, SigningError};
use crate::db::DatabaseError;
use crate::http::log_data::RefusalKind;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::serializers::non_field_error;

/// Why a login or a token is refused. The texts of all but the last three are for the client.
#[derive(Debug, thiserror::Error)]
pub enum LegacyJwtError {
    /// Wrong user name or password, or a user who may not log in.
    #[error("Unable to log in with provided credentials.")]
    WrongCredentials,
    /// The token has expired.
    #[error("Signature has expired.")]
    SignatureExpired,
    /// Not a token, or the signature is wrong.
    #[error("Error decoding signature.")]
    Decode(#[source] JwtError),
    /// A token that must not be used: another algorithm, audience or issuer, or not yet valid. The text is the one
    /// of DRF's `AuthenticationFailed`; the package's verify and refresh views crash here.
    #[error("Incorrect authentication credentials.")]
    InvalidToken(#[source] JwtError),
    /// The token names no user, or belongs to another app.
    #[error("Invalid payload.")]
    InvalidPayload,
    /// The token's user does not exist.
    #[error("User doesn't exist.")]
    UserDoesNotExist,
    /// The user is inactive.
    #[error("User account is disabled.")]
    UserIsDisabled,
    /// The token was made without `JWT_ALLOW_REFRESH`.
    #[error("orig_iat field is required.")]
    OrigIatRequired,
    /// The login was too long ago.
    #[error("Refresh has expired.")]
    RefreshExpired,
    /// The password could not be checked.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The token could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

impl LegacyJwtError {
    /// The reason that the metrics count.
    fn refusal(&self) -> RefusalKind {
        match self {
            Self::SignatureExpired | Self::RefreshExpired => RefusalKind::Expired,
            Self::Decode(error) | Self::InvalidToken(error) => RefusalKind::from(error),
            Self::UserDoesNotExist | Self::UserIsDisabled => RefusalKind::User,
            _ => RefusalKind::Other,
        }
    }

    /// All errors about a token or its user, for the API's description.
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

    /// DRF's `ValidationError` (400) under `NON_FIELD_ERRORS_KEY`: the response of the views.
    pub(super) fn validation_error(self, non_field_errors_key: &str) -> ApiError {
        match self {
            Self::Auth(_) | Self::Database(_) | Self::Signing(_) => self.into(),
            error => {
                let refused = non_field_error(non_field_errors_key, &error.to_string()).refused(error.refusal());
                refused.because(error)
            }
        }
    }
}

/// DRF's `AuthenticationFailed` (401): the response of protected views.
impl From<LegacyJwtError> for ApiError {
    fn from(error: LegacyJwtError) -> Self {
        let refusal = error.refusal();
        let failed = match error {
            LegacyJwtError::Auth(error) => return error.into(),
            LegacyJwtError::Database(error) => return error.into(),
            LegacyJwtError::Signing(error) => return Self::internal(error),
            // Does not tell whether a user exists.
            LegacyJwtError::UserDoesNotExist => Self::authentication_failed("Invalid signature.").because(error),
            error => Self::authentication_failed(error.to_string()),
        };
        failed.refused(refusal)
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
