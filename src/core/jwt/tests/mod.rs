//! Against real PyJWT: keys, tokens and results recorded by `tests/fixtures/django/jwt/make.py`.

mod jwk_sets;
mod keys;
mod public;
mod signatures;
mod tokens;

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::*;
use crate::core::crypto::SecretString;

static FIXTURES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../tests/fixtures/django/jwt/tokens.json")).unwrap());
static KEYS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../tests/fixtures/django/jwt/keys.json")).unwrap());

pub(crate) fn fixture(name: &str) -> &'static Value {
    &FIXTURES[name]
}

fn key_text(name: &str) -> SecretString {
    SecretString::from(KEYS[name].as_str().unwrap_or_else(|| panic!("no key {name}")))
}

pub(crate) fn secret() -> SecretString {
    SecretString::from(fixture("secret").as_str().unwrap())
}

pub(crate) fn signing(algorithm: Algorithm, name: &str) -> SigningKey {
    SigningKey::new(algorithm, &key_text(name)).unwrap()
}

/// Half a second past a whole one, as recorded.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(2_000_000_000, 500_000_000).unwrap()
}

fn hs256() -> SigningKey {
    SigningKey::new(Algorithm::HS256, &secret()).unwrap()
}

fn claims(value: Value) -> Claims {
    match value {
        Value::Object(claims) => claims.into(),
        _ => panic!("not an object"),
    }
}

/// A token with any header and any payload and a valid signature.
fn forge(header: &str, payload: &str, key: &SigningKey) -> String {
    encode::sign(URL_SAFE_NO_PAD.encode(header), payload.as_bytes(), key).unwrap()
}

fn python_name(error: &JwtError) -> &'static str {
    match error {
        JwtError::Decode(_) => "DecodeError",
        JwtError::InvalidSignature => "InvalidSignatureError",
        JwtError::InvalidAlgorithm(_) => "InvalidAlgorithmError",
        JwtError::InvalidHeader(_) => "InvalidTokenError",
        JwtError::ExpiredSignature => "ExpiredSignatureError",
        JwtError::ImmatureSignature(_) => "ImmatureSignatureError",
        JwtError::InvalidIssuedAt => "InvalidIssuedAtError",
        JwtError::InvalidAudience(_) => "InvalidAudienceError",
        JwtError::InvalidIssuer(_) => "InvalidIssuerError",
        JwtError::InvalidSubject => "InvalidSubjectError",
        JwtError::InvalidJti => "InvalidJTIError",
        JwtError::MissingRequiredClaim(_) => "MissingRequiredClaimError",
    }
}
