//! Creates a token. Python counterpart: `jwt.encode`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Algorithm, Claims, SigningError, SigningKey};
use crate::core::json::dumps_compact;

/// Creates and signs a token with the same bytes for header and payload as PyJWT: `alg` before `typ`, no white space, claims
/// in their order, non-ASCII characters escaped. (Large floats may differ: Python writes `1e+16`, this writes `1e16`.)
///
/// # Errors
/// Returns an error if the library cannot sign, see [`SigningError`]. The claims cannot cause an error.
pub fn encode(claims: &Claims, key: &SigningKey) -> Result<String, SigningError> {
    encode_with_headers(claims, key, &[])
}

/// Same as [`encode`], with more header parameters, such as `kid`. The argument `headers` of PyJWT.
///
/// `alg` is always the algorithm of the key. `typ` may be replaced, and is omitted if empty.
///
/// # Errors
/// See [`encode`].
pub fn encode_with_headers(
    claims: &Claims,
    key: &SigningKey,
    headers: &[(&str, &str)],
) -> Result<String, SigningError> {
    sign(header_part(key.algorithm(), headers), dumps_compact(claims).as_bytes(), key)
}

/// Signs any payload. `header` is already base64.
pub(super) fn sign(header: String, payload: &[u8], key: &SigningKey) -> Result<String, SigningError> {
    let mut token = header;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// The header part of a token. PyJWT sorts the parameters by name.
fn header_part(algorithm: Algorithm, headers: &[(&str, &str)]) -> String {
    let mut header = BTreeMap::from([("typ", "JWT")]);
    header.extend(headers.iter().copied());
    if header.get("typ") == Some(&"") {
        header.remove("typ");
    }
    header.insert("alg", algorithm.as_str());
    URL_SAFE_NO_PAD.encode(dumps_compact(&header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_parameters_are_sorted_and_alg_is_that_of_the_key() {
        let header = |headers: &[(&str, &str)]| {
            let part = header_part(Algorithm::HS256, headers);
            String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(header(&[]), r#"{"alg":"HS256","typ":"JWT"}"#);
        assert_eq!(header(&[("kid", "ö"), ("alg", "none")]), r#"{"alg":"HS256","kid":"\u00f6","typ":"JWT"}"#);
        assert_eq!(header(&[("typ", "at+jwt")]), r#"{"alg":"HS256","typ":"at+jwt"}"#);
        assert_eq!(header(&[("typ", "")]), r#"{"alg":"HS256"}"#);
    }
}
