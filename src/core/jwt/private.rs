//! Private keys and secrets, read and ready to sign. Python counterpart: `jwt.algorithms.Algorithm.prepare_key` and `sign`.

use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair};
use jsonwebtoken::EncodingKey;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;

use super::algorithm::{Algorithm, Family};
use super::error::{KeyError, SigningError};
use super::pem;

/// The key that signs.
#[derive(Clone)]
pub(super) enum PrivateKey {
    /// HMAC, set up once (see the documentation of the module).
    Hmac(Box<hmac::Key>),
    /// Ed25519, which `jsonwebtoken` sets up for each signature at little cost.
    Jsonwebtoken(jsonwebtoken::Algorithm, EncodingKey),
    /// RSA, set up once (see the documentation of the module).
    Rsa(&'static dyn RsaEncoding, Arc<RsaKeyPair>),
    /// ECDSA, set up once (see the documentation of the module).
    Ec(Arc<EcdsaKeyPair>),
}

impl PrivateKey {
    /// Reads an HMAC secret.
    pub(super) fn from_secret(algorithm: Algorithm, secret: &str) -> Result<Self, KeyError> {
        check_secret(secret)?;
        let digest = algorithm.hmac().ok_or(KeyError::Unfit(algorithm))?;
        Ok(Self::Hmac(Box::new(hmac::Key::new(digest, secret.as_bytes()))))
    }

    /// Reads a private key in PEM form. The second value is its public half, as
    /// [`VerifyingKey::from_public_bytes`](super::VerifyingKey::from_public_bytes) reads it.
    pub(super) fn from_pem(algorithm: Algorithm, text: &str) -> Result<(Self, Vec<u8>), KeyError> {
        if text.is_empty() {
            return Err(KeyError::Empty(algorithm));
        }
        match pem::find(text, &pem::PRIVATE) {
            Ok(block) => Self::from_block(algorithm, &block).ok_or(KeyError::Unfit(algorithm)),
            Err(KeyError::NotPem) if pem::find(text, &pem::PUBLIC).is_ok() => Err(KeyError::NotPrivate(algorithm)),
            Err(error) => Err(error),
        }
    }

    fn from_block(algorithm: Algorithm, block: &pem::ParsedPem<'_>) -> Option<(Self, Vec<u8>)> {
        let pem = block.to_pem();
        match algorithm.family() {
            Family::Rsa => {
                let key = EncodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
                let pair = RsaKeyPair::from_der(key.as_bytes()).ok()?;
                let public = pair.public_key().as_ref().to_vec();
                Some((Self::Rsa(algorithm.rsa_encoding()?, Arc::new(pair)), public))
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
                Some((Self::Ec(Arc::new(pair)), public))
            }
            Family::Okp => {
                let key = EncodingKey::from_ed_pem(pem.as_bytes()).ok()?;
                let pair = Ed25519KeyPair::from_pkcs8(key.as_bytes()).ok()?;
                let public = pair.public_key().as_ref().to_vec();
                Some((Self::Jsonwebtoken(algorithm.jsonwebtoken()?, key), public))
            }
            Family::Hmac => None,
        }
    }

    /// Signs `message`.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match self {
            Self::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Self::Jsonwebtoken(name, key) => {
                let signer = (DEFAULT_PROVIDER.signer_factory)(name, key).map_err(|_| SigningError)?;
                signer.try_sign(message).map_err(|_| SigningError)
            }
            Self::Rsa(encoding, pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature).map_err(|_| SigningError)?;
                Ok(signature)
            }
            Self::Ec(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(|_| SigningError)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

/// The checks of PyJWT's `HMACAlgorithm.prepare_key`, so that a public key is never used as a secret.
pub(super) fn check_secret(secret: &str) -> Result<(), KeyError> {
    if secret.is_empty() {
        return Err(KeyError::EmptySecret);
    }
    if pem::looks_like_a_key(secret) {
        return Err(KeyError::AsymmetricSecret);
    }
    if serde_json::from_str(secret).is_ok_and(|json| has_kty(&json)) {
        return Err(KeyError::JwkSecret);
    }
    Ok(())
}

fn has_kty(json: &serde_json::Value) -> bool {
    match json {
        serde_json::Value::Object(object) => object.contains_key("kty") || object.values().any(has_kty),
        serde_json::Value::Array(list) => list.iter().any(has_kty),
        _ => false,
    }
}
