//! The page of a response.

use actix_web::body::{MessageBody, to_bytes};
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use askama::Template;
use serde_json::{Map, Value, json};

use super::json::{JsonSpan, parts};
use super::{
    Crumb, LOGIN, LOGOUT, OTHER_METHODS, PageRequest, breadcrumbs, canonical_case, full_path, page_headers, quoted,
    url_of,
};
use crate::core::python;
use crate::http::csrf;
use crate::http::error_pages::server_error;
use crate::http::query_dict::QueryDict;
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::fields::AnyField;
use crate::rest_framework::parsers::Parser;
use crate::rest_framework::permissions::{Admits, check_permissions};
use crate::rest_framework::renderers::{Renderer, indented};
use crate::rest_framework::state::RestFramework;
use crate::rest_framework::views::MountedView;

/// How many spaces a level of JSON has.
const INDENT: usize = 4;

/// What DRF shows in place of the body if the view has no renderer except this page.
const NO_RENDERERS: &str = "[No renderers were found]";

#[derive(Template)]
#[template(path = "rest_framework/api.html")]
struct ApiPage<'a> {
    name: &'a str,
    user: Option<String>,
    login_url: Option<String>,
    logout_url: Option<String>,
    full_path: String,
    next: String,
    csrf_token: String,
    csrf_header: String,
    breadcrumbs: Vec<Crumb>,
    /// `None` for a caller who may not use the view.
    description: Option<&'a str>,
    method: String,
    status: String,
    headers: Vec<ResponseHeader>,
    parts: Vec<JsonSpan<'a>>,
    can_get: bool,
    can_options: bool,
    can_delete: bool,
    formats: Vec<Format>,
    post: Option<Post>,
    put: Option<Put>,
}

struct ResponseHeader {
    name: String,
    value: String,
}

/// A link to another format.
struct Format {
    name: &'static str,
    url: String,
}

/// What a `POST` may send.
struct Post {
    /// The fields of the form, if there is a serializer and a parser for forms.
    fields: Option<Vec<InputField>>,
    media_types: Vec<&'static str>,
    content: String,
}

/// What a `PUT` or a `PATCH` may send.
struct Put {
    methods: Vec<String>,
    media_types: Vec<&'static str>,
    content: String,
}

struct InputField {
    name: String,
    label: String,
    kind: &'static str,
    value: String,
    is_checked: bool,
    errors: Vec<String>,
}

/// The page that shows `response`, whose body is JSON.
pub(in crate::rest_framework) async fn render(
    mounted: &MountedView,
    req: &HttpRequest,
    framework: &RestFramework,
    response: HttpResponse,
) -> HttpResponse {
    let (mut head, body) = response.into_parts();
    // Reading a body that is in memory cannot fail.
    let bytes = to_bytes(body).await.unwrap_or_default();
    let json = indented(&bytes, Some(INDENT));
    let PageRequest { caller, refused } = req.extensions_mut().remove::<PageRequest>().unwrap_or_default();
    let status = head.status();
    let may_use = Allowed { mounted, req, framework, caller: caller.as_ref() };
    let post = match may_use.method(&Method::POST).await {
        true => Some(post(mounted, req, framework, status, &bytes, refused)),
        false => None,
    };
    let mut put_methods = Vec::new();
    for method in OTHER_METHODS {
        if may_use.method(&method).await {
            put_methods.push(method.to_string());
        }
    }
    let is_handled = |method: &Method| mounted.view().handles(method);
    let page = ApiPage {
        name: mounted.view().name,
        login_url: url_of(req, LOGIN),
        logout_url: url_of(req, LOGOUT),
        full_path: full_path(req),
        next: quoted(req.path()),
        csrf_token: csrf::get_token(req),
        csrf_header: csrf::header_name(req).to_ascii_uppercase(),
        breadcrumbs: breadcrumbs(req, framework.settings.url_format_override.as_deref()),
        // The page says nothing about the view to a caller who may not use it.
        description: (!matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN))
            .then_some(mounted.view().description),
        method: req.method().to_string(),
        status: format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default()).trim().to_owned(),
        headers: headers(mounted, framework, head.headers()),
        parts: match other_renderer(mounted, framework) {
            Some(_) => parts(&json),
            None => vec![JsonSpan { class: "", text: NO_RENDERERS }],
        },
        can_get: is_handled(&Method::GET),
        can_options: may_use.method(&Method::OPTIONS).await,
        can_delete: may_use.method(&Method::DELETE).await,
        formats: formats(mounted, req, framework),
        put: (!put_methods.is_empty()).then(|| Put {
            methods: put_methods,
            media_types: media_types(mounted, framework),
            content: content(mounted, framework, &fields(mounted, req)),
        }),
        post,
        user: caller.map(|caller| match caller.user.username() {
            "" => caller.user.to_string(),
            username => username.to_owned(),
        }),
    };
    match page.render() {
        Ok(text) => {
            head.headers_mut().remove(header::CONTENT_LENGTH);
            let mut response = head.set_body(text.boxed()).map_into_boxed_body();
            page_headers(&mut response);
            response
        }
        Err(error) => server_error(error.to_string()),
    }
}

/// Asks what the caller may do.
struct Allowed<'a> {
    mounted: &'a MountedView,
    req: &'a HttpRequest,
    framework: &'a RestFramework,
    caller: Option<&'a Caller>,
}

