//! Python's rules for JSON values: truth, numbers and text. Python counterpart: the built-in `bool`, `int`, `str`, `repr` and
//! `type`.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, general_purpose};
use serde_json::{Number, Value};

/// `capfirst` of `django.utils.text`: the text with its first letter in upper case.
#[must_use]
pub fn capfirst(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `bool(value)`.
#[must_use]
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
    }
}

/// `int(value)`. `None` where Python raises an exception, and beyond 64 bits.
#[must_use]
pub fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Number(number) => number.as_i64().or_else(|| truncated(number.as_f64()?)),
        Value::String(text) => int_of_text(text),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `int(float)`.
fn truncated(float: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    (-LIMIT..LIMIT).contains(&float).then_some(float as i64)
}

/// `int(text)`. An underscore may separate two digits.
fn int_of_text(text: &str) -> Option<i64> {
    let text = &*ascii_digits(strip(text));
    if !text.contains('_') {
        return text.parse().ok();
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let groups_are_digits = digits.split('_').all(|group| group.starts_with(|c: char| c.is_ascii_digit()));
    if groups_are_digits { text.replace('_', "").parse().ok() } else { None }
}

/// The text with decimal digits of other scripts, such as `٧`, as ASCII digits. Python reads them as numbers.
#[must_use]
pub fn ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    let digit = |c: char| {
        let after = ZEROS.partition_point(|zero| *zero <= c);
        let value = u32::from(c) - u32::from(*ZEROS.get(after.checked_sub(1)?)?);
        char::from_digit(value, 10)
    };
    text.chars().map(|c| digit(c).unwrap_or(c)).collect()
}

/// The decimal digits of Unicode 14, as in Python 3.11: the zero of each script, which the digits from 1 to 9 follow.
const ZEROS: [char; 66] = [
    '\u{30}',
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{16a60}',
    '\u{16ac0}',
    '\u{16b50}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e950}',
    '\u{1fbf0}',
];

/// `str(value)`.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Value::Number(number) => number_to_text(number),
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => repr_of_value(value),
    }
}

