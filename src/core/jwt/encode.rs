//! Creates a token. Python counterpart: `jwt.encode`.

use std::collections::BTreeMap;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::{Algorithm, Claims, SigningError, SigningKey};

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
    let mut payload = Vec::with_capacity(256);
    write_json(claims, &mut payload);
    sign(header_part(key.algorithm(), headers), &payload, key)
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
    let mut json = Vec::with_capacity(64);
    write_json(&header, &mut json);
    URL_SAFE_NO_PAD.encode(json)
}

/// Appends `value` as Python's `json.dumps(value, separators=(",", ":"))` would.
///
/// Writing JSON with string keys to memory cannot fail, so there is no error to return.
fn write_json(value: &impl Serialize, out: &mut Vec<u8>) {
    let written = value.serialize(&mut Serializer::with_formatter(out, EnsureAscii));
    debug_assert!(written.is_ok());
}

/// `ensure_ascii`, the default of Python's `json`: characters other than printable ASCII become UTF-16 escapes.
struct EnsureAscii;

impl Formatter for EnsureAscii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let is_plain = |byte: u8| (b' '..=b'~').contains(&byte);
        let mut rest = fragment;
        loop {
            let plain = rest.bytes().take_while(|byte| is_plain(*byte)).count();
            let (head, tail) = rest.split_at(plain);
            writer.write_all(head.as_bytes())?;
            let mut chars = tail.chars();
            let Some(special) = chars.next() else { return Ok(()) };
            for unit in special.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_in_python() {
        let mut json = Vec::new();
        write_json(&"a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f} ~\u{7f}\u{80}Ünï\u{2028}\u{ffff}😀z", &mut json);
        assert_eq!(
            String::from_utf8(json).unwrap(),
            r#""a\"\\/\b\f\n\r\t\u0001\u001f ~\u007f\u0080\u00dcn\u00ef\u2028\uffff\ud83d\ude00z""#
        );
    }

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
