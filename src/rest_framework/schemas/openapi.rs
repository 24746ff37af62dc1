//! The description of an API in OpenAPI 3.1. Python counterpart: `rest_framework.schemas.openapi`; names of operations
//! and security schemes are those of `drf_spectacular`, so that clients generated from either fit both.

use actix_web::HttpRequest;
use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::components::Components;
use super::responses::{Subject, pascal_case};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::parsers::Parser;
use crate::rest_framework::permissions::Admits;
use crate::rest_framework::state::RestFramework;
use crate::rest_framework::views::{METHODS, Route};

/// Title, version and introduction of a document.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// Name of the API.
    pub title: &'static str,
    /// Version of the API, not of OpenAPI.
    pub version: &'static str,
    /// What it is about, in CommonMark.
    pub description: &'static str,
}

/// Heading of the operations that every view has besides its own.
const METADATA: &str = "HEAD and OPTIONS";

/// Names that need no escape inside the quotes of a header.
const PART_NAME: &str = r#"^[^\u0000-\u001f\u007f"\\]*$"#;

/// The document about `routes`, as they behave in the application of `req`.
///
/// # Errors
/// 500 when the application was put together without the framework.
pub fn document(info: Info, routes: &[Route], req: &HttpRequest) -> Result<Value, ApiError> {
    let framework = RestFramework::of(req)?;
    let mut components = Components::default();
    let mut paths = Map::new();
    let mut tags: Vec<&str> = Vec::new();
    for route in routes {
        let subject = Subject { view: &route.view, req, framework };
        let tag = tag(route);
        if !tags.contains(&tag) {
            tags.push(tag);
        }
        paths.insert(route.path.clone(), path_item(route, subject, &mut components));
    }
    tags.push(METADATA);
    Ok(json!({
        "openapi": "3.1.0",
        "info": { "title": info.title, "version": info.version, "description": info.description },
        "tags": tags.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(),
        "paths": paths,
        "components": components.into_value(),
    }))
}

fn tag(route: &Route) -> &str {
    let first = || route.path.split('/').find(|part| !part.is_empty()).unwrap_or("api");
    route.view.tag.unwrap_or_else(first)
}

fn path_item(route: &Route, subject: Subject<'_>, components: &mut Components) -> Value {
    let mut item = Map::new();
    if let Some(name) = &subject.framework.settings.url_format_override {
        let renderers = subject.view.renderer_classes(subject.framework).iter();
        // An empty one is as good as none.
        let formats: Vec<_> = renderers.map(|renderer| renderer.format()).chain([""]).collect();
        let description = "How the answer is written, within what `Accept` allows.";
        let schema = json!({ "type": "string", "enum": formats });
        item.insert(
            "parameters".to_owned(),
            json!([{ "name": name, "in": "query", "description": description, "schema": schema }]),
        );
    }
    for method in METHODS.iter().chain([&Method::HEAD, &Method::OPTIONS]).filter(|m| subject.view.handles(m)) {
        item.insert(method.as_str().to_lowercase(), operation(route, subject, method, components));
    }
    Value::Object(item)
}

fn operation(route: &Route, subject: Subject<'_>, method: &Method, components: &mut Components) -> Value {
    let view = subject.view;
    let (summary, description, tag) = match *method {
        Method::HEAD => (format!("{}: headers", view.name), "What GET answers, without the body.", METADATA),
        Method::OPTIONS => (format!("{}: metadata", view.name), "What this path reads and writes.", METADATA),
        _ => (view.name.to_owned(), view.description, tag(route)),
    };
    let mut operation = json!({ "operationId": operation_id(&route.path, method), "summary": summary });
    if !description.is_empty() {
        operation["description"] = description.into();
    }
    operation["tags"] = json!([tag]);
    operation["security"] = security(subject, method, components);
    if let Some(fields) = subject.fields(method) {
        let name = format!("{}Request", pascal_case(view.name));
        let schema = components.intern("schemas", &name, body_schema(&fields));
        let parsers = view.parser_classes(subject.framework);
        let media = |parser: &Parser| match parser {
            Parser::MultiPart => {
                json!({ "schema": { "allOf": [schema], "propertyNames": { "pattern": PART_NAME } } })
            }
            Parser::Json | Parser::Form => json!({ "schema": schema }),
        };
        let content: Map<_, _> = parsers.iter().map(|p| (p.media_type().to_owned(), media(p))).collect();
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation["responses"] = subject.responses(method, components);
    operation
}

/// `api_token_refresh_create`, as `drf_spectacular` names it.
fn operation_id(path: &str, method: &Method) -> String {
    let action = match *method {
        Method::GET => "retrieve",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "partial_update",
        Method::DELETE => "destroy",
        Method::HEAD => "headers",
        _ => "metadata",
    };
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.chain([action]).collect::<Vec<_>>().join("_")
}

/// The credentials that open the operation, one of them being enough; `{}` stands for none.
fn security(subject: Subject<'_>, method: &Method, components: &mut Components) -> Value {
    let mut alternatives = Vec::new();
    if subject.admits(method) == Admits::Everyone {
        alternatives.push(json!({}));
    }
    for class in subject.view.authentication_classes(subject.framework) {
        if let Some((name, definition)) = class.security_definition(subject.req) {
            components.intern("securitySchemes", name, definition);
            alternatives.push(json!({ name: [] }));
        }
    }
    if alternatives == [json!({})] {
        alternatives.clear();
    }
    Value::Array(alternatives)
}

fn body_schema(fields: &[CharField]) -> Value {
    let fields: Vec<_> = fields.iter().filter(|field| !field.read_only).collect();
    let properties: Map<_, _> = fields.iter().map(|field| (field.name.to_string(), field_schema(field))).collect();
    let required: Vec<_> = fields.iter().map(|field| &field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn field_schema(field: &CharField) -> Value {
    // What is left when white space is trimmed, and what PostgreSQL could not store.
    let pattern = match field.trim_whitespace {
        true => r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085][^\u0000]*$",
        false => r"^[^\u0000]+$",
    };
    let mut schema = json!({
        "type": "string",
        "title": field.label(),
        "minLength": 1,
        "pattern": pattern,
        "examples": [field.name],
    });
    if field.name == "password" {
        schema["format"] = json!("password");
        schema["writeOnly"] = json!(true);
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_named_as_in_python() {
        assert_eq!(operation_id("/api/token/refresh/", &Method::POST), "api_token_refresh_create");
        assert_eq!(operation_id("/api-token-auth/", &Method::POST), "api_token_auth_create");
        assert_eq!(operation_id("/api/protected/", &Method::GET), "api_protected_retrieve");
    }

    #[test]
    fn a_field_that_is_only_given_out_is_not_asked_for() {
        let fields = [CharField::new("refresh"), CharField::new("access").read_only()];
        let schema = body_schema(&fields);
        assert_eq!(schema["required"], json!(["refresh"]));
        assert_eq!(schema["properties"].as_object().unwrap().len(), 1);
    }
}