impl Allowed<'_> {
    /// Whether the view has `method` and the caller may use it: `show_form_for_method`.
    ///
    /// A permission that depends on the user is asked about the current request. So the page may have a form for a method that is
    /// refused when it is sent.
    async fn method(&self, method: &Method) -> bool {
        let view = self.mounted.view();
        if !view.handles(method) {
            return false;
        }
        for class in view.permission_classes(self.framework) {
            let is_allowed = match class.admits(method) {
                Admits::Everyone => true,
                Admits::EveryUser => self.caller.is_some(),
                Admits::SomeUsers => {
                    let classes = std::slice::from_ref(class);
                    check_permissions(self.req, classes, self.caller, true).await.is_ok()
                }
            };
            if !is_allowed {
                return false;
            }
        }
        true
    }
}

/// The renderer whose output the page shows: `get_default_renderer`.
fn other_renderer(mounted: &MountedView, framework: &RestFramework) -> Option<Renderer> {
    let renderers = mounted.view().renderer_classes(framework);
    renderers.iter().copied().find(|renderer| *renderer != Renderer::BrowsableApi)
}

/// The headers as DRF shows them: those of the JSON response of the view.
fn headers(mounted: &MountedView, framework: &RestFramework, of_response: &HeaderMap) -> Vec<ResponseHeader> {
    let is_shown = |name: &HeaderName| !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH);
    let mut headers: Vec<_> = of_response
        .iter()
        .filter(|(name, _)| is_shown(name))
        .map(|(name, value)| ResponseHeader {
            name: canonical_case(name),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        })
        .collect();
    headers.push(ResponseHeader { name: "Allow".to_owned(), value: mounted.view().allow() });
    let content_type = other_renderer(mounted, framework).map_or("", Renderer::media_type);
    headers.push(ResponseHeader { name: "Content-Type".to_owned(), value: content_type.to_owned() });
    if mounted.view().renderer_classes(framework).len() > 1 {
        headers.push(ResponseHeader { name: "Vary".to_owned(), value: "Accept".to_owned() });
    }
    headers.sort_by(|one, other| one.name.cmp(&other.name));
    headers
}

/// Links to the formats, if a setting names the parameter for it.
fn formats(mounted: &MountedView, req: &HttpRequest, framework: &RestFramework) -> Vec<Format> {
    let Some(parameter) = framework.settings.url_format_override.as_deref() else { return Vec::new() };
    let link = |name: &'static str| {
        let mut query = QueryDict::parse(req.query_string().as_bytes());
        query.remove(parameter);
        query.push(parameter, name);
        let query = query.sorted();
        Format { name, url: format!("{}?{}", req.path(), query.urlencode()) }
    };
    mounted.view().renderer_classes(framework).iter().map(|renderer| link(renderer.format())).collect()
}

fn media_types(mounted: &MountedView, framework: &RestFramework) -> Vec<&'static str> {
    mounted.parser_classes(framework).iter().map(|parser| parser.media_type()).collect()
}

/// The fields that a request may have.
fn fields(mounted: &MountedView, req: &HttpRequest) -> Vec<AnyField> {
    let fields = mounted.view().fields.map(|fields| fields(req)).unwrap_or_default();
    fields.into_iter().filter(|field| !field.read_only()).collect()
}

/// The fields as JSON without values. Empty if the view names none, and if the type that is selected first is not JSON.
fn content(mounted: &MountedView, framework: &RestFramework, fields: &[AnyField]) -> String {
    if fields.is_empty() || mounted.parser_classes(framework).first() != Some(&Parser::Json) {
        return String::new();
    }
    let empty = |field: &AnyField| {
        let value = if matches!(field, AnyField::Boolean(_)) { json!(false) } else { json!("") };
        (field.name().to_owned(), value)
    };
    let fields: Map<String, Value> = fields.iter().map(empty).collect();
    indented(Value::Object(fields).to_string().as_bytes(), Some(INDENT))
}

/// What a `POST` may send. After a `POST` with invalid fields, the form has its values and the messages of `body`.
fn post(
    mounted: &MountedView,
    req: &HttpRequest,
    framework: &RestFramework,
    status: StatusCode,
    body: &[u8],
    refused: Option<Map<String, Value>>,
) -> Post {
    let fields = fields(mounted, req);
    let parsers = mounted.parser_classes(framework);
    let has_form =
        !fields.is_empty() && parsers.iter().any(|parser| matches!(parser, Parser::Form | Parser::MultiPart));
    let refused = refused.filter(|_| status == StatusCode::BAD_REQUEST);
    let errors: Map<String, Value> =
        refused.as_ref().and_then(|_| serde_json::from_slice(body).ok()).unwrap_or_default();
    let filled = |field: &AnyField| {
        let name = field.name().to_owned();
        let value = refused.as_ref().and_then(|values| values.get(&name)).map(text).unwrap_or_default();
        let is_checkbox = matches!(field, AnyField::Boolean(_));
        let messages = errors.get(&name).and_then(Value::as_array);
        let messages = messages.into_iter().flatten().filter_map(Value::as_str);
        InputField {
            label: field.label(),
            kind: match field {
                AnyField::Boolean(_) => "checkbox",
                AnyField::Char(_) if name.contains("password") => "password",
                AnyField::Char(_) => "text",
            },
            is_checked: is_checkbox && matches!(value.as_str(), "true" | "True" | "on" | "1"),
            value: if is_checkbox { "true".to_owned() } else { value },
            errors: messages.map(str::to_owned).collect(),
            name,
        }
    };
    Post {
        fields: has_form.then(|| fields.iter().map(filled).collect()),
        media_types: media_types(mounted, framework),
        content: content(mounted, framework, &fields),
    }
}

/// A value as a text field shows it: as Python writes it, and nothing for a value that is false in Python.
fn text(value: &Value) -> String {
    if python::is_true(value) { python::text(value) } else { String::new() }
}
