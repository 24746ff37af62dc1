//! The description of the API, and the check of every answer against it.

use std::cell::OnceCell;

use actix_web::http::Method;
use serde_json::{Value, json};

use super::app::Response;
use super::json_schema::{resolve, validate};

/// The document at `/api/schema/`, against which every answer of every test is checked.
#[derive(Default)]
pub struct ApiDescription(OnceCell<Value>);

impl ApiDescription {
    /// Reads the document from its response.
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
            // DRF authenticates and negotiates before it checks the method.
            assert!([401, 403, 404, 405, 406, 429].contains(&response.status), "{what}: no such method");
            return;
        }
        let described = resolve(self.document(), &operation["responses"][response.status.to_string()]);
        assert!(described.is_object(), "{what}: no such status");
        for (name, header) in described["headers"].as_object().unwrap() {
            let value = response.header(name);
            if !value.is_empty() && name != "Retry-After" {
                let schema = &resolve(self.document(), header)["schema"];
                self.validate(&format!("{what}: {name}"), schema, &json!(value));
            }
        }
        if *method == Method::HEAD {
            // The body is removed when a response is sent, and this one is not sent.
            assert_eq!(described.get("content"), None, "{what}");
            return;
        }
        if response.body.is_empty() {
            assert_eq!(described.get("content"), None, "{what}");
            return;
        }
        // Pages are not described: a client reads JSON.
        if !response.header("Content-Type").starts_with("text/html") {
            self.validate(&what, &described["content"]["application/json"]["schema"], &response.json());
        }
    }

    fn document(&self) -> &Value {
        self.0.get().expect("the description is set before the first check")
    }

    fn validate(&self, what: &str, schema: &Value, value: &Value) {
        if let Err(error) = validate(self.document(), schema, value) {
            panic!("{what}: {error}");
        }
    }
}
