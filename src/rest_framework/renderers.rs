//! How a response body is written. Python counterpart: `rest_framework.renderers`.

use actix_web::HttpResponse;
use actix_web::body::{MessageBody, to_bytes};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use super::mediatypes::MediaType;
use crate::http::common::escape;

/// `DEFAULT_RENDERER_CLASSES`: what a client may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renderer {
    /// `JSONRenderer`.
    Json,
    /// `BrowsableAPIRenderer`: the same response as a page.
    BrowsableApi,
}

impl Renderer {
    /// The renderer of that class name.
    #[must_use]
    pub fn from_class_name(name: &str) -> Option<Self> {
        match name {
            "JSONRenderer" => Some(Self::Json),
            "BrowsableAPIRenderer" => Some(Self::BrowsableApi),
            _ => None,
        }
    }

    /// Value of `?format=` that selects it.
    #[must_use]
    pub fn format(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::BrowsableApi => "api",
        }
    }

    /// Media type it writes.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::BrowsableApi => "text/html",
        }
    }

    pub(super) fn parsed_media_type(self) -> MediaType {
        MediaType::parse(self.media_type())
    }
}

/// The renderer chosen for a response, and the options that the client sent for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedRenderer {
    /// The renderer that writes the body.
    pub renderer: Renderer,
    /// `Accept: application/json; indent=4`: spaces per level, 1 to 8.
    pub indent: Option<usize>,
}

impl AcceptedRenderer {
    /// The renderer if negotiation failed: the first renderer of the view.
    #[must_use]
    pub fn fallback(renderers: &[Renderer]) -> Self {
        Self { renderer: renderers.first().copied().unwrap_or(Renderer::Json), indent: None }
    }
}

/// Whether `response` can be sent as it is: the client wants compact JSON, or it is not JSON. A browser gets a page for a 204 too.
pub(super) fn needs_no_change(accepted: AcceptedRenderer, response: &HttpResponse) -> bool {
    let is_json = || response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes() == b"application/json");
    match accepted.renderer {
        Renderer::Json => accepted.indent.is_none() || !is_json(),
        Renderer::BrowsableApi => response.status() != StatusCode::NO_CONTENT && !is_json(),
    }
}

/// Writes the JSON of `response` in the format that the client asked for.
pub(super) async fn render(view_name: &str, accepted: AcceptedRenderer, response: HttpResponse) -> HttpResponse {
    let (mut head, body) = response.into_parts();
    // Reading a body that is in memory cannot fail.
    let bytes = to_bytes(body).await.unwrap_or_default();
    let text = match accepted.renderer {
        Renderer::Json => indented(&bytes, accepted.indent),
        Renderer::BrowsableApi => {
            let json = indented(&bytes, Some(4));
            head.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            page(view_name, head.status().as_u16(), &json)
        }
    };
    head.set_body(text.boxed()).map_into_boxed_body()
}

pub(super) fn indented(bytes: &[u8], indent: Option<usize>) -> String {
    let (Some(width), Ok(value)) = (indent, serde_json::from_slice::<Value>(bytes)) else {
        return String::from_utf8_lossy(bytes).into_owned();
    };
    let spaces = " ".repeat(width);
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(spaces.as_bytes());
    let written = value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter));
    // Writing a `Value` to memory cannot fail; if it did, the compact form would do.
    let text = if written.is_ok() { text } else { bytes.to_vec() };
    String::from_utf8_lossy(&text).into_owned()
}

fn page(name: &str, status: u16, json: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"><title>{name}</title></head>\n<body>\n<h1>{name}</h1>\n\
         <pre>HTTP {status}\n\n{json}</pre>\n</body>\n</html>\n",
        name = escape(name),
        json = escape(json),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn text_in_a_page_is_escaped() {
        let response = HttpResponse::Ok().json(serde_json::json!({ "x": "</pre><script>" }));
        let accepted = AcceptedRenderer { renderer: Renderer::BrowsableApi, indent: None };
        let page = render("Token <Verify>", accepted, response).await;
        assert_eq!(page.headers().get(header::CONTENT_TYPE).unwrap(), "text/html; charset=utf-8");
        let text = String::from_utf8(to_bytes(page.into_body()).await.unwrap_or_default().to_vec()).unwrap();
        assert!(text.contains("Token &lt;Verify&gt;"), "{text}");
        assert!(!text.contains("<script>"), "{text}");
    }

    #[actix_web::test]
    async fn json_is_indented_on_request() {
        let response = HttpResponse::Ok().json(serde_json::json!({ "a": 1 }));
        let accepted = AcceptedRenderer { renderer: Renderer::Json, indent: Some(2) };
        let body = to_bytes(render("X", accepted, response).await.into_body()).await.unwrap_or_default();
        assert_eq!(body, "{\n  \"a\": 1\n}");
    }
}
