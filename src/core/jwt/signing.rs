//! The key that signs tokens. Python counterpart: `jwt.algorithms.Algorithm.prepare_key` and `sign`.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair};
use jsonwebtoken::EncodingKey;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;

use super::algorithm::Family;
use super::verifying::check_secret;
use super::{Algorithm, KeyError, SigningError, VerifyingKey, pem};
use crate::core::crypto::SecretString;

/// A key bound to the algorithm it signs with. It is parsed once and cheap to clone. `Debug` shows only the algorithm.
#[derive(Clone)]
pub struct SigningKey {
    kind: Kind,
    verifying: VerifyingKey,
}

#[derive(Clone)]
enum Kind {
    /// HMAC, set up once (see the documentation of the module).
    Hmac(Box<hmac::Key>),
    /// Ed25519, which `jsonwebtoken` sets up for each signature at little cost.
    Jsonwebtoken(jsonwebtoken::Algorithm, EncodingKey),
    /// RSA, set up once (see the documentation of the module).
    Rsa(&'static dyn RsaEncoding, Arc<RsaKeyPair>),
    /// ECDSA, set up once (see the documentation of the module).
    Ec(Arc<EcdsaKeyPair>),
}

impl SigningKey {
    /// The HMAC secret, or the private key in PEM form: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC1
    /// (`EC PRIVATE KEY`).
    ///
    /// # Errors
    /// Returns an error if the text is not such a key, or if the key does not fit the algorithm. This includes RSA keys below
    /// 2048 bits, for which PyJWT only warns.
    pub fn new(algorithm: Algorithm, key: &SecretString) -> Result<Self, KeyError> {
        let text = key.expose();
        if algorithm.is_hmac() {
            return Self::from_secret(algorithm, key);
        }
        if text.is_empty() {
            return Err(KeyError::Empty(algorithm));
        }
        match pem::find(text, &pem::PRIVATE) {
            Ok(block) => Self::from_pem(algorithm, &block).ok_or(KeyError::Unfit(algorithm)),
            Err(KeyError::NotPem) if pem::find(text, &pem::PUBLIC).is_ok() => Err(KeyError::NotPrivate(algorithm)),
            Err(error) => Err(error),
        }
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

    fn from_secret(algorithm: Algorithm, key: &SecretString) -> Result<Self, KeyError> {
        check_secret(key.expose())?;
        let digest = algorithm.hmac().ok_or(KeyError::Unfit(algorithm))?;
        let kind = Kind::Hmac(Box::new(hmac::Key::new(digest, key.expose().as_bytes())));
        Ok(Self { kind, verifying: VerifyingKey::new(algorithm, key)? })
    }

    fn from_pem(algorithm: Algorithm, block: &pem::Block<'_>) -> Option<Self> {
        let pem = block.to_pem();
        let (kind, public) = match algorithm.family() {
            Family::Rsa => {
                let key = EncodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
                let pair = RsaKeyPair::from_der(key.as_bytes()).ok()?;
                let public = pair.public_key().as_ref().to_vec();
                (Kind::Rsa(algorithm.rsa_encoding()?, Arc::new(pair)), public)
            }
            Family::Ec => {
                let signing = algorithm.ecdsa_signing()?;
                let pair = if block.label == "EC PRIVATE KEY" {
                    EcdsaKeyPair::from_private_key_der(signing, &block.der()?).ok()?
                } else {
                    let key = EncodingKey::from_ec_pem(pem.as_bytes()).ok()?;
                    EcdsaKeyPair::from_pkcs8(signing, key.as_bytes()).ok()?
                };
                let public = pair.public_key().as_ref().to_vec();
                (Kind::Ec(Arc::new(pair)), public)
            }
            Family::Okp => {
                let key = EncodingKey::from_ed_pem(pem.as_bytes()).ok()?;
                let pair = Ed25519KeyPair::from_pkcs8(key.as_bytes()).ok()?;
                let public = pair.public_key().as_ref().to_vec();
                (Kind::Jsonwebtoken(algorithm.jsonwebtoken()?, key), public)
            }
            Family::Hmac => return None,
        };
        Some(Self { kind, verifying: VerifyingKey::from_public_bytes(algorithm, &public).ok()? })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match &self.kind {
            Kind::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Kind::Jsonwebtoken(name, key) => {
                let signer = (DEFAULT_PROVIDER.signer_factory)(name, key).map_err(|_| SigningError)?;
                signer.try_sign(message).map_err(|_| SigningError)
            }
            Kind::Rsa(encoding, pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature).map_err(|_| SigningError)?;
                Ok(signature)
            }
            Kind::Ec(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(|_| SigningError)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, …)", self.algorithm())
    }
}
