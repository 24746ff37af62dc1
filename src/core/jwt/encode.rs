//! Writes a token. Python counterpart: `jwt.encode`.

use std::collections::BTreeMap;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use super::{Algorithm, Claims, SigningError, SigningKey};

/// Writes and signs a token, with the header and the payload that PyJWT writes, byte for byte: `alg` before `typ`, no
/// white space, claims in their order, everything beyond ASCII escaped. (A float at the edge of its notation may be
/// spelt differently: Python has `1e+16`, this `1e16`.)
///
/// # Errors
/// When the library cannot sign, see [`SigningError`]: never because of the claims.
pub fn encode(claims: &Claims, key: &SigningKey) -> Result<String, SigningError> {
    encode_under(key.verifying_key().plain_header().to_owned(), claims, key)
}

/// As [`encode`], with further header parameters, such as `kid`. PyJWT's argument `headers`.
///
/// `alg` always is the key's; `typ` may be replaced, and is left out when empty.
///
/// # Errors
/// As [`encode`].
pub fn encode_with_headers(
    claims: &Claims,
    key: &SigningKey,
    headers: &[(&str, &str)],
) -> Result<String, SigningError> {
    encode_under(header_part(key.algorithm(), headers), claims, key)
}

fn encode_under(header: String, claims: &Claims, key: &SigningKey) -> Result<String, SigningError> {
    let mut payload = Vec::with_capacity(256);
    write_json(claims, &mut payload);
    sign(header, &payload, key)
}

/// Signs any payload under a header part that is base64 already.
pub(super) fn sign(header: String, payload: &[u8], key: &SigningKey) -> Result<String, SigningError> {
    let mut token = header;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// The first part of a token: PyJWT sorts the parameters by name.
pub(super) fn header_part(algorithm: Algorithm, headers: &[(&str, &str)]) -> String {
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

/// The first part as PyJWT 1 writes it, which `rest_framework_jwt` uses: the parameters are not sorted there.
pub(super) fn pyjwt1_header_part(algorithm: Algorithm) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"JWT","alg":"{algorithm}"}}"#))
}

/// Appends `value` as Python's `json.dumps(value, separators=(",", ":"))` would.
///
/// JSON with text for keys, written to memory, has no way to fail, so there is no error to hand on.
fn write_json(value: &impl Serialize, out: &mut Vec<u8>) {
    let written = value.serialize(&mut Serializer::with_formatter(out, EnsureAscii));
    debug_assert!(written.is_ok());
}

/// `ensure_ascii`, the default of Python's `json`: UTF-16 escapes for what is not printable ASCII.
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
            let Some(odd) = chars.next() else { return Ok(()) };
            for unit in odd.encode_utf16(&mut [0; 2]) {
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
    fn text_is_escaped_as_python_does() {
        let mut json = Vec::new();
        write_json(&"a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f} ~\u{7f}\u{80}Ünï\u{2028}\u{ffff}😀z", &mut json);
        assert_eq!(
            String::from_utf8(json).unwrap(),
            r#""a\"\\/\b\f\n\r\t\u0001\u001f ~\u007f\u0080\u00dcn\u00ef\u2028\uffff\ud83d\ude00z""#
        );
    }

    #[test]
    fn header_parameters_are_sorted_and_alg_is_the_keys() {
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
