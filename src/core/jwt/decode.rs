//! Reads tokens. Python counterpart: `jwt.decode` and `jwt.get_unverified_header`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Claims, Edition, JwtError, MAX_TOKEN_LEN, Rules, VerifyingKey};

/// The claims of a token that was signed by `key` and that satisfies the `rules` at the time `now`.
///
/// # Errors
/// The errors of PyJWT in its order: format, header, algorithm, signature, payload, `iat`, `nbf`, `exp`, `iss`, `aud`, `sub`,
/// `jti`. The documentation of the module lists what is stricter.
pub fn decode(token: &str, key: &VerifyingKey, rules: &Rules, now: DateTime<Utc>) -> Result<Claims, JwtError> {
    let claims = verified_claims(token, key, rules.edition)?;
    rules.check(&claims, now)?;
    Ok(claims)
}

/// Same as [`decode`], for a token that comes with every request: if `key` is a public key and has verified it
/// recently, the signature is not checked again. The `rules` are checked each time.
///
/// # Errors
/// See [`decode`].
pub fn decode_repeated(
    token: &str,
    key: &VerifyingKey,
    rules: &Rules,
    now: DateTime<Utc>,
) -> Result<Arc<Claims>, JwtError> {
    // Checking an HMAC takes no longer than finding the token.
    if key.algorithm().is_hmac() {
        return decode(token, key, rules, now).map(Arc::new);
    }
    if let Some(claims) = key.verified_tokens().get(token) {
        rules.check(&claims, now)?;
        return Ok(claims);
    }
    let claims = Arc::new(decode(token, key, rules, now)?);
    key.verified_tokens().put(token, &claims);
    Ok(claims)
}

/// The claims of a token with a valid signature. They have not been checked.
fn verified_claims(token: &str, key: &VerifyingKey, edition: Edition) -> Result<Claims, JwtError> {
    let parts = CompactJwt::split(token)?;
    let header = parts.header()?;
    let payload = bytes(parts.payload, "Invalid payload padding")?;
    let signature = bytes(parts.signature, "Invalid crypto padding")?;
    check_header(&header)?;
    if edition == Edition::PyJwt2 {
        check_key_id(&header)?;
    }
    match header.get("alg") {
        None => return Err(JwtError::InvalidAlgorithm("Algorithm not specified")),
        Some(alg) if alg == key.algorithm().as_str() => {}
        Some(_) => return Err(JwtError::InvalidAlgorithm("The specified alg value is not allowed")),
    }
    key.verify(parts.signed.as_bytes(), signature)?;
    claims(&payload)
}

/// **Danger**: the claims of a token whose signature, algorithm and dates have not been checked.
/// `decode(…, options={"verify_signature": False})` of PyJWT.
///
/// For `verify=False` in simplejwt, and for `JWT_GET_USER_SECRET_KEY`, which needs the claims to find the key.
///
/// # Errors
/// Returns an error if it does not have the format of a token, or if its header is not accepted.
pub fn decode_unverified(token: &str) -> Result<Claims, JwtError> {
    let parts = CompactJwt::split(token)?;
    let header = parts.header()?;
    let payload = bytes(parts.payload, "Invalid payload padding")?;
    bytes(parts.signature, "Invalid crypto padding")?;
    check_header(&header)?;
    claims(&payload)
}

/// The parameter `kid` of a token that has not been checked, to find the key that verifies it.
///
/// # Errors
/// See [`decode_unverified`].
pub fn key_id(token: &str) -> Result<Option<String>, JwtError> {
    let mut header = CompactJwt::split(token)?.header()?;
    check_header(&header)?;
    check_key_id(&header)?;
    Ok(match header.swap_remove("kid") {
        Some(Value::String(kid)) => Some(kid),
        _ => None,
    })
}

/// The compact serialization of RFC 7515, section 3.1.
struct CompactJwt<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// Header and payload with the dot between them.
    signed: &'a str,
}

impl<'a> CompactJwt<'a> {
    /// Splits where PyJWT splits: an extra dot becomes part of the payload, where it is not valid base64.
    fn split(token: &'a str) -> Result<Self, JwtError> {
        if token.len() > MAX_TOKEN_LEN {
            return Err(JwtError::Decode("Token is too long"));
        }
        let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
            let (header, payload) = signed.split_once('.')?;
            Some(Self { header, payload, signature, signed })
        });
        parts.ok_or(JwtError::Decode("Not enough segments"))
    }

    fn header(&self) -> Result<Map<String, Value>, JwtError> {
        match serde_json::from_slice(&bytes(self.header, "Invalid header padding")?) {
            Ok(Value::Object(header)) => Ok(header),
            Ok(_) => Err(JwtError::Decode("Invalid header string: must be a json object")),
            Err(_) => Err(JwtError::Decode("Invalid header string")),
        }
    }
}

/// Base64 in its canonical form only: no padding, no white space, no unused bits. So every token has exactly one valid
/// spelling (PyJWT also accepts `=`).
fn bytes(part: &str, error: &'static str) -> Result<Vec<u8>, JwtError> {
    // `decode` would allocate zeroed memory, which is slower in glibc.
    let mut bytes = Vec::with_capacity(part.len() / 4 * 3 + 3);
    URL_SAFE_NO_PAD.decode_vec(part, &mut bytes).map_err(|_| JwtError::Decode(error))?;
    Ok(bytes)
}

fn claims(payload: &[u8]) -> Result<Claims, JwtError> {
    serde_json::from_slice(payload).map_err(|_| match serde_json::from_slice::<Value>(payload) {
        Ok(_) => JwtError::Decode("Invalid payload string: must be a json object"),
        Err(_) => JwtError::Decode("Invalid payload string"),
    })
}

/// Refuses header parameters that must not be ignored, even if the signature is valid.
fn check_header(header: &Map<String, Value>) -> Result<(), JwtError> {
    for name in header.keys() {
        match name.as_str() {
            // RFC 7515, section 4.1.11: no extension is supported, including `b64` of RFC 7797.
            "crit" | "b64" => return Err(JwtError::InvalidHeader("Unsupported critical extension")),
            // A key that the token itself contains or points to proves nothing. PyJWT ignores these parameters.
            "jwk" | "jku" | "x5c" | "x5u" => {
                return Err(JwtError::InvalidHeader("Keys in the header are not accepted"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_key_id(header: &Map<String, Value>) -> Result<(), JwtError> {
    match header.get("kid") {
        None | Some(Value::String(_)) => Ok(()),
        Some(_) => Err(JwtError::InvalidHeader("Key ID header parameter must be a string")),
    }
}
