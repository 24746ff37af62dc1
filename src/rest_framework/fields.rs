//! The fields of a serializer and their error messages. Python counterpart: `rest_framework.fields`.

use std::borrow::Cow;

use serde_json::Value;

use crate::core::python;

/// The message about a missing field.
pub const REQUIRED: &str = "This field is required.";
const NULL: &str = "This field may not be null.";
const BLANK: &str = "This field may not be blank.";
const INVALID: &str = "Not a valid string.";
const NULL_CHARACTERS: &str = "Null characters are not allowed.";

/// A text field: DRF's `CharField`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharField {
    /// Name of the field in the body.
    pub name: Cow<'static, str>,
    /// Only in responses; ignored in a request.
    pub read_only: bool,
    /// White space around the text is removed before the checks. DRF's default.
    pub trim_whitespace: bool,
}

impl CharField {
    /// A required field with trimmed text.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), read_only: false, trim_whitespace: true }
    }

    /// A field that is only in responses.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// A field whose white space is part of the text.
    #[must_use]
    pub fn untrimmed(mut self) -> Self {
        self.trim_whitespace = false;
        self
    }

    /// The label in `OPTIONS`: the name with spaces and a capital, as DRF derives it.
    #[must_use]
    pub fn label(&self) -> String {
        let words = self.name.replace('_', " ");
        let words = words.trim();
        let mut chars = words.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    }

    /// Every error message of a field.
    pub(super) const MESSAGES: [&'static str; 5] = [REQUIRED, NULL, BLANK, INVALID, NULL_CHARACTERS];

    /// The text of `value`, or the error message.
    ///
    /// Numbers become text as Python's `str` writes them. Booleans are an error, as in DRF.
    ///
    /// # Errors
    /// DRF's message, by DRF's order of checks.
    pub fn run_validation(&self, value: Option<&Value>) -> Result<String, Cow<'static, str>> {
        let text = match value {
            None => return Err(REQUIRED.into()),
            Some(Value::Null) => return Err(NULL.into()),
            Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
            Some(Value::Number(number)) => Cow::Owned(python::number_to_text(number)),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => return Err(INVALID.into()),
        };
        let text = if self.trim_whitespace { python::strip(&text) } else { &text };
        if text.is_empty() {
            return Err(BLANK.into());
        }
        if text.contains('\0') {
            return Err(NULL_CHARACTERS.into());
        }
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn validate(value: Value) -> Result<String, String> {
        CharField::new("f").run_validation(Some(&value)).map_err(Cow::into_owned)
    }

    #[test]
    fn text_is_trimmed_as_python_does() {
        assert_eq!(validate(json!(" \u{1f}\u{a0}alice\t\n")).unwrap(), "alice");
        let kept = CharField::new("f").untrimmed().run_validation(Some(&json!(" pw "))).unwrap();
        assert_eq!(kept, " pw ");
    }

    #[test]
    fn untrimmed_white_space_is_not_blank_and_an_empty_text_is() {
        let field = CharField::new("f").untrimmed();
        assert_eq!(field.run_validation(Some(&json!("  "))).unwrap(), "  ");
        assert_eq!(field.run_validation(Some(&json!(""))).unwrap_err(), BLANK);
    }

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        for (value, text) in [
            (json!(7), "7"),
            (json!(-3), "-3"),
            (json!(1.5), "1.5"),
            (json!(12345.0), "12345.0"),
            (json!(0.0), "0.0"),
            (json!(1e15), "1000000000000000.0"),
            (json!(1e16), "1e+16"),
            (json!(1.5e22), "1.5e+22"),
            (json!(0.0001), "0.0001"),
            (json!(0.00001), "1e-05"),
        ] {
            assert_eq!(validate(value).unwrap(), text);
        }
    }

    #[test]
    fn each_error_has_its_message() {
        assert_eq!(CharField::new("f").run_validation(None).unwrap_err(), REQUIRED);
        assert_eq!(validate(Value::Null).unwrap_err(), NULL);
        assert_eq!(validate(json!("  ")).unwrap_err(), BLANK);
        assert_eq!(validate(json!(true)).unwrap_err(), INVALID);
        assert_eq!(validate(json!(["x"])).unwrap_err(), INVALID);
        assert_eq!(validate(json!("a\0b")).unwrap_err(), NULL_CHARACTERS);
    }

    #[test]
    fn the_label_is_derived_from_the_name() {
        assert_eq!(CharField::new("user_name").label(), "User name");
    }
}
