//! Why a key or a token is refused. Python counterpart: `jwt.exceptions`.

use super::Algorithm;

/// Why a token is refused. Python counterpart: `InvalidTokenError` and its subclasses.
///
/// The texts are PyJWT's and are meant for the log: what a client is told is up to the app that asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// `DecodeError`: not a token at all, or `exp` or `nbf` is no number.
    #[error("{0}")]
    Decode(&'static str),
    /// `InvalidSignatureError`, a `DecodeError` in Python.
    #[error("Signature verification failed")]
    InvalidSignature,
    /// `InvalidAlgorithmError`: the header names no algorithm or another one than the key's.
    #[error("{0}")]
    InvalidAlgorithm(&'static str),
    /// `InvalidTokenError` itself: a header parameter that forbids using the token.
    #[error("{0}")]
    InvalidHeader(&'static str),
    /// `ExpiredSignatureError`.
    #[error("Signature has expired")]
    ExpiredSignature,
    /// `ImmatureSignatureError`: `nbf` or `iat`, whichever is named, is in the future.
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
    /// Whether Python would catch it as `DecodeError`, which is what `rest_framework_jwt` tells apart.
    #[must_use]
    pub const fn is_decode_error(&self) -> bool {
        matches!(self, Self::Decode(_) | Self::InvalidSignature)
    }
}

/// Why a configured key cannot be used. Python counterpart: `InvalidKeyError`. No text shows any part of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// An empty HMAC secret.
    #[error("HMAC key must not be empty.")]
    EmptySecret,
    /// A PEM or SSH text where a secret belongs: whoever has the public key could sign.
    #[error("The specified key is an asymmetric key or x509 certificate and should not be used as an HMAC secret.")]
    AsymmetricSecret,
    /// The JSON of a JWK where a secret belongs.
    #[error("The specified key looks like a JWK and should not be used directly as an HMAC secret.")]
    JwkSecret,
    /// An empty text where PEM belongs.
    #[error("the key is empty: {0} needs {wanted} in PEM form", wanted = .0.key_wanted())]
    Empty(Algorithm),
    /// A text without a PEM block that holds a key.
    #[error("the key is not in PEM form: no -----BEGIN … KEY----- was found")]
    NotPem,
    /// A private key behind a pass phrase.
    #[error("the private key is encrypted: give it without its pass phrase")]
    Encrypted,
    /// An SSH key, which only PyJWT's RSA and EC public keys may be.
    #[error("SSH keys are not supported: give the key as PEM")]
    Ssh,
    /// A certificate. PyJWT refuses it too.
    #[error("a certificate is not a key: give the public key inside it (openssl x509 -pubkey -noout)")]
    Certificate,
    /// A public key where one has to sign.
    #[error("this is a public key: {0} needs the private key to sign")]
    NotPrivate(Algorithm),
    /// Damaged, of another type, on another curve or of another size than the algorithm needs.
    #[error("the key is damaged or does not fit: {0} needs {wanted}", wanted = .0.key_wanted())]
    Unfit(Algorithm),
}

/// A signature could not be made: the library is out of memory or of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed")]
pub struct SigningError;
