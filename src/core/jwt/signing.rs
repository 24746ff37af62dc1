//! The key that signs tokens. Python counterpart: `jwt.algorithms.Algorithm.prepare_key` and `sign`.

use std::fmt;

use super::private::PrivateKey;
use super::{Algorithm, KeyError, SigningError, VerifyingKey};
use crate::core::crypto::SecretString;

/// A key bound to the algorithm it signs with. It is parsed once and cheap to clone. `Debug` shows only the algorithm.
#[derive(Clone)]
pub struct SigningKey {
    private: PrivateKey,
    verifying: VerifyingKey,
}

impl SigningKey {
    /// The HMAC secret, or the private key in PEM form: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC1
    /// (`EC PRIVATE KEY`).
    ///
    /// # Errors
    /// Returns an error if the text is not such a key, or if the key does not fit the algorithm. This includes RSA keys below
    /// 2048 bits, for which PyJWT only warns.
    pub fn new(algorithm: Algorithm, key: &SecretString) -> Result<Self, KeyError> {
        let (private, verifying) = if algorithm.is_hmac() {
            (PrivateKey::from_secret(algorithm, key.expose())?, VerifyingKey::new(algorithm, key)?)
        } else {
            let (private, public) = PrivateKey::from_pem(algorithm, key.expose())?;
            // A key of a kind that signs and cannot verify does not fit.
            let verifying = VerifyingKey::from_public_bytes(algorithm, &public);
            (private, verifying.map_err(|_| KeyError::Unfit(algorithm))?)
        };
        Ok(Self { private, verifying })
    }

    /// The algorithm it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// The key that verifies the signatures of this key: the same secret, or the public half.
    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        self.private.sign(message)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, …)", self.algorithm())
    }
}
