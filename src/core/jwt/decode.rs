//! Reads a token. Python counterpart: `jwt.decode` and `jwt.get_unverified_header`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Claims, JwtError, MAX_TOKEN_LEN, Rules, VerifyingKey};

/// The claims of a token that `key` has signed and that satisfies the `rules` at the time `now`.
///
/// # Errors
/// As PyJWT, and in its order: form, header, algorithm, signature, payload, `iat`, `nbf`, `exp`, `iss`, `aud`, `sub`,
/// `jti`. The module's documentation lists where this is stricter.
pub fn decode(token: &str, key: &VerifyingKey, rules: &Rules, now: DateTime<Utc>) -> Result<Claims, JwtError> {
    let claims = genuine(token, key)?;
    rules.check(&claims, now)?;
    Ok(claims)
}

/// As [`decode`], for a token that comes with every request: one that `key` has verified a moment ago is not verified
/// again. The `rules` are applied each time.
///
/// # Errors
/// As [`decode`].
pub fn decode_repeated(
    token: &str,
    key: &VerifyingKey,
    rules: &Rules,
    now: DateTime<Utc>,
) -> Result<Arc<Claims>, JwtError> {
    if let Some(claims) = key.remembered().get(token) {
        rules.check(&claims, now)?;
        return Ok(claims);
    }
    let claims = Arc::new(decode(token, key, rules, now)?);
    key.remembered().put(token, &claims);
    Ok(claims)
}

/// The claims of a token that `key` has signed, whenever that was and for whomever.
fn genuine(token: &str, key: &VerifyingKey) -> Result<Claims, JwtError> {
    let parts = Parts::split(token)?;
    let header = if key.knows_header(parts.header) { None } else { Some(parts.header()?) };
    let payload = bytes(parts.payload, "Invalid payload padding")?;
    let signature = bytes(parts.signature, "Invalid crypto padding")?;
    if let Some(header) = &header {
        check_header(header)?;
        match header.get("alg") {
            None => return Err(JwtError::InvalidAlgorithm("Algorithm not specified")),
            Some(alg) if alg == key.algorithm().as_str() => {}
            Some(_) => return Err(JwtError::InvalidAlgorithm("The specified alg value is not allowed")),
        }
    }
    key.verify(parts.signed.as_bytes(), signature)?;
    claims(&payload)
}

/// **Danger**: the claims of a token whose signature, algorithm and dates nobody has checked.
/// PyJWT's `decode(…, options={"verify_signature": False})`.
///
/// For `verify=False` in simplejwt, and for `JWT_GET_USER_SECRET_KEY`, which must look into a token to find its key.
///
/// # Errors
/// When it has not the form of a token, or a header that forbids using it.
pub fn decode_unverified(token: &str) -> Result<Claims, JwtError> {
    let parts = Parts::split(token)?;
    let header = parts.header()?;
    let payload = bytes(parts.payload, "Invalid payload padding")?;
    bytes(parts.signature, "Invalid crypto padding")?;
    check_header(&header)?;
    claims(&payload)
}

/// The parameter `kid` of a token that nobody has checked yet, to look up the key that will check it.
///
/// # Errors
/// As [`decode_unverified`].
pub fn key_id(token: &str) -> Result<Option<String>, JwtError> {
    let mut header = Parts::split(token)?.header()?;
    check_header(&header)?;
    Ok(match header.swap_remove("kid") {
        Some(Value::String(kid)) => Some(kid),
        _ => None,
    })
}

/// The compact serialization of RFC 7515, section 3.1.
struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// Header and payload with the dot between them.
    signed: &'a str,
}

impl<'a> Parts<'a> {
    /// Cut where PyJWT cuts: a dot too many ends up in the payload, where it is no base64.
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

/// Base64 in its one canonical form: no padding, no white space, no spare bits. So a token has one spelling, and none
/// of its other spellings (PyJWT takes `=`) passes by a list that remembers tokens.
fn bytes(part: &str, error: &'static str) -> Result<Vec<u8>, JwtError> {
    // `decode` asks for zeroed memory, which glibc does not take from the list that it has at hand.
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

/// Refuses what must not be ignored in a header, however well it is signed.
fn check_header(header: &Map<String, Value>) -> Result<(), JwtError> {
    for (name, value) in header {
        match name.as_str() {
            "kid" if !value.is_string() => {
                return Err(JwtError::InvalidHeader("Key ID header parameter must be a string"));
            }
            // RFC 7515, section 4.1.11: no extension is understood here, `b64` of RFC 7797 included.
            "crit" | "b64" => return Err(JwtError::InvalidHeader("Unsupported critical extension")),
            // A key that the token itself brings or points to proves nothing. PyJWT ignores these; an issuer that sends
            // them expects them to be followed, so its tokens are not for this server.
            "jwk" | "jku" | "x5c" | "x5u" => {
                return Err(JwtError::InvalidHeader("Keys in the header are not accepted"));
            }
            _ => {}
        }
    }
    Ok(())
}
