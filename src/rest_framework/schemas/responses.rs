//! The answers of an operation: every status with its bodies and headers. Python counterpart:
//! `AutoSchema.get_responses` of `rest_framework.schemas.openapi`.
//!
//! The schema of an error is made from the body of the [`ApiError`] that is raised.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::components::Components;
use super::shapes::{any_of, of_bodies};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::AnyField;
use crate::rest_framework::parsers::Parser;
use crate::rest_framework::permissions::Admits;
use crate::rest_framework::renderers::AcceptedRenderer;
use crate::rest_framework::renderers::Renderer;
use crate::rest_framework::serializers::{non_field_error, not_an_object};
use crate::rest_framework::state::RestFramework;
use crate::rest_framework::throttling::CacheUrl;
use crate::rest_framework::views::{ApiView, vary};

/// One view in one application.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub view: &'a ApiView,
    pub req: &'a HttpRequest,
    pub framework: &'a RestFramework,
}

/// The answers with one status.
#[derive(Default)]
struct Answers {
    /// Bodies that never vary.
    bodies: Vec<Value>,
    /// Schemas of bodies that vary.
    schemas: Vec<Value>,
}

impl Subject<'_> {
    /// The users who may use the view.
    pub fn admits(&self, method: &Method) -> Admits {
        let classes = self.view.permission_classes(self.framework).iter();
        classes.map(|class| class.admits(method)).max().unwrap_or(Admits::Everyone)
    }

    /// The fields of the body, if `method` has one.
    pub fn fields(&self, method: &Method) -> Option<Vec<AnyField>> {
        let has_body = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
        self.view.fields.filter(|_| has_body).map(|fields| fields(self.req))
    }

    /// The `responses` of `method`.
    pub fn responses(&self, method: &Method, components: &mut Components) -> Value {
        let mut answers = BTreeMap::<u16, Answers>::new();
        if *method == Method::OPTIONS || !self.view.bodiless.iter().any(|status| matches!(status, 200 | 204)) {
            answers.entry(200).or_default().schemas.push(self.success(method, components));
        }
        for status in self.view.bodiless.iter().filter(|_| *method != Method::OPTIONS) {
            answers.entry(*status).or_default();
        }
        let (limits, errors): (Vec<_>, Vec<_>) =
            self.errors(method).into_iter().partition(|error| error.status() == StatusCode::TOO_MANY_REQUESTS);
        for error in errors {
            answers.entry(error.status().as_u16()).or_default().bodies.push(error.body().clone());
        }
        if let Some(fields) = self.fields(method) {
            let schemas = self.refused_bodies(&fields);
            answers.entry(400).or_default().schemas.extend(schemas);
            answers.entry(415).or_default().schemas.push(detail("^Unsupported media type \".*\" in request\\.$"));
        }
        answers.entry(405).or_default().schemas.push(detail("^Method \"[^\"]+\" not allowed\\.$"));
        if self.view.is_throttled(self.framework) || !limits.is_empty() {
            let seconds = "( Expected available in (1 second|[0-9]+ seconds)\\.)?";
            answers.entry(429).or_default().schemas.push(detail(&format!("^Request was throttled\\.{seconds}$")));
        }
        // A wrong `Host` gets a page, which has no description.
        answers.entry(400).or_default();
        let described = answers.into_iter().map(|(status, answers)| {
            let response = self.response(status, answers, *method == Method::HEAD, components);
            let name = self.response_name(status, method);
            (status.to_string(), components.intern("responses", &name, response))
        });
        Value::Object(described.collect())
    }

    /// Answers of the framework share a name; answers of the view have the name of the view in theirs.
    fn response_name(&self, status: u16, method: &Method) -> String {
        let view = if status < 404 { pascal_case(self.view.name) } else { String::new() };
        let part = match *method {
            Method::HEAD => "Headers",
            Method::OPTIONS if status == 200 => "Metadata",
            _ => "",
        };
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        format!("{view}{part}{}", pascal_case(reason.unwrap_or("Response")))
    }

    fn success(&self, method: &Method, components: &mut Components) -> Value {
        match *method {
            Method::OPTIONS => of_bodies(&[self.view.metadata(self.req, self.framework)]),
            _ => {
                let schema = self.view.answer.map_or_else(|| json!({}), |schema| schema(self.req));
                components.intern("schemas", &format!("{}Response", pascal_case(self.view.name)), schema)
            }
        }
    }

    /// The errors whose bodies never vary.
    fn errors(&self, method: &Method) -> Vec<ApiError> {
        let Self { view, req, framework } = *self;
        let classes = view.authentication_classes(framework);
        let mut errors = vec![ApiError::internal("")];
        if !view.ignores_accept {
            errors.push(ApiError::not_acceptable());
            if framework.settings.url_format_override.is_some() {
                errors.push(ApiError::not_found());
            }
        }
        for permission in view.permission_classes(framework) {
            let admits = permission.admits(method);
            if admits > Admits::Everyone && !classes.is_empty() {
                errors.push(ApiError::not_authenticated());
            }
            if admits == Admits::SomeUsers || (admits > Admits::Everyone && classes.is_empty()) {
                errors.push(permission.denied());
            }
        }
        for class in classes {
            errors.extend(class.refusals(req));
        }
        let fields = self.fields(method);
        let is_counted_elsewhere = framework.settings.cache.url != CacheUrl::Memory && view.is_throttled(framework);
        if !classes.is_empty() || fields.is_some() || is_counted_elsewhere {
            errors.push(ApiError::service_unavailable("", 1));
        }
        if fields.is_some() {
            let limits = framework.settings.limits;
            let view_limit = view.body_limit.filter(|limit| *limit < limits.body.min(limits.total));
            errors.push(ApiError::request_data_too_big(view_limit));
            if !framework.settings.limits.time.is_zero() {
                errors.push(ApiError::request_timeout());
            }
        }
        if *method != Method::OPTIONS {
            errors.extend(view.refusals.map(|refusals| refusals(req)).unwrap_or_default());
        }
        let challenge = view.challenge(req, framework);
        errors.into_iter().map(|error| error.with_challenge(challenge.clone())).collect()
    }

    /// 400 for bodies that cannot be read, are not an object or have invalid fields.
    fn refused_bodies(&self, fields: &[AnyField]) -> Vec<Value> {
        let messages: Map<_, _> = fields
            .iter()
            .filter(|field| !field.read_only())
            .map(|field| {
                let messages: Vec<_> = field.messages().iter().map(|message| json!([message])).collect();
                (field.name().to_owned(), of_bodies(&messages))
            })
            .collect();
        let key = &self.framework.settings.non_field_errors_key;
        let parsers = self.view.parser_classes(self.framework);
        let mut schemas = vec![json!({
            "type": "object",
            "description": "The errors of each invalid field.",
            "properties": messages,
            "minProperties": 1,
            "additionalProperties": false,
        })];
        if parsers.contains(&Parser::Json) {
            let others = [json!(null), json!(true), json!(1.5), json!(1), json!(""), json!([])];
            let refusals = others.map(|body| non_field_error(key, &not_an_object(&body)).body().clone());
            schemas.push(of_bodies(&refusals));
            schemas.push(detail("^JSON parse error - "));
        }
        if parsers.contains(&Parser::MultiPart) {
            schemas.push(detail("^Multipart form parse error - "));
        }
        schemas.push(detail("^(Request body could not be read|The number of GET/POST parameters exceeded .*)\\.$"));
        schemas
    }

    fn response(&self, status: u16, answers: Answers, is_head: bool, components: &mut Components) -> Value {
        let renderers = self.view.renderer_classes(self.framework);
        let examples: Map<_, _> = answers.bodies.iter().map(|b| (slug(b), json!({ "value": b }))).collect();
        let mut schemas = answers.schemas;
        if !answers.bodies.is_empty() {
            schemas.insert(0, of_bodies(&answers.bodies));
        }
        let mut response = json!({ "description": description(status), "headers": self.headers(status, components) });
        // Only JSON: clients generated from the description do not read the pages of the browsable API.
        if !is_head && !schemas.is_empty() && renderers.contains(&Renderer::Json) {
            let mut media = json!({ "schema": any_of(schemas) });
            if !examples.is_empty() {
                media["examples"] = examples.into();
            }
            response["content"] = json!({ Renderer::Json.media_type(): media });
        }
        response
    }

    fn headers(&self, status: u16, components: &mut Components) -> Value {
        let mut headers = json!({});
        let mut add = |name: &str, description: &str, schema: Value| {
            let header = json!({ "description": description, "schema": schema });
            headers[name] = components.intern("headers", name, header);
        };
        add("Allow", "The methods of this path.", json!({ "type": "string", "const": self.view.allow() }));
        let renderers = self.view.renderer_classes(self.framework);
        let accepted = renderers.iter().map(|renderer| AcceptedRenderer { renderer: *renderer, indent: None });
        let varies: Vec<_> = accepted.filter_map(|accepted| vary(renderers, accepted).map(Value::from)).collect();
        if !varies.is_empty() {
            add("Vary", "The request headers that the answer depends on.", of_bodies(&varies));
        }
        match (status, self.view.challenge(self.req, self.framework)) {
            (401, Some(challenge)) => {
                let schema = json!({ "type": "string", "const": challenge });
                add("WWW-Authenticate", "How to authenticate.", schema);
            }
            (429 | 503, _) => {
                let schema = json!({ "type": "integer", "minimum": 0 });
                add("Retry-After", "Seconds to wait before the next attempt.", schema);
            }
            _ => {}
        }
        headers
    }
}

