//! Redirects to the path with a slash at the end. Python counterpart: `APPEND_SLASH` of
//! `django.middleware.common.CommonMiddleware`.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::middleware::{Middleware, RequestInfo};

/// `django.middleware.common.CommonMiddleware`.
#[derive(Clone, Copy, Debug)]
pub struct CommonMiddleware {
    append_slash: bool,
}

impl CommonMiddleware {
    /// `append_slash` is the setting `APPEND_SLASH`.
    #[must_use]
    pub fn new(append_slash: bool) -> Self {
        Self { append_slash }
    }
}

impl Middleware for CommonMiddleware {
    fn process_response(&self, info: &RequestInfo, response: &mut HttpResponse) {
        if self.append_slash
            && response.status() == StatusCode::NOT_FOUND
            && let Some(redirect) = info.request.as_ref().and_then(redirect)
        {
            *response = redirect;
        }
    }
}

/// Characters that Django's `escape_uri_path` leaves unchanged.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'+')
    .remove(b'$')
    .remove(b',')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// The 301 for a path that has a route only with a slash at the end.
///
/// As in Django it is a 301 for every method, although clients then repeat a `POST` as a `GET`.
fn redirect(req: &HttpRequest) -> Option<HttpResponse> {
    let path = decode_path(req.path());
    let routes = req.resource_map();
    if path.ends_with('/') || routes.has_resource(&path) || !routes.has_resource(&format!("{path}/")) {
        return None;
    }
    permanent_redirect(&location(req.path(), req.query_string()))
}

/// `HttpResponsePermanentRedirect`. `None` if `location` cannot be a header.
pub(super) fn permanent_redirect(location: &str) -> Option<HttpResponse> {
    let location = HeaderValue::from_str(location).ok()?;
    let mut response = HttpResponse::build(StatusCode::MOVED_PERMANENTLY);
    response.insert_header((header::LOCATION, location));
    response.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"));
    Some(response.finish())
}

/// Escapes text for HTML, as `django.utils.html.escape`.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#x27;")
}

/// Django's function of that name, for a path as the client sent it.
pub(crate) fn escape_uri_path(path: &str) -> String {
    utf8_percent_encode(&decode_path(path), PATH).to_string()
}

/// Django's `get_path_info`: what a path as the client sent it means. Bytes that are not UTF-8 stay as they were sent.
pub(crate) fn decode_path(path: &str) -> String {
    let bytes: Vec<u8> = percent_decode_str(path).collect();
    let mut decoded = String::new();
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|byte| format!("%{byte:02X}")));
    }
    decoded
}

fn location(path: &str, query: &str) -> String {
    let mut location = escape_uri_path(path);
    // `//host/` would send the browser to another site.
    if let Some(rest) = location.strip_prefix("//") {
        location = format!("/%2F{rest}");
    }
    location.push('/');
    if !query.is_empty() {
        location.push('?');
        location.push_str(query);
    }
    location
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_location_keeps_the_query_and_stays_on_this_site() {
        for (path, query, expected) in [
            ("/api/token", "", "/api/token/"),
            ("/api/token", "a=1&b=%20", "/api/token/?a=1&b=%20"),
            ("//evil.com", "", "/%2Fevil.com/"),
            ("/%2Fevil.com", "", "/%2Fevil.com/"),
            ("/a%20b", "", "/a%20b/"),
            ("/a%0d%0aX: y", "", "/a%0D%0AX:%20y/"),
            ("/%D1%8F", "", "/%D1%8F/"),
            ("/%d1%8f%d1/%41", "", "/%D1%8F%25D1/A/"),
        ] {
            assert_eq!(location(path, query), expected, "{path}");
        }
    }
}
