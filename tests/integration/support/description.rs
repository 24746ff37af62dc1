//! What the API says about itself, and whether its answers keep to it.

use std::cell::OnceCell;

use actix_web::http::Method;
use serde_json::{Value, json};

use super::app::Response;

/// The document at `/api/schema/`, against which every answer of every test is checked.
#[derive(Default)]
pub struct ApiDescription(OnceCell<Value>);

impl ApiDescription {
    /// Takes the document out of the answer that has it.
    pub fn set(&self, response: Response) {
        assert_eq!((response.status, response.header("Content-Type")), (200, "application/json"));
        assert!(self.0.set(response.json()).is_ok(), "the document is set once");
    }

    /// Checks status, headers and body of an answer on a path that the document has.
    pub fn check(&self, method: &Method, uri: &str, response: &Response) {
        let path = uri.split('?').next().unwrap_or(uri);
        let Some(item) = self.0.get().map(|document| &document["paths"][path]).filter(|item| item.is_object()) else {
            return;
        };
        let what = format!("{method} {uri}: {} {}", response.status, response.body);
        let operation = &item[method.as_str().to_lowercase()];
        if operation.is_null() {
            // DRF authenticates and negotiates before it looks at the method.
            assert!([401, 403, 404, 405, 406, 429].contains(&response.status), "{what}: no such method");
            return;
        }
        let described = self.resolve(&operation["responses"][response.status.to_string()]);
        assert!(described.is_object(), "{what}: no such status");
        for (name, header) in described["headers"].as_object().unwrap() {
            let value = response.header(name);
            if !value.is_empty() && name != "Retry-After" {
                self.validate(&format!("{what}: {name}"), self.resolve(header)["schema"].clone(), &json!(value));
            }
        }
        if *method == Method::HEAD {
            // The body goes when the response is sent, which it is not here.
            assert_eq!(described.get("content"), None, "{what}");
            return;
        }
        let media_type = response.header("Content-Type").split(';').next().unwrap();
        let media = described["content"][media_type].clone();
        assert!(media.is_object(), "{what}: no such media type as {media_type}");
        let body = if media_type == "application/json" { response.json() } else { json!(response.body) };
        self.validate(&what, media["schema"].clone(), &body);
    }

    /// What a reference points at.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => self.0.get().unwrap().pointer(pointer).unwrap(),
            None => value,
        }
    }

    fn validate(&self, what: &str, mut schema: Value, value: &Value) {
        schema["components"] = json!({ "schemas": self.0.get().unwrap()["components"]["schemas"] });
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        if let Err(error) = validator.validate(value) {
            panic!("{what}: {error}");
        }
    }
}
