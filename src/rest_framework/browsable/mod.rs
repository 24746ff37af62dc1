//! A response as a page, with forms for what the caller may do. Python counterpart: `BrowsableAPIRenderer` of
//! `rest_framework.renderers`.
//!
//! A view has a page if `BrowsableAPIRenderer` is among its renderers and the client prefers HTML, as browsers do. The page works
//! without a script, except for methods other than GET and POST and for bodies in other formats than forms.

mod json;
mod page;
mod static_files;
mod urls;
mod views;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use serde_json::{Map, Value};

pub(super) use self::page::render;
pub use self::urls::configure;
use crate::http::headers::title_case;
use crate::http::query_dict::{QueryDict, quote_plus};
use crate::rest_framework::authentication::Caller;

/// The name of the login's resource, for links: `{% url 'rest_framework:login' %}`.
const LOGIN: &str = "rest_framework:login";
const LOGOUT: &str = "rest_framework:logout";

/// The beginning of the resource name of a view, for the breadcrumbs.
const VIEW: &str = "rest_framework:view:";

/// The data of a request that its page shows, kept in the extensions of the request.
#[derive(Default)]
pub(super) struct PageRequest {
    /// `request.user` and `request.auth`, if there are any.
    pub(super) caller: Option<Caller>,
    /// The fields of a body that was refused.
    pub(super) refused: Option<Map<String, Value>>,
}

impl PageRequest {
    /// Keeps the caller, if the response will be a page.
    pub(super) fn authenticated(req: &HttpRequest, caller: Option<&Caller>) {
        if let Some(page) = req.extensions_mut().get_mut::<Self>() {
            page.caller = caller.cloned();
        }
    }

    /// Keeps the fields of a body that was refused, if the response will be a page.
    pub(super) fn refuse(req: &HttpRequest, fields: &Map<String, Value>) {
        if let Some(page) = req.extensions_mut().get_mut::<Self>() {
            page.refused = Some(fields.clone());
        }
    }
}

/// The name of the resource of a view.
pub(super) fn resource_name(view: &str, path: &str) -> String {
    format!("{VIEW}{view}\n{path}")
}

/// A step of the breadcrumbs.
struct Crumb {
    name: String,
    url: String,
}

/// The views at the path of the request and above it, the topmost first: `get_breadcrumbs`. Their addresses keep the parameter
/// of the format, which `parameter` names.
fn breadcrumbs(req: &HttpRequest, parameter: Option<&str>) -> Vec<Crumb> {
    let query = QueryDict::parse(req.query_string().as_bytes());
    let format = parameter.and_then(|name| Some(format!("?{}={}", quote_plus(name), quote_plus(query.get(name)?))));
    let format = format.unwrap_or_default();
    let (mut crumbs, mut path) = (Vec::<Crumb>::new(), req.path());
    while !path.is_empty() {
        let name = req.resource_map().match_name(path).and_then(|name| name.strip_prefix(VIEW)?.split('\n').next());
        crumbs.extend(name.map(|name| Crumb { name: name.to_owned(), url: format!("{path}{format}") }));
        path = match path.strip_suffix('/') {
            Some(shorter) => shorter,
            None => path.rfind('/').map_or("", |slash| &path[..=slash]),
        };
    }
    crumbs.reverse();
    crumbs
}

/// The path of the resource with that name, if it is mounted.
fn url_of(req: &HttpRequest, name: &str) -> Option<String> {
    Some(req.url_for_static(name).ok()?.path().to_owned())
}

/// Path and query.
fn full_path(req: &HttpRequest) -> String {
    match req.query_string() {
        "" => req.path().to_owned(),
        query => format!("{}?{query}", req.path()),
    }
}

/// The value of `next`: slashes stay as they are.
fn quoted(path: &str) -> String {
    quote_plus(path).replace("%2F", "/")
}

/// Scripts and styles of this site and nothing inline; forms and requests lead to this site, and no site shows the page in a frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The data of every page.
fn page_headers(response: &mut HttpResponse) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(CONTENT_SECURITY_POLICY));
}

/// A header as it is usually written: `www-authenticate` as `WWW-Authenticate`.
fn canonical_case(name: &HeaderName) -> String {
    title_case(name.as_str()).replace("Www", "WWW")
}

/// The methods that HTML forms do not have.
const OTHER_METHODS: [Method; 2] = [Method::PUT, Method::PATCH];
