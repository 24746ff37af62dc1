//! From the parts of a body to a checked value. Python counterpart: `rest_framework.serializers`.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use serde_json::{Map, Value, json};

use super::exceptions::ApiError;
use super::fields::CharField;
use super::parsers::Data;

/// What a view reads from a body: its fields, and the value made of them.
///
/// The rules (who may log in, which token is good) are methods of the value; this is only about its shape.
pub trait Serializer: Sized + 'static {
    /// The fields, in the order in which a client reads about them. The request is there for names that are settings.
    fn fields(req: &HttpRequest) -> Vec<CharField>;

    /// The value of fields that all passed.
    fn from_validated(values: Validated) -> Self;
}

/// Texts of the fields that passed, by name.
#[derive(Debug, Default)]
pub struct Validated(BTreeMap<String, String>);

impl Validated {
    /// Takes the text of `name`; empty when no field of that name was declared.
    #[must_use]
    pub fn take(&mut self, name: &str) -> String {
        self.0.remove(name).unwrap_or_default()
    }

    /// Takes the one text that is left, for a field whose name is a setting.
    #[must_use]
    pub fn take_first(&mut self) -> String {
        self.0.pop_first().map(|(_, text)| text).unwrap_or_default()
    }
}

/// Checks `data` against the fields of `S`.
///
/// # Errors
/// A 400 with the messages of every field that fails, or one under `non_field_errors_key` when the body is no object.
pub fn validate<S: Serializer>(req: &HttpRequest, data: &Data, non_field_errors_key: &str) -> Result<S, ApiError> {
    let object = match data {
        Data::Json(Value::Object(object)) => object,
        Data::Json(other) => return Err(non_field_error(non_field_errors_key, &not_an_object(other))),
        Data::Form(object) => object,
    };
    let mut values = Validated::default();
    let mut errors = Map::new();
    for field in S::fields(req).into_iter().filter(|field| !field.read_only) {
        match field.run_validation(object.get(field.name.as_ref())) {
            Ok(text) => {
                values.0.insert(field.name.into_owned(), text);
            }
            Err(message) => {
                errors.insert(field.name.into_owned(), json!([message]));
            }
        }
    }
    if errors.is_empty() { Ok(S::from_validated(values)) } else { Err(ApiError::validation(errors)) }
}

/// A 400 that is about no single field.
#[must_use]
pub fn non_field_error(key: &str, message: &str) -> ApiError {
    ApiError::validation(Map::from_iter([(key.to_owned(), json!([message]))]))
}

/// What is said about a body that is no object.
pub(super) fn not_an_object(body: &Value) -> String {
    match body {
        Value::Null => "No data provided".to_owned(),
        other => format!("Invalid data. Expected a dictionary, but got {}.", python_type(other)),
    }
}

fn python_type(value: &Value) -> &'static str {
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
