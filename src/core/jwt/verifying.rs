//! The key that checks a token. Python counterpart: `jwt.algorithms.Algorithm.prepare_key` and `verify`.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ParsedPublicKey, RsaParameters};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;

use super::algorithm::Family;
use super::encode::{header_part, pyjwt1_header_part};
use super::remembered::RememberedTokens;
use super::{Algorithm, JwtError, KeyError, SigningKey, pem};
use crate::core::crypto::SecretString;

/// A key bound to the one algorithm it may be used with, parsed once.
///
/// That binding is what makes algorithm confusion impossible: the `alg` of a token is compared with the key's and never
/// chooses anything. `Debug` shows the algorithm only.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    plain_headers: [String; 2],
    kind: Kind,
    /// Made when the first token is to be remembered: most keys never are asked to.
    remembered: Arc<OnceLock<RememberedTokens>>,
}

#[derive(Clone)]
enum Kind {
    /// HMAC, kept ready (see the module's documentation).
    Hmac(Box<hmac::Key>),
    /// What else `jsonwebtoken` can verify.
    Jsonwebtoken(jsonwebtoken::Algorithm, DecodingKey),
    /// P-521 and secp256k1, which it lacks.
    AwsLc(ParsedPublicKey),
}

impl VerifyingKey {
    /// The HMAC secret, or the public key in PEM form: SubjectPublicKeyInfo (`PUBLIC KEY`) or PKCS#1 (`RSA PUBLIC KEY`).
    /// A private key will do as well, of which the public half is taken (PyJWT accepts that for EC and Ed25519).
    ///
    /// # Errors
    /// When the text holds no such key or one that does not fit the algorithm, RSA below 2048 bits included: PyJWT only
    /// warns of those.
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
            Err(error) => match SigningKey::new(algorithm, key) {
                Ok(signing) => Ok(signing.verifying_key().clone()),
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
        Ok(Self::of_kind(algorithm, Kind::Hmac(Box::new(hmac::Key::new(digest, secret.as_bytes())))))
    }

    fn from_pem(algorithm: Algorithm, block: &pem::Block<'_>) -> Result<Self, KeyError> {
        let pem = block.to_pem();
        let parsed = match algorithm.family() {
            Family::Rsa => DecodingKey::from_rsa_pem(pem.as_bytes()),
            Family::Ec => DecodingKey::from_ec_pem(pem.as_bytes()),
            Family::Okp => DecodingKey::from_ed_pem(pem.as_bytes()),
            Family::Hmac => return Err(KeyError::AsymmetricSecret),
        };
        Self::checked(algorithm, parsed.map_err(|_| KeyError::Unfit(algorithm))?)
    }

    /// From an `RSAPublicKey` in DER form, an EC point in SEC1 form, or the 32 bytes of an Ed25519 key.
    pub(super) fn from_public_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let key = match algorithm.family() {
            Family::Rsa => DecodingKey::from_rsa_der(bytes),
            Family::Ec => DecodingKey::from_ec_der(bytes),
            Family::Okp => DecodingKey::from_ed_der(bytes),
            Family::Hmac => return Err(KeyError::AsymmetricSecret),
        };
        Self::checked(algorithm, key)
    }

    /// `jsonwebtoken` looks into a key only when it is used; here it is made sure beforehand that it can be.
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
        let kind = match (algorithm.jsonwebtoken(), parsed) {
            (Some(name), _) => Kind::Jsonwebtoken(name, key),
            (None, Some(parsed)) => Kind::AwsLc(parsed),
            (None, None) => return Err(unfit),
        };
        Ok(Self::of_kind(algorithm, kind))
    }

    fn of_kind(algorithm: Algorithm, kind: Kind) -> Self {
        let plain_headers = [header_part(algorithm, &[]), pyjwt1_header_part(algorithm)];
        Self { algorithm, plain_headers, kind, remembered: Arc::default() }
    }

    /// The header part that PyJWT writes for this algorithm when it is given no further parameters.
    pub(super) fn plain_header(&self) -> &str {
        &self.plain_headers[0]
    }

    /// Whether the header part of a token is, byte for byte, one that PyJWT writes for this algorithm when it is given no
    /// further parameters. Such a header needs no parsing: it is known to name the right algorithm and nothing else.
    pub(super) fn knows_header(&self, part: &str) -> bool {
        self.plain_headers.iter().any(|header| header == part)
    }

    /// The tokens that this key has verified for [`decode_repeated`](super::decode_repeated).
    pub(super) fn remembered(&self) -> &RememberedTokens {
        self.remembered.get_or_init(RememberedTokens::default)
    }

    /// Checks `signature` over `message`. HMAC tags are compared in constant time by AWS-LC.
    pub(super) fn verify(&self, message: &[u8], signature: Vec<u8>) -> Result<(), JwtError> {
        let verified = match &self.kind {
            Kind::Hmac(key) => hmac::verify(key, message, &signature).is_ok(),
            Kind::Jsonwebtoken(name, key) => (DEFAULT_PROVIDER.verifier_factory)(name, key)
                .is_ok_and(|verifier| verifier.verify(message, &signature).is_ok()),
            Kind::AwsLc(key) => key.verify_sig(message, &signature).is_ok(),
        };
        if verified { Ok(()) } else { Err(JwtError::InvalidSignature) }
    }
}

/// What PyJWT's `HMACAlgorithm.prepare_key` refuses, so that a public key never becomes a secret.
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

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, …)", self.algorithm)
    }
}
