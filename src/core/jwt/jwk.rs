//! JWK sets (RFC 7517, 7518, 8037): the public keys of an issuer. Python counterpart: `jwt.api_jwk`.

use std::collections::HashMap;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::RsaPublicKeyComponents;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{Algorithm, Family, VerifyingKey};

/// A JWK set cannot be used. Python counterpart: `PyJWKSetError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkSetError {
    /// Not a JSON object.
    #[error("The JWKS endpoint did not return a JSON object")]
    NotJson,
    /// No key fits the algorithm.
    #[error("The JWKS endpoint did not contain any signing keys")]
    NoKeys,
}

/// The keys of a JWK set that verify signatures of `algorithm`, by their `kid`. Other keys are skipped, as by `PyJWKSet`.
/// If two keys have the same `kid`, the first one is used.
///
/// # Errors
/// Returns an error if `json` is not a JSON object or contains no such key.
pub fn jwk_set(json: &[u8], algorithm: Algorithm) -> Result<HashMap<String, VerifyingKey>, JwkSetError> {
    let set: Value = serde_json::from_slice(json).map_err(|_| JwkSetError::NotJson)?;
    let set = set.as_object().ok_or(JwkSetError::NotJson)?;
    let mut keys = HashMap::new();
    for jwk in set.get("keys").and_then(Value::as_array).into_iter().flatten() {
        if let Some((kid, key)) = verifying_key(jwk, algorithm) {
            keys.entry(kid).or_insert(key);
        }
    }
    if keys.is_empty() { Err(JwkSetError::NoKeys) } else { Ok(keys) }
}

/// The `kid` of a JWK and its key, if it is a public key that may verify signatures of `algorithm`.
///
/// `None` for every other key of the set: for another algorithm, for encryption, symmetric (a published secret is not
/// secret), damaged, without `kid`, or with its private half.
pub(super) fn verifying_key(jwk: &Value, algorithm: Algorithm) -> Option<(String, VerifyingKey)> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let is_or_absent = |name: &str, wanted: &str| match jwk.get(name) {
        None | Some(Value::Null) => true,
        Some(value) => value == wanted,
    };
    let curve = algorithm.curve();
    let kty = match algorithm.family() {
        Family::Ec => "EC",
        Family::Okp => "OKP",
        Family::Rsa => "RSA",
        Family::Hmac => return None,
    };
    let kid = text("kid").filter(|kid| !kid.is_empty())?;
    let fits = text("kty") == Some(kty) && curve.is_none_or(|(name, _)| text("crv") == Some(name));
    let for_this = is_or_absent("use", "sig") && is_or_absent("alg", algorithm.as_str()) && jwk.get("d").is_none();
    if !fits || !for_this {
        return None;
    }
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
    // RFC 7518, section 6.2.1.2: as long as the field of the curve, including leading zeros.
    let coordinate = |name: &str, length: usize| bytes(name).filter(|bytes| bytes.len() == length);
    let public = match (algorithm.family(), curve) {
        (Family::Ec, Some((_, length))) => [vec![4], coordinate("x", length)?, coordinate("y", length)?].concat(),
        (_, Some((_, length))) => coordinate("x", length)?,
        (_, None) => rsa_public_key(&bytes("n")?, &bytes("e")?)?,
    };
    let key = VerifyingKey::from_public_bytes(algorithm, &public).ok()?;
    Some((kid.to_owned(), key))
}

/// The `RSAPublicKey` of PKCS#1 in DER form. AWS-LC parses it to check the exponent and the modulus.
fn rsa_public_key(n: &[u8], e: &[u8]) -> Option<Vec<u8>> {
    // Some issuers include the sign byte of ASN.1.
    let without_zeros = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<_>>();
    let components = RsaPublicKeyComponents { n: without_zeros(n), e: without_zeros(e) };
    let spki = components.as_der().ok()?;
    Some(aws_lc_rs::rsa::PublicKey::from_der(spki.as_ref()).ok()?.as_ref().to_vec())
}
