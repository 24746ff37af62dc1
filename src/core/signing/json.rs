//! JSON as Python writes it by default. Python counterpart: `JSONSerializer`, which calls `json.dumps` and `json.loads`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// `json.dumps(value, separators=(",", ":"))`. The text is ASCII: other characters are written as `\uXXXX`, because Django
/// reads the bytes as Latin-1.
#[must_use]
pub fn dumps(value: &Value) -> String {
    let mut bytes = Vec::new();
    match value.serialize(&mut Serializer::with_formatter(&mut bytes, Ascii)) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        // Writing a JSON value to memory has no way to fail.
        Err(_) => String::new(),
    }
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

/// Writes compact JSON in ASCII.
struct Ascii;

impl Formatter for Ascii {
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
        let text = dumps(&value);
        assert_eq!(text, r#"{"a":[1,1.5,null,true],"\u00e9":"\u00fc\u007f\ud83d\ude00\n\"\\/"}"#);
        assert_eq!(loads(text.as_bytes()), Some(value));
    }

    #[test]
    fn other_bytes_are_latin_1() {
        assert_eq!(loads(b"\"\xfc\""), Some(json!("ü")));
        assert_eq!(loads("\"ü\"".as_bytes()), Some(json!("Ã¼")));
        assert_eq!(loads(b"{"), None);
    }
}
