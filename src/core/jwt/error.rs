//! Errors of keys and tokens. Python counterpart: `jwt.exceptions`.

use super::Algorithm;

/// Why a token is refused. Python counterpart: `InvalidTokenError` and its subclasses.
///
/// The messages are PyJWT's and are for the log. Each app decides which text its clients get.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// `DecodeError`: not a token, or `exp` or `nbf` is not a number.
    #[error("{0}")]
    Decode(&'static str),
    /// `InvalidSignatureError`, a `DecodeError` in Python.
    #[error("Signature verification failed")]
    InvalidSignature,
    /// `InvalidAlgorithmError`: the header names no algorithm, or not the algorithm of the key.
    #[error("{0}")]
    InvalidAlgorithm(&'static str),
    /// `InvalidTokenError` itself: a header parameter that is not accepted.
    #[error("{0}")]
    InvalidHeader(&'static str),
    /// `ExpiredSignatureError`.
    #[error("Signature has expired")]
    ExpiredSignature,
    /// `ImmatureSignatureError`: the named claim, `nbf` or `iat`, is in the future.
    #[error("The token is not yet valid ({0})")]
    ImmatureSignature(&'static str),
    /// `InvalidIssuedAtError`.
    #[error("Issued At claim (iat) must be an integer.")]
    InvalidIssuedAt,
    /// `InvalidAudienceError`.
    #[error("{0}")]
    InvalidAudience(&'static str),
    /// `InvalidIssuerError`.
    #[error("{0}")]
    InvalidIssuer(&'static str),
    /// `InvalidSubjectError`.
    #[error("Subject must be a string")]
    InvalidSubject,
    /// `InvalidJTIError`.
    #[error("JWT ID must be a string")]
    InvalidJti,
    /// `MissingRequiredClaimError`.
    #[error("Token is missing the \"{0}\" claim")]
    MissingRequiredClaim(&'static str),
}

impl JwtError {
    /// Whether it is a `DecodeError` in Python. `rest_framework_jwt` distinguishes it from the other errors.
    #[must_use]
    pub const fn is_decode_error(&self) -> bool {
        matches!(self, Self::Decode(_) | Self::InvalidSignature)
    }
}

/// Why a configured key cannot be used. Python counterpart: `InvalidKeyError`. No message shows any part of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// An empty HMAC secret.
    #[error("HMAC key must not be empty.")]
    EmptySecret,
    /// A PEM or SSH key instead of a secret: anyone who has the public key could sign.
    #[error("The specified key is an asymmetric key or x509 certificate and should not be used as an HMAC secret.")]
    AsymmetricSecret,
    /// The JSON of a JWK instead of a secret.
    #[error("The specified key looks like a JWK and should not be used directly as an HMAC secret.")]
    JwkSecret,
    /// An empty string instead of a key in PEM form.
    #[error("the key is empty: {0} needs {wanted} in PEM form", wanted = .0.key_wanted())]
    Empty(Algorithm),
    /// No PEM block with a key.
    #[error("the key is not in PEM form: no -----BEGIN … KEY----- was found")]
    NotPem,
    /// A PEM block without its end.
    #[error("a key is incomplete: its -----END … KEY----- is missing")]
    Unfinished,
    /// A private key with a passphrase.
    #[error("the private key is encrypted: give it without a passphrase")]
    Encrypted,
    /// An SSH key. PyJWT accepts it for RSA and EC public keys.
    #[error("SSH keys are not supported: give the key as PEM")]
    Ssh,
    /// A certificate. PyJWT refuses it as well.
    #[error("a certificate is not a key: give the public key inside it (openssl x509 -pubkey -noout)")]
    Certificate,
    /// A public key where a private key is required.
    #[error("this is a public key: {0} needs the private key to sign")]
    NotPrivate(Algorithm),
    /// The key is damaged, or its type, curve or size does not fit the algorithm.
    #[error("the key is damaged or does not fit: {0} needs {wanted}", wanted = .0.key_wanted())]
    Unfit(Algorithm),
}

/// The library could not sign, because it has no memory or no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningError;
