//! Keys in addresses. Python counterpart: `quote` and `unquote` of `django.contrib.admin.utils`.

/// A key as an address has it: Django's `admin.utils.quote`.
#[must_use]
pub fn quote(key: &str) -> String {
    let mut quoted = String::new();
    for byte in key.chars() {
        match byte {
            ':' | '/' | '_' | '#' | '?' | ';' | '@' | '&' | '=' | '+' | '$' | ',' | '"' | '[' | ']' | '<' | '>'
            | '%' | '\n' | '\\' => quoted.push_str(&format!("_{:02X}", byte as u32)),
            byte => quoted.push(byte),
        }
    }
    quoted
}

/// The key that [`quote`] was given.
#[must_use]
pub fn unquote(quoted: &str) -> String {
    let mut parts = quoted.split('_');
    let mut key = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.map(char::from).filter(|byte| quote(&byte.to_string()).starts_with('_')) {
            Some(byte) => {
                key.push(byte);
                key.push_str(part.get(2..).unwrap_or_default());
            }
            None => {
                key.push('_');
                key.push_str(part);
            }
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_may_have_any_character() {
        for (key, quoted) in [("7", "7"), ("a_b/c", "a_5Fb_2Fc"), ("ü%", "ü_25"), ("_", "_5F")] {
            assert_eq!((quote(key).as_str(), unquote(quoted).as_str()), (quoted, key));
        }
        for text in ["a_zz", "_", "__", "_5", "_41", "é_5Fü_€"] {
            assert!(!unquote(text).is_empty(), "{text}");
        }
        assert_eq!(unquote("_41"), "_41");
    }
}
