//! `Accept`, `Content-Type` and `?format=`.

use actix_simplejwt::rest_framework::mediatypes::MediaType;
use actix_simplejwt::rest_framework::negotiation::{query_param, select_renderer};
use actix_simplejwt::rest_framework::renderers::Renderer;
use actix_web::http::Uri;
use actix_web::http::header::{self, HeaderValue};
use actix_web::test::TestRequest;

use super::support::first_line;

/// A header on the first line, a query on the second. The result must be one of the available media types, or a 404 or
/// 406.
pub fn check(data: &[u8]) {
    let (accept, query) = first_line(data);
    let text = String::from_utf8_lossy(accept);
    let media_type = MediaType::parse(&text);
    for known in ["application/json", "text/html", "*/*", "multipart/form-data"] {
        let known = MediaType::parse(known);
        // Only the parameters of the server's media type count.
        let (matches, is_matched) = (known.matches(&media_type), media_type.matches(&known));
        assert!(matches == is_matched || (matches && text.contains('=')), "{text:?}");
    }
    for key in ["charset", "boundary", "q", ""] {
        assert!(media_type.param(key).is_none_or(|value| value.len() <= text.len()));
    }

    let query = String::from_utf8_lossy(query);
    assert!(query_param(&query, "format").is_none() || query.contains("format") || query.contains('%'));
    let uri = Uri::try_from(format!("/?{query}")).unwrap_or_default();
    let Ok(accept) = HeaderValue::from_bytes(accept) else { return };
    let request = TestRequest::default().uri(&uri.to_string()).insert_header((header::ACCEPT, accept));
    let request = request.to_http_request();
    for renderers in [&[Renderer::Json, Renderer::BrowsableApi][..], &[Renderer::BrowsableApi]] {
        match select_renderer(&request, renderers, Some("format")) {
            Ok(chosen) => {
                assert!(renderers.contains(&chosen.renderer));
                assert!(chosen.indent.is_none_or(|spaces| (1..=8).contains(&spaces)));
            }
            Err(error) => assert!(matches!(error.status().as_u16(), 404 | 406), "{error}"),
        }
    }
}
