//! The public half of a key, for others: as JWK, by its thumbprint, in PEM form. Python counterpart:
//! `jwt.algorithms.Algorithm.to_jwk` and `cryptography`'s `public_bytes`.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::ParsedPublicKey;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::algorithm::Family;
use super::{VerifyingKey, pem};

impl VerifyingKey {
    /// The members of the public key that RFC 7638 requires, in the order that it requires: `crv`, `kty`, `x` and `y`, for
    /// example. `None` for an HMAC key, which has no public half.
    #[must_use]
    pub fn public_jwk(&self) -> Option<Map<String, Value>> {
        let algorithm = self.algorithm();
        let text = |bytes: &[u8]| Value::String(URL_SAFE_NO_PAD.encode(bytes));
        let members = match algorithm.family() {
            Family::Hmac => return None,
            Family::Rsa => {
                let (n, e) = modulus_and_exponent(self.public_bytes()?)?;
                vec![("e", text(e)), ("kty", "RSA".into()), ("n", text(n))]
            }
            Family::Ec => {
                let (crv, length) = algorithm.curve()?;
                // The end of the SubjectPublicKeyInfo is the point, which a PEM file may have in compressed form.
                let der = self.public_der()?;
                let start = der.as_ref().len().checked_sub(2 * length)?;
                let (x, y) = der.as_ref().get(start..)?.split_at(length);
                vec![("crv", crv.into()), ("kty", "EC".into()), ("x", text(x)), ("y", text(y))]
            }
            Family::Okp => {
                vec![("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", text(self.public_bytes()?))]
            }
        };
        Some(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The SHA-256 of the key by RFC 7638, as base64. Everyone who has the public key computes the same. `None` for an HMAC key:
    /// a digest of a secret would help to guess it.
    #[must_use]
    pub fn thumbprint(&self) -> Option<String> {
        let json = Value::Object(self.public_jwk()?).to_string();
        Some(URL_SAFE_NO_PAD.encode(digest(&SHA256, json.as_bytes())))
    }

    /// The public key in PEM form: SubjectPublicKeyInfo. `None` for an HMAC key.
    #[must_use]
    pub fn public_pem(&self) -> Option<String> {
        Some(pem::write("PUBLIC KEY", self.public_der()?.as_ref()))
    }

    fn public_der(&self) -> Option<PublicKeyX509Der<'static>> {
        ParsedPublicKey::new(self.algorithm().verification()?, self.public_bytes()?).ok()?.as_der().ok()
    }
}

/// The two numbers of an `RSAPublicKey` (RFC 8017, A.1.1), without leading zeros, as RFC 7518, section 2, requires.
fn modulus_and_exponent(der: &[u8]) -> Option<(&[u8], &[u8])> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    let (content, _) = element(der, SEQUENCE)?;
    let (n, rest) = element(content, INTEGER)?;
    let (e, _) = element(rest, INTEGER)?;
    let unsigned = |bytes: &'_ [u8]| bytes.iter().take_while(|byte| **byte == 0).count();
    Some((n.get(unsigned(n)..)?, e.get(unsigned(e)..)?))
}

/// The content of the DER element with this tag at the start of `der`, and what follows the element.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = der.split_first_chunk()?;
    let (length, rest) = match usize::from(length) {
        short @ ..0x80 => (short, rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
            let add = |length: usize, byte: &u8| length.checked_mul(256)?.checked_add(usize::from(*byte));
            (bytes.iter().try_fold(0, add)?, rest)
        }
    };
    if found == tag { rest.split_at_checked(length) } else { None }
}
