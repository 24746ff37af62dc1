//! JSON Web Tokens. Python counterpart: PyJWT, 2.15 as simplejwt uses it and 1.7 as djangorestframework-jwt does.
//!
//! ```
//! use actix_simplejwt::core::clock::Clock;
//! use actix_simplejwt::core::crypto::SecretString;
//! use actix_simplejwt::core::jwt::{Algorithm, Claims, Rules, SigningKey, decode, encode};
//!
//! let key = SigningKey::new(Algorithm::HS256, &SecretString::from("a secret of at least thirty-two bytes"))?;
//! let claims = Claims::from_iter([("user_id".to_owned(), "1".into())]);
//! let token = encode(&claims, &key)?;
//! assert_eq!(decode(&token, key.verifying_key(), &Rules::default(), Clock::system().now())?, claims);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Cryptography
//!
//! There is one implementation of each operation:
//!
//! | algorithm | sign | verify |
//! |---|---|---|
//! | `HS…` | AWS-LC | AWS-LC |
//! | `RS…`, `PS…`, `ES256`, `ES384` | AWS-LC | `jsonwebtoken` |
//! | `EdDSA` | `jsonwebtoken` | `jsonwebtoken` |
//! | `ES512`, `ES256K` | AWS-LC | AWS-LC |
//!
//! `jsonwebtoken` also reads the keys from PEM. AWS-LC, the library below it, is used directly where
//!
//! * `jsonwebtoken` lacks the algorithm: `ES512` and `ES256K`;
//! * `jsonwebtoken` sets the key up again for each signature and that was measured to be expensive: RSA (599 µs instead of
//!   240 µs for RS256), ECDSA (22 µs instead of 13 µs for ES256), and HMAC (a third of the time to check a token). For Ed25519
//!   and for verifying RSA and ECDSA the difference is small.
//!
//! Its `decode` is not used, because it does not check claims as PyJWT does: it allows a minute of leeway, accepts
//! `exp == now`, and accepts a token without a required `aud`. Its crypto provider is named at each call, so nothing has to be
//! installed for the process, and a host application may enable the feature of another provider.
//!
//! # Repeated tokens
//!
//! [`decode_repeated`] does not check the signature again if the public key has verified the same token recently. It is for
//! tokens that come with every request; see `verified.rs`.
//!
//! # Stricter than PyJWT
//!
//! * A key is bound to one algorithm when it is created. The `alg` of a token is compared with it and selects nothing.
//! * `=` at the end of a part is refused, and so is a token longer than [`MAX_TOKEN_LEN`].
//! * `crit`, `b64`, `jwk`, `jku`, `x5c` and `x5u` in a header are refused, even with a valid signature.
//! * `exp`, `nbf` and `iat` must be JSON numbers within the years 1 to 9999, not strings, booleans or `NaN`.
//! * JSON nested deeper than 128 levels is refused. If a name occurs twice, the last value is used, as in Python.
//! * RSA keys below 2048 bits are refused; PyJWT warns. Ed448 and SSH keys are not supported.

mod algorithm;
mod claims;
mod decode;
mod encode;
mod error;
mod generate;
mod jwk;
mod pem;
mod private;
mod public;
mod rules;
mod signing;
mod verified;
mod verifying;

#[cfg(test)]
pub(crate) mod tests;

pub use algorithm::{Algorithm, Family, UnknownAlgorithm};
pub use claims::Claims;
pub use decode::{decode, decode_repeated, decode_unverified, key_id};
pub use encode::{encode, encode_with_headers};
pub use error::{JwtError, KeyError, SigningError};
pub use generate::generate_key;
pub use jwk::{JwkSetError, jwk_set};
pub use pem::{PemBlock, pem_blocks};
pub use rules::{Audience, Edition, Rules};
pub use signing::SigningKey;
pub use verifying::VerifyingKey;

/// The name of the claim by which an app marks the type of its tokens, such as `token_type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenTypeClaim(pub String);

/// The maximum length of a token in bytes. gunicorn limits a header line to 8,190 bytes.
pub const MAX_TOKEN_LEN: usize = 16 * 1024;