/// `repr(value)`.
fn repr_of_value(value: &Value) -> String {
    match value {
        Value::String(text) => repr(text),
        Value::Array(list) => format!("[{}]", list.iter().map(repr_of_value).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let pair = |(key, value): (&String, &Value)| format!("{}: {}", repr(key), repr_of_value(value));
            format!("{{{}}}", object.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        other => text(other),
    }
}

/// `str(number)` of a JSON number: `7`, `1.5`, `12345.0`, `1e+22`.
#[must_use]
pub fn number_to_text(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let exponent = if float == 0.0 { 0 } else { decimal_exponent(float) };
    if (-4..16).contains(&exponent) {
        return format!("{float:?}");
    }
    // Rust writes 1e22 and 1e-7, Python writes 1e+22 and 1e-07.
    let text = format!("{float:e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
    format!("{digits}e{sign}{power:0>2}")
}

/// The power of ten of the first significant digit.
fn decimal_exponent(float: f64) -> i32 {
    let text = format!("{float:e}");
    text.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

/// `text.strip()`.
#[must_use]
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// `character.isspace()`: white space of Unicode, and the four separators of ASCII that Unicode does not include.
#[must_use]
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `repr(text)`.
#[must_use]
pub fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\\' => quoted.push_str("\\\\"),
            c if c == quote => quoted.extend(['\\', c]),
            c => quoted.push(c),
        }
    }
    quoted.push(quote);
    quoted
}

/// `type(value).__name__`.
#[must_use]
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// Python's `base64.b64decode`: other characters are skipped, and the padding ends the text. `None` if the padding is missing.
#[must_use]
pub fn b64decode(text: &[u8]) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose =
        GeneralPurpose::new(&STANDARD, general_purpose::NO_PAD.with_decode_allow_trailing_bits(true));
    let mut digits = Vec::with_capacity(text.len());
    let mut padding = 0;
    for byte in text {
        let digits_of_last = digits.len() % 4;
        if *byte == b'=' && digits_of_last >= 2 {
            padding += 1;
            if digits_of_last + padding == 4 {
                return ENGINE.decode(digits).ok();
            }
        } else if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') {
            digits.push(*byte);
            padding = 0;
        }
    }
    if digits.len().is_multiple_of(4) { ENGINE.decode(digits).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn base64_is_read_as_python_reads_it() {
        for (text, expected) in [
            ("", Some("")),
            ("YQ==", Some("a")),
            ("YWI=", Some("ab")),
            ("Y W\r\nJj!", Some("abc")),
            ("=YWI=", Some("ab")),
            ("YQ==YQ==", Some("a")),
            ("YQ=Q", None),
            ("!!!", Some("")),
            ("Y", None),
            ("YQ", None),
            ("YQ=", None),
        ] {
            assert_eq!(
                b64decode(text.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap()).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn empty_values_and_zero_are_false() {
        for value in [json!(null), json!(false), json!(0), json!(0.0), json!(-0.0), json!(""), json!([]), json!({})] {
            assert!(!is_true(&value), "{value}");
        }
        for value in [json!(true), json!(-1), json!(0.1), json!("0"), json!(" "), json!([null]), json!({ "": null })] {
            assert!(is_true(&value), "{value}");
        }
    }

    #[test]
    fn a_value_becomes_the_text_of_python() {
        for (value, expected) in [
            (json!(null), "None"),
            (json!(true), "True"),
            (json!(7), "7"),
            (json!(1e300), "1e+300"),
            (json!("it's"), "it's"),
            (json!([1, false, "it's", null]), "[1, False, \"it's\", None]"),
            (json!({ "a": { "b": [] } }), "{'a': {'b': []}}"),
        ] {
            assert_eq!(text(&value), expected);
        }
    }

    #[test]
    fn int_reads_numbers_booleans_and_digits() {
        let largest = i64::MAX;
        for (value, number) in [
            (json!(7), 7),
            (json!(-7.9), -7),
            (json!(true), 1),
            (json!(false), 0),
            (json!(" +42\n"), 42),
            (json!("٧٠_०１"), 7001),
            (json!("-0"), 0),
            (json!("007"), 7),
            (json!("\u{1c}1_000_0"), 10_000),
            (json!("-1_0"), -10),
            (json!(largest), largest),
            (json!(largest.to_string()), largest),
            (json!(i64::MIN), i64::MIN),
        ] {
            assert_eq!(int(&value), Some(number), "{value}");
        }
        for value in [
            json!(null),
            json!([]),
            json!({}),
            json!(""),
            json!("-"),
            json!("1.0"),
            json!("1e3"),
            json!("0x1"),
            json!("_1"),
            json!("1_"),
            json!("1__0"),
            json!("1_-0"),
            json!("1 0"),
            json!("9223372036854775808"),
            json!(9_223_372_036_854_775_808_u64),
            json!(1e300),
        ] {
            assert_eq!(int(&value), None, "{value}");
        }
    }

    #[test]
    fn numbers_are_written_as_in_python() {
        for (value, text) in [
            (json!(7), "7"),
            (json!(-1.5), "-1.5"),
            (json!(12345.0), "12345.0"),
            (json!(0.0), "0.0"),
            (json!(1e15), "1000000000000000.0"),
            (json!(1e16), "1e+16"),
            (json!(1.25e22), "1.25e+22"),
            (json!(0.0001), "0.0001"),
            (json!(0.00001), "1e-05"),
            (json!(1e-7), "1e-07"),
        ] {
            assert_eq!(number_to_text(value.as_number().unwrap()), text);
        }
    }

    #[test]
    fn strip_removes_what_python_counts_as_white_space() {
        assert_eq!(strip(" \u{1f}\u{a0}\u{3000}alice bob\t\n\u{1c}"), "alice bob");
        assert_eq!(strip("\u{200b}x\u{feff}"), "\u{200b}x\u{feff}");
    }

    #[test]
    fn repr_chooses_the_quotes_of_python() {
        for (text, quoted) in
            [("a", "'a'"), ("it's", "\"it's\""), ("'\"", "'\\'\"'"), ("\\ \n\r\t", "'\\\\ \\n\\r\\t'"), ("ü", "'ü'")]
        {
            assert_eq!(repr(text), quoted);
        }
    }

    #[test]
    fn types_have_the_names_of_python() {
        let values = json!([null, true, 1, 1.0, "", [], {}]);
        let names: Vec<_> = values.as_array().unwrap().iter().map(type_name).collect();
        assert_eq!(names, ["NoneType", "bool", "int", "float", "str", "list", "dict"]);
    }
}
