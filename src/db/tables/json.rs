//! JSON, such as the claims of a token, as values of columns. Python counterpart: `to_python` of model fields.

use serde_json::Value;

use crate::core::python;

/// JSON as a whole number. Booleans are not numbers.
#[must_use]
pub fn integer(value: &Value) -> Option<i64> {
    if value.is_boolean() { None } else { python::int(value) }
}

/// JSON as a text.
#[must_use]
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_a_key_if_python_accepts_it_as_one() {
        for value in [json!(7), json!(7.0), json!("7"), json!(" +7 "), json!("007")] {
            assert_eq!(integer(&value), Some(7), "{value}");
        }
        for value in
            [json!("abc"), json!(""), json!(null), json!([7]), json!(true), json!("18446744073709551616"), json!(1e300)]
        {
            assert_eq!(integer(&value), None, "{value}");
        }
    }
}
