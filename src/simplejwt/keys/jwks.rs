//! The document with the public keys (RFC 7517). Python counterpart: `jwt.PyJWKSet`, which reads it.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use super::known::KnownKey;
use crate::core::crypto::hex;

/// A JWK set, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwks {
    /// The JSON.
    pub body: String,
    /// The `ETag`, with its quotes.
    pub etag: String,
}

impl Jwks {
    /// The set of these keys, without HMAC keys. `None` if there are no other keys.
    pub(super) fn new<'a>(keys: impl Iterator<Item = &'a KnownKey>) -> Option<Self> {
        let keys: Vec<_> = keys.filter_map(jwk).collect();
        if keys.is_empty() {
            return None;
        }
        let body = json!({ "keys": keys }).to_string();
        let etag = format!("\"{}\"", hex(digest(&SHA256, body.as_bytes()).as_ref()));
        Some(Self { body, etag })
    }
}

fn jwk(known: &KnownKey) -> Option<Value> {
    let mut jwk = Map::new();
    jwk.insert("kid".to_owned(), known.kid.as_deref()?.into());
    jwk.insert("use".to_owned(), "sig".into());
    jwk.insert("alg".to_owned(), known.key.algorithm().as_str().into());
    jwk.extend(known.key.public_jwk()?);
    Some(Value::Object(jwk))
}