/// `{"detail": …}` with a text that matches `pattern`.
fn detail(pattern: &str) -> Value {
    super::shapes::object([("detail", json!({ "type": "string", "pattern": pattern }))])
}

/// The first text of a body, as a name.
fn slug(body: &Value) -> String {
    fn first_text(value: &Value) -> Option<&str> {
        match value {
            Value::String(text) => Some(text),
            Value::Array(items) => items.iter().find_map(first_text),
            Value::Object(object) => object.values().rev().find_map(first_text),
            _ => None,
        }
    }
    let text = first_text(body).unwrap_or("empty").to_lowercase();
    text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

/// `Token Obtain Pair` as `TokenObtainPair`.
pub(super) fn pascal_case(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric()).collect()
}

fn description(status: u16) -> &'static str {
    match status {
        200 => "Success.",
        204 => "Success, without a body.",
        304 => "What the client has is still current.",
        400 => "The body is invalid, or the `Host` is not allowed.",
        401 => "The credentials are missing or invalid.",
        403 => "The caller is not allowed to do this.",
        404 => "No such object or `format`.",
        405 => "The method is not in `Allow`.",
        406 => "No media type of the `Accept` header is available.",
        408 => "The body took too long to arrive.",
        413 => "The body is too large.",
        415 => "The media type of the body is not supported.",
        429 => "Too many requests.",
        503 => "The service is temporarily unavailable.",
        _ => "Server error.",
    }
}
