//! JSON as Python writes and reads it. Python counterpart: `json.dumps`, and `JSONSerializer` of `django.core.signing`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// `json.dumps(value)`: a space after each comma and colon. The text is ASCII: other characters are written as `\uXXXX`.
#[must_use]
pub fn dumps(value: &impl Serialize) -> String {
    write(value, EnsureAscii { comma: ", ", colon: ": " })
}

/// `json.dumps(value, separators=(",", ":"))`, as tokens and signed data have it.
#[must_use]
pub fn dumps_compact(value: &impl Serialize) -> String {
    write(value, EnsureAscii { comma: ",", colon: ":" })
}

/// `json.loads(bytes.decode("latin-1"))`. Returns `None` if it is not JSON.
#[must_use]
pub fn loads(bytes: &[u8]) -> Option<Value> {
    if bytes.is_ascii() {
        return serde_json::from_slice(bytes).ok();
    }
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    serde_json::from_str(&text).ok()
}

/// Writing JSON with string keys to memory cannot fail, so there is no error to return. For other values the text is empty.
fn write(value: &impl Serialize, formatter: EnsureAscii) -> String {
    let mut bytes = Vec::with_capacity(256);
    if value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter)).is_err() {
        bytes.clear();
    }
    String::from_utf8(bytes).unwrap_or_default()
}

/// `ensure_ascii`, the default of Python's `json`: characters other than printable ASCII become UTF-16 escapes.
struct EnsureAscii {
    comma: &'static str,
    colon: &'static str,
}

impl Formatter for EnsureAscii {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(self.comma.as_bytes()) }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(self.comma.as_bytes()) }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(self.colon.as_bytes())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let is_plain = |c: char| (' '..='~').contains(&c);
        let mut rest = fragment;
        while let Some(at) = rest.find(|c| !is_plain(c)) {
            let (plain, odd) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut chars = odd.chars();
            if let Some(c) = chars.next() {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_text_is_ascii_as_pythons() {
        let value = json!({ "a": [1, 1.5, null, true], "é": "ü\u{7f}\u{1f600}\n\"\\/" });
        let text = dumps_compact(&value);
        assert_eq!(text, r#"{"a":[1,1.5,null,true],"\u00e9":"\u00fc\u007f\ud83d\ude00\n\"\\/"}"#);
        assert_eq!(loads(text.as_bytes()), Some(value));
        let value = json!([{ "changed": { "fields": ["é", "b"] } }, {}, []]);
        assert_eq!(dumps(&value), r#"[{"changed": {"fields": ["\u00e9", "b"]}}, {}, []]"#);
    }

    #[test]
    fn strings_are_escaped_as_in_python() {
        assert_eq!(
            dumps(&"a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f} ~\u{7f}\u{80}Ünï\u{2028}\u{ffff}😀z"),
            r#""a\"\\/\b\f\n\r\t\u0001\u001f ~\u007f\u0080\u00dcn\u00ef\u2028\uffff\ud83d\ude00z""#
        );
    }

    #[test]
    fn other_bytes_are_latin_1() {
        assert_eq!(loads(b"\"\xfc\""), Some(json!("ü")));
        assert_eq!(loads("\"ü\"".as_bytes()), Some(json!("Ã¼")));
        assert_eq!(loads(b"{"), None);
    }
}
