//! Turns the fields of a body into a checked value. Python counterpart: `rest_framework.serializers`.

use actix_web::HttpRequest;
use serde_json::{Map, Value, json};

use super::exceptions::ApiError;
use super::fields::{AnyField, BooleanField, CharField};
use super::parsers::Data;
use crate::core::python;

/// The data that a view reads from a body.
///
/// ```
/// use actix_simplejwt::rest_framework::fields::CharField;
/// use actix_simplejwt::rest_framework::request::RequestData;
/// use actix_simplejwt::rest_framework::serializers::{Fields, Serializer};
///
/// struct Comment {
///     title: String,
///     text: String,
/// }
///
/// impl Serializer for Comment {
///     fn read(fields: &mut Fields<'_>) -> Self {
///         let title = fields.read(CharField::new("title"));
///         let text = fields.read(CharField::new("text").untrimmed());
///         Self { title, text }
///     }
/// }
///
/// async fn create(comment: RequestData<Comment>) -> String {
///     let Comment { title, text } = comment.into_inner();
///     format!("{title}: {text}")
/// }
/// # let _ = actix_web::web::post().to(create);
/// ```
///
/// The rules about the values, such as who may log in, are methods of the type. This trait is only about the fields.
pub trait Serializer: Sized + 'static {
    /// Declares the fields, in the order in which they are described and checked, and takes their values.
    ///
    /// It is also called without a body, to describe the fields. The value is discarded then, and also if a field is invalid. So
    /// this function must only make the value.
    fn read(fields: &mut Fields<'_>) -> Self;
}

/// The fields of a body, for [`Serializer::read`].
#[derive(Debug)]
pub struct Fields<'a> {
    req: &'a HttpRequest,
    purpose: Purpose<'a>,
}

#[derive(Debug)]
enum Purpose<'a> {
    Describe(Vec<AnyField>),
    Validate { body: &'a Map<String, Value>, errors: Map<String, Value> },
}

impl<'a> Fields<'a> {
    /// The request, for names that are settings.
    #[must_use]
    pub fn request(&self) -> &'a HttpRequest {
        self.req
    }

    /// Declares `field` and returns its text.
    pub fn read(&mut self, field: CharField) -> String {
        match &mut self.purpose {
            Purpose::Describe(fields) => {
                fields.push(AnyField::Char(field));
                String::new()
            }
            Purpose::Validate { body, errors } => match field.run_validation(body.get(field.name.as_ref())) {
                Ok(text) => text,
                Err(message) => {
                    errors.insert(field.name.into_owned(), json!([message]));
                    String::new()
                }
            },
        }
    }

    /// Declares `field` and returns whether it is true.
    pub fn read_boolean(&mut self, field: BooleanField) -> bool {
        match &mut self.purpose {
            Purpose::Describe(fields) => {
                fields.push(AnyField::Boolean(field));
                false
            }
            Purpose::Validate { body, errors } => match field.run_validation(body.get(field.name.as_ref())) {
                Ok(truth) => truth,
                Err(message) => {
                    errors.insert(field.name.into_owned(), json!([message]));
                    false
                }
            },
        }
    }

    /// Declares a field that only responses have.
    pub fn read_only(&mut self, field: CharField) {
        if let Purpose::Describe(fields) = &mut self.purpose {
            fields.push(AnyField::Char(field.read_only()));
        }
    }
}

/// The fields of `S`.
pub(super) fn describe<S: Serializer>(req: &HttpRequest) -> Vec<AnyField> {
    let mut fields = Fields { req, purpose: Purpose::Describe(Vec::new()) };
    S::read(&mut fields);
    match fields.purpose {
        Purpose::Describe(fields) => fields,
        Purpose::Validate { .. } => Vec::new(),
    }
}

/// Checks `data` against the fields of `S`.
///
/// # Errors
/// A 400 with the messages of every invalid field, or one under `non_field_errors_key` if the body is not an object.
pub fn validate<S: Serializer>(req: &HttpRequest, data: &Data, non_field_errors_key: &str) -> Result<S, ApiError> {
    let body = match data {
        Data::Json(Value::Object(object)) => object,
        Data::Json(other) => return Err(non_field_error(non_field_errors_key, &not_an_object(other))),
        Data::Form(object) => object,
    };
    let mut fields = Fields { req, purpose: Purpose::Validate { body, errors: Map::new() } };
    let value = S::read(&mut fields);
    match fields.purpose {
        Purpose::Validate { errors, .. } if !errors.is_empty() => Err(ApiError::validation(errors)),
        _ => Ok(value),
    }
}

/// A 400 that does not concern a single field.
#[must_use]
pub fn non_field_error(key: &str, message: &str) -> ApiError {
    ApiError::validation(Map::from_iter([(key.to_owned(), json!([message]))]))
}

/// The message about a body that is not an object.
pub(super) fn not_an_object(body: &Value) -> String {
    match body {
        Value::Null => "No data provided".to_owned(),
        other => format!("Invalid data. Expected a dictionary, but got {}.", python::type_name(other)),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[derive(Debug)]
    struct Login {
        username: String,
        password: String,
    }

    impl Serializer for Login {
        fn read(fields: &mut Fields<'_>) -> Self {
            let username = fields.read(CharField::new("username"));
            fields.read_only(CharField::new("token"));
            Self { username, password: fields.read(CharField::new("password").untrimmed()) }
        }
    }

    fn read(body: Value) -> Result<Login, Value> {
        let req = TestRequest::default().to_http_request();
        validate(&req, &Data::Json(body), "non_field_errors").map_err(|error| error.body().clone())
    }

    #[test]
    fn each_value_belongs_to_the_field_that_declares_it() {
        let login = read(json!({ "password": " p ", "username": " alice ", "token": 7 })).unwrap();
        assert_eq!((login.username.as_str(), login.password.as_str()), ("alice", " p "));
    }

    #[test]
    fn every_invalid_field_has_its_message() {
        let errors = json!({ "username": ["This field is required."], "password": ["This field may not be blank."] });
        assert_eq!(read(json!({ "password": "" })).unwrap_err(), errors);
        let error = json!({ "non_field_errors": ["Invalid data. Expected a dictionary, but got list."] });
        assert_eq!(read(json!([])).unwrap_err(), error);
    }

    #[test]
    fn the_fields_are_described_in_their_order() {
        let req = TestRequest::default().to_http_request();
        let fields = describe::<Login>(&req);
        let fields: Vec<_> = fields.iter().map(|field| (field.name(), field.read_only())).collect();
        assert_eq!(fields, [("username", false), ("token", true), ("password", false)]);
    }
}
