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
//! # What does the cryptography
//!
//! `jsonwebtoken` reads the keys out of their PEM, verifies the signatures of RSA, ECDSA and Ed25519, and makes those of
//! Ed25519. The rest goes to AWS-LC, the library beneath it, directly:
//!
//! * `ES512` and `ES256K`, which `jsonwebtoken` does not have;
//! * making RSA and ECDSA signatures. `jsonwebtoken` sets its signer up anew for each, and for RSA that costs more than
//!   the signature itself (599 against 240 µs for RS256, 22 against 13 for ES256, measured side by side), so the key
//!   pair is kept instead. For Ed25519 the set-up is nine microseconds, and for verifying RSA and ECDSA it is lost in the
//!   noise;
//! * HMAC: setting the key up for each token is a third of the work of checking it, on the hottest path there is.
//!
//! Its `decode` is not used: its checks of the claims are not PyJWT's (a minute of leeway, `exp == now` is good, a
//! missing `aud` is). The provider is named at each call, so nothing needs installing for the process, and a host
//! application that enables the other provider's feature too does not make the first token panic.
//!
//! # What is remembered
//!
//! [`decode_repeated`] does not verify a token again that it has found genuine a moment ago: that cannot change. It is for what
//! comes with every request; see `remembered.rs`.
//!
//! # Stricter than PyJWT
//!
//! * A key is bound to one algorithm when it is made; the `alg` of a token is compared with it and chooses nothing.
//! * `=` at the end of a part is refused, and so is a token longer than [`MAX_TOKEN_LEN`].
//! * `crit`, `b64`, `jwk`, `jku`, `x5c` and `x5u` in a header are refused, even under a good signature.
//! * `exp`, `nbf` and `iat` must be JSON numbers within the years 1 to 9999: no text, no boolean, no `NaN`.
//! * JSON nested deeper than 128 levels is refused. Of a name given twice, the last counts, as in Python.
//! * RSA keys below 2048 bits are refused; PyJWT warns. Ed448 and SSH keys are not supported.

mod algorithm;
mod claims;
mod decode;
mod encode;
mod error;
pub mod jwks;
mod pem;
mod remembered;
mod rules;
mod signing;
mod verifying;

#[cfg(test)]
mod tests;

pub use algorithm::{Algorithm, Family, UnknownAlgorithm};
pub use claims::Claims;
pub use decode::{decode, decode_repeated, decode_unverified, key_id};
pub use encode::{encode, encode_with_headers};
pub use error::{JwtError, KeyError, SigningError};
pub use jwks::JwkClient;
pub use rules::{Audience, Edition, Rules};
pub use signing::SigningKey;
pub use verifying::VerifyingKey;

/// The longest token that is looked at, in bytes. gunicorn ends a header line after 8,190.
pub const MAX_TOKEN_LEN: usize = 16 * 1024;
