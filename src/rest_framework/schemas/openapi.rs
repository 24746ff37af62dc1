//! The description of an API in OpenAPI 3.1. Python counterpart: `rest_framework.schemas.openapi`; names of operations
//! and security schemes are the same as in `drf_spectacular`, so that a client generated from either document works
//! with both.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::components::Components;
use super::responses::{Subject, pascal_case};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::AnyField;
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
    /// Introduction, in CommonMark.
    pub description: &'static str,
}

/// Tag of the operations that every view has.
const METADATA: &str = "HEAD and OPTIONS";

/// The description of `routes` in the application of `req`.
///
/// # Errors
/// 500 if the application has no `RestFramework`.
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
    number_operation_ids(&mut paths);
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
    for method in METHODS.iter().chain([&Method::HEAD, &Method::OPTIONS]).filter(|m| subject.view.handles(m)) {
        item.insert(method.as_str().to_lowercase(), operation(route, subject, method, components));
    }
    let parameters: Vec<_> = path_parameters(&route.path).collect();
    if !parameters.is_empty() {
        item.insert("parameters".to_owned(), parameters.into());
    }
    Value::Object(item)
}

/// The parameters of a path, such as `{id}`.
fn path_parameters(path: &str) -> impl Iterator<Item = Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
}

fn operation(route: &Route, subject: Subject<'_>, method: &Method, components: &mut Components) -> Value {
    let view = subject.view;
    let (summary, description, tag) = match *method {
        Method::HEAD => (format!("{}: headers", view.name), "The headers of GET, without the body.", METADATA),
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
        operation["requestBody"] = request_body(view.parser_classes(subject.framework), &schema);
    }
    if let (&Method::POST, Some(login)) = (method, view.login.and_then(|login| login(subject.req))) {
        operation["x-login"] = json!({ "scheme": login.scheme, "token": login.token, "prefix": login.prefix });
    }
    operation["responses"] = subject.responses(method, components);
    operation
}

/// A body in JSON, or in the first format of a view that does not read JSON; the other formats are named in words. Generators
/// of clients turn several formats of one body into code that sends all of them at once, or does not compile.
fn request_body(parsers: &[Parser], schema: &Value) -> Value {
    let mut media_types: Vec<_> = parsers.iter().map(|parser| parser.media_type()).collect();
    media_types.sort_by_key(|media_type| *media_type != Parser::Json.media_type());
    let Some((first, others)) = media_types.split_first() else { return json!({ "content": {} }) };
    let mut body = json!({ "required": true, "content": { *first: { "schema": schema } } });
    if !others.is_empty() {
        body["description"] = format!("Also accepted as {}.", others.join(" and as ")).into();
    }
    body
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

/// Makes the `operationId`s unique as `drf_spectacular` does: in the order of their paths, the second of a name gets `_2`, the
/// third `_3`.
fn number_operation_ids(paths: &mut Map<String, Value>) {
    let mut sorted: Vec<_> = paths.iter_mut().collect();
    sorted.sort_unstable_by_key(|(path, _)| *path);
    let mut counts = BTreeMap::<String, usize>::new();
    for id in sorted.into_iter().flat_map(|(_, item)| item.as_object_mut().into_iter().flatten()) {
        let Some(id) = id.1.get_mut("operationId") else { continue };
        let count = counts.entry(id.as_str().unwrap_or_default().to_owned()).or_default();
        *count += 1;
        if *count > 1 {
            *id = format!("{}_{count}", id.as_str().unwrap_or_default()).into();
        }
    }
}

/// The credentials that the operation accepts, any one of them; `{}` means that none is needed.
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

fn body_schema(fields: &[AnyField]) -> Value {
    let fields: Vec<_> = fields.iter().filter(|field| !field.read_only()).collect();
    let properties: Map<_, _> = fields.iter().map(|field| (field.name().to_owned(), field_schema(field))).collect();
    let required: Vec<_> = fields.iter().filter(|field| field.required()).map(|field| field.name()).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn field_schema(field: &AnyField) -> Value {
    let field = match field {
        AnyField::Boolean(_) => return json!({ "type": "boolean", "title": field.label(), "default": false }),
        AnyField::Char(text) => text,
    };
    // At least one character that is not trimmed, and no NUL, which PostgreSQL cannot store.
    let pattern = match field.trim_whitespace {
        true => r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085][^\u0000]*$",
        false => r"^[^\u0000]+$",
    };
    let mut schema = json!({
        "type": "string",
        "title": AnyField::Char(field.clone()).label(),
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
    use crate::rest_framework::fields::CharField;

    #[test]
    fn operations_are_named_as_in_python() {
        assert_eq!(operation_id("/api/token/refresh/", &Method::POST), "api_token_refresh_create");
        assert_eq!(operation_id("/api-token-auth/", &Method::POST), "api_token_auth_create");
        assert_eq!(operation_id("/api/protected/", &Method::GET), "api_protected_retrieve");
    }

    #[test]
    fn a_body_is_described_in_one_format() {
        let schema = json!({ "type": "object" });
        assert_eq!(
            request_body(&[Parser::Form, Parser::MultiPart, Parser::Json], &schema),
            json!({
                "required": true,
                "content": { "application/json": { "schema": schema } },
                "description": "Also accepted as application/x-www-form-urlencoded and as multipart/form-data.",
            })
        );
        let content = json!({ "application/x-www-form-urlencoded": { "schema": schema } });
        assert_eq!(request_body(&[Parser::Form], &schema), json!({ "required": true, "content": content }));
    }

    #[test]
    fn operation_ids_are_numbered_in_the_order_of_the_paths() {
        let operation = |id: &str| json!({ "post": { "operationId": id }, "get": { "operationId": "r" } });
        let paths = json!({ "/a/b/": operation("a_b"), "/a-b/": operation("a_b"), "/a.b/": operation("a_b") });
        let Value::Object(mut paths) = paths else { unreachable!() };
        number_operation_ids(&mut paths);
        for (path, post, get) in [("/a-b/", "a_b", "r"), ("/a.b/", "a_b_2", "r_2"), ("/a/b/", "a_b_3", "r_3")] {
            assert_eq!(paths[path]["post"]["operationId"], post, "{path}");
            assert_eq!(paths[path]["get"]["operationId"], get, "{path}");
        }
    }

    #[test]
    fn a_read_only_field_is_not_in_the_request() {
        let fields = [CharField::new("refresh"), CharField::new("access").read_only()].map(AnyField::Char);
        let schema = body_schema(&fields);
        assert_eq!(schema["required"], json!(["refresh"]));
        assert_eq!(schema["properties"].as_object().unwrap().len(), 1);
    }
}
