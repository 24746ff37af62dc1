//! The fields of a serializer and their error messages. Python counterpart: `rest_framework.fields`.

use std::borrow::Cow;

use serde_json::Value;

use crate::core::python;
use crate::core::python::capfirst;

/// The message about a missing field.
pub const REQUIRED: &str = "This field is required.";
const NULL: &str = "This field may not be null.";
const BLANK: &str = "This field may not be blank.";
const INVALID: &str = "Not a valid string.";
const NULL_CHARACTERS: &str = "Null characters are not allowed.";

const NOT_BOOLEAN: &str = "Must be a valid boolean.";

/// A field of a serializer, as `OPTIONS` and the API's description need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnyField {
    /// A field of text.
    Char(CharField),
    /// A boolean.
    Boolean(BooleanField),
}

impl AnyField {
    /// Name of the field in the body.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Char(field) => &field.name,
            Self::Boolean(field) => &field.name,
        }
    }

    /// Only in responses.
    #[must_use]
    pub fn read_only(&self) -> bool {
        matches!(self, Self::Char(field) if field.read_only)
    }

    /// Whether a body must have it.
    #[must_use]
    pub fn required(&self) -> bool {
        matches!(self, Self::Char(field) if !field.read_only)
    }

    /// The kind in `OPTIONS`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Char(_) => "string",
            Self::Boolean(_) => "boolean",
        }
    }

    /// The label in `OPTIONS`: the name with spaces and a capital, as DRF derives it.
    #[must_use]
    pub fn label(&self) -> String {
        label(self.name())
    }

    /// Every error message of the field.
    pub(super) fn messages(&self) -> &'static [&'static str] {
        match self {
            Self::Char(_) => &CharField::MESSAGES,
            Self::Boolean(_) => &BooleanField::MESSAGES,
        }
    }
}

fn label(name: &str) -> String {
    capfirst(name.replace('_', " ").trim())
}

/// A boolean that is false if it is not sent: DRF's `BooleanField(default=False)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BooleanField {
    /// Name of the field in the body.
    pub name: Cow<'static, str>,
}

impl BooleanField {
    /// A field with this name.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into() }
    }

    /// Every error message of a field.
    const MESSAGES: [&'static str; 2] = [NULL, NOT_BOOLEAN];

    /// The truth of `value`, or the error message.
    ///
    /// # Errors
    /// DRF's message.
    pub fn run_validation(&self, value: Option<&Value>) -> Result<bool, Cow<'static, str>> {
        let truth = match value {
            None => Some(false),
            Some(Value::Null) => return Err(NULL.into()),
            Some(Value::Bool(truth)) => Some(*truth),
            Some(Value::String(text)) => match text.to_lowercase().as_str() {
                "t" | "y" | "yes" | "true" | "on" | "1" => Some(true),
                "f" | "n" | "no" | "false" | "off" | "0" => Some(false),
                _ => None,
            },
            Some(Value::Number(number)) => match number.as_f64() {
                Some(1.0) => Some(true),
                Some(0.0) => Some(false),
                _ => None,
            },
            Some(Value::Array(_) | Value::Object(_)) => None,
        };
        truth.ok_or_else(|| NOT_BOOLEAN.into())
    }
}

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

    /// Every error message of a field.
    const MESSAGES: [&'static str; 5] = [REQUIRED, NULL, BLANK, INVALID, NULL_CHARACTERS];

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
        assert_eq!(AnyField::Char(CharField::new("user_name")).label(), "User name");
    }

    #[test]
    fn a_truth_value_has_the_spellings_of_drf() {
        let read = |value: Value| BooleanField::new("f").run_validation(Some(&value)).map_err(Cow::into_owned);
        for value in [json!(true), json!("True"), json!("yes"), json!("on"), json!(1), json!("1")] {
            assert_eq!(read(value.clone()), Ok(true), "{value}");
        }
        for value in [json!(false), json!("no"), json!("OFF"), json!(0), json!(0.0)] {
            assert_eq!(read(value.clone()), Ok(false), "{value}");
        }
        for value in [json!(2), json!("maybe"), json!(""), json!(" yes"), json!([]), json!({})] {
            assert_eq!(read(value.clone()).unwrap_err(), NOT_BOOLEAN, "{value}");
        }
        assert_eq!(read(Value::Null).unwrap_err(), NULL);
        assert_eq!(BooleanField::new("f").run_validation(None), Ok(false));
    }
}
