//! The key that verifies tokens. Python counterpart: `jwt.algorithms.Algorithm.prepare_key` and `verify`.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ParsedPublicKey, RsaParameters};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;

use super::algorithm::Family;
use super::private::{PrivateKey, check_secret};
use super::verified::VerifiedTokens;
use super::{Algorithm, JwtError, KeyError, pem};
use crate::core::crypto::SecretString;

/// A key bound to the one algorithm it may be used with. It is parsed once.
///
/// The binding prevents algorithm confusion: the `alg` of a token is compared with the algorithm of the key and never
/// selects anything. `Debug` shows only the algorithm.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    material: KeyMaterial,
    /// Created with its first token: most keys never need it.
    verified: Arc<OnceLock<VerifiedTokens>>,
}

#[derive(Clone)]
enum KeyMaterial {
    /// HMAC, set up once (see the documentation of the module).
    Hmac(Box<hmac::Key>),
    /// The other algorithms of `jsonwebtoken`.
    Jsonwebtoken(jsonwebtoken::Algorithm, DecodingKey),
    /// P-521 and secp256k1, which `jsonwebtoken` does not support.
    AwsLc(ParsedPublicKey),
}

impl VerifyingKey {
    /// The HMAC secret, or the public key in PEM form: SubjectPublicKeyInfo (`PUBLIC KEY`) or PKCS#1 (`RSA PUBLIC KEY`).
    /// A private key is accepted as well; its public half is used (PyJWT accepts that for EC and Ed25519).
    ///
    /// # Errors
    /// Returns an error if the text is not such a key, or if the key does not fit the algorithm. This includes RSA keys below
    /// 2048 bits, for which PyJWT only warns.
    pub fn new(algorithm: Algorithm, key: &SecretString) -> Result<Self, KeyError> {
        let text = key.expose();
        if algorithm.is_hmac() {
            return Self::from_secret(algorithm, text);
        }
        if text.is_empty() {
            return Err(KeyError::Empty(algorithm));
        }
        match pem::find(text, &pem::PUBLIC) {
            Ok(block) => Self::from_pem(algorithm, &block),
            Err(error) => match PrivateKey::from_pem(algorithm, text) {
                Ok((_, public)) => Self::from_public_bytes(algorithm, &public),
                Err(KeyError::NotPrivate(_) | KeyError::NotPem) => Err(error),
                Err(private_error) => Err(private_error),
            },
        }
    }

    /// The algorithm that a token's header must name.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn from_secret(algorithm: Algorithm, secret: &str) -> Result<Self, KeyError> {
        check_secret(secret)?;
        let digest = algorithm.hmac().ok_or(KeyError::Unfit(algorithm))?;
        Ok(Self::with_material(algorithm, KeyMaterial::Hmac(Box::new(hmac::Key::new(digest, secret.as_bytes())))))
    }

    fn from_pem(algorithm: Algorithm, block: &pem::ParsedPem<'_>) -> Result<Self, KeyError> {
        let pem = block.to_pem();
        let parsed = match algorithm.family() {
            Family::Rsa => DecodingKey::from_rsa_pem(pem.as_bytes()),
            Family::Ec => DecodingKey::from_ec_pem(pem.as_bytes()),
            Family::Okp => DecodingKey::from_ed_pem(pem.as_bytes()),
            Family::Hmac => return Err(KeyError::AsymmetricSecret),
        };
        Self::checked(algorithm, parsed.map_err(|_| KeyError::Unfit(algorithm))?)
    }

    /// Reads an `RSAPublicKey` in DER form, an EC point in SEC1 form, or the 32 bytes of an Ed25519 key.
    pub(super) fn from_public_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let key = match algorithm.family() {
            Family::Rsa => DecodingKey::from_rsa_der(bytes),
            Family::Ec => DecodingKey::from_ec_der(bytes),
            Family::Okp => DecodingKey::from_ed_der(bytes),
            Family::Hmac => return Err(KeyError::AsymmetricSecret),
        };
        Self::checked(algorithm, key)
    }

    /// `jsonwebtoken` parses a key only when it is used. This makes sure beforehand that the key is valid.
    fn checked(algorithm: Algorithm, key: DecodingKey) -> Result<Self, KeyError> {
        let unfit = KeyError::Unfit(algorithm);
        let parsed = match algorithm.verification() {
            None => None,
            Some(verification) => {
                let bytes = key.try_get_as_bytes().map_err(|_| unfit)?;
                if algorithm.family() == Family::Rsa {
                    let bits = RsaParameters::public_modulus_len(bytes).map_err(|_| unfit)?;
                    if !(2048..=8192).contains(&bits) {
                        return Err(unfit);
                    }
                }
                Some(ParsedPublicKey::new(verification, bytes).map_err(|_| unfit)?)
            }
        };
        let material = match (algorithm.jsonwebtoken(), parsed) {
            (Some(name), _) => KeyMaterial::Jsonwebtoken(name, key),
            (None, Some(parsed)) => KeyMaterial::AwsLc(parsed),
            (None, None) => return Err(unfit),
        };
        Ok(Self::with_material(algorithm, material))
    }

    fn with_material(algorithm: Algorithm, material: KeyMaterial) -> Self {
        Self { algorithm, material, verified: Arc::default() }
    }

    /// The bytes that [`VerifyingKey::from_public_bytes`] reads. `None` for an HMAC key.
    pub(super) fn public_bytes(&self) -> Option<&[u8]> {
        match &self.material {
            KeyMaterial::Hmac(_) => None,
            KeyMaterial::Jsonwebtoken(_, key) => key.try_get_as_bytes().ok(),
            KeyMaterial::AwsLc(key) => Some(key.as_ref()),
        }
    }

    /// Whether this key has verified exactly this token lately, for [`decode_repeated`](super::decode_repeated). Always false
    /// for an HMAC key.
    #[must_use]
    pub fn remembers(&self, token: &str) -> bool {
        self.verified.get().is_some_and(|verified| verified.get(token).is_some())
    }

    /// The tokens that this key has verified for [`decode_repeated`](super::decode_repeated).
    pub(super) fn verified_tokens(&self) -> &VerifiedTokens {
        self.verified.get_or_init(VerifiedTokens::default)
    }

    /// Verifies `signature` over `message`. AWS-LC compares HMAC tags in constant time.
    pub(super) fn verify(&self, message: &[u8], signature: Vec<u8>) -> Result<(), JwtError> {
        let verified = match &self.material {
            KeyMaterial::Hmac(key) => hmac::verify(key, message, &signature).is_ok(),
            KeyMaterial::Jsonwebtoken(name, key) => (DEFAULT_PROVIDER.verifier_factory)(name, key)
                .is_ok_and(|verifier| verifier.verify(message, &signature).is_ok()),
            KeyMaterial::AwsLc(key) => key.verify_sig(message, &signature).is_ok(),
        };
        if verified { Ok(()) } else { Err(JwtError::InvalidSignature) }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, …)", self.algorithm)
    }
}
