//! Which renderer answers. Python counterpart: `rest_framework.negotiation`.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::exceptions::ApiError;
use super::mediatypes::{MAX_MEDIA_TYPE_LENGTH, MediaType};
use super::renderers::{AcceptedRenderer, Renderer};

/// DRF's bounds: a longer `Accept` header is cut, a longer media type is skipped.
const MAX_ACCEPT_LENGTH: usize = 8192;
const MAX_ACCEPT_TOKENS: usize = 64;

/// Chooses among `renderers`, given in order of preference, by `?format=` (named `format_override`) and `Accept`.
///
/// # Errors
/// 404 for a format that no renderer has, 406 when `Accept` names none of them.
pub fn select_renderer(
    req: &HttpRequest,
    renderers: &[Renderer],
    format_override: Option<&str>,
) -> Result<AcceptedRenderer, ApiError> {
    if let Some(renderer) = exact_match(req, renderers) {
        return Ok(AcceptedRenderer { renderer, indent: None });
    }
    let format = format_override.and_then(|name| query_param(req.query_string(), name)).filter(|f| !f.is_empty());
    let allowed = |renderer: &&Renderer| format.as_deref().is_none_or(|format| renderer.format() == format);
    if !renderers.iter().any(|renderer| allowed(&renderer)) {
        return Err(ApiError::not_found());
    }
    let accepts = accept_list(req);
    for precedence in [3, 2, 1, 0] {
        for renderer in renderers.iter().filter(allowed) {
            let own = renderer.parsed_media_type();
            for wanted in accepts.iter().filter(|wanted| wanted.precedence() == precedence) {
                if own.matches(wanted) {
                    let indent = wanted.param("indent").and_then(|text| text.trim().parse::<i64>().ok());
                    // DRF clamps to 0..=8 and takes 0 as "not indented".
                    let indent = indent.map(|n| n.clamp(0, 8)).filter(|n| *n > 0);
                    return Ok(AcceptedRenderer {
                        renderer: *renderer,
                        indent: indent.and_then(|n| n.try_into().ok()),
                    });
                }
            }
        }
    }
    Err(ApiError::not_acceptable())
}

/// The result for nearly every request, without parsing media types: there is no query, and `Accept` is missing, `*/*`, or the
/// media type of a renderer to the letter.
fn exact_match(req: &HttpRequest, renderers: &[Renderer]) -> Option<Renderer> {
    if !req.query_string().is_empty() {
        return None;
    }
    let mut values = req.headers().get_all(header::ACCEPT).map(header::HeaderValue::as_bytes);
    match (values.next(), values.next()) {
        (None | Some(b"*/*"), None) => renderers.first().copied(),
        (Some(one), None) => renderers.iter().copied().find(|renderer| renderer.media_type().as_bytes() == one),
        _ => None,
    }
}

fn accept_list(req: &HttpRequest) -> Vec<MediaType> {
    let values: Vec<_> = req.headers().get_all(header::ACCEPT).map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
    let mut header = if values.is_empty() { "*/*".to_owned() } else { values.join(",") };
    if header.len() > MAX_ACCEPT_LENGTH {
        let cut = header.as_bytes()[..MAX_ACCEPT_LENGTH].iter().rposition(|b| *b == b',').unwrap_or(0);
        header.truncate(cut);
    }
    header
        .split(',')
        .map(str::trim)
        .filter(|token| !token.is_empty() && token.len() <= MAX_MEDIA_TYPE_LENGTH)
        .take(MAX_ACCEPT_TOKENS)
        .map(MediaType::parse)
        .collect()
}

/// The last value of `name` in a query string: what Django's `QueryDict.get` gives.
#[must_use]
pub fn query_param(query: &str, name: &str) -> Option<String> {
    if query.is_empty() {
        return None;
    }
    url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name).last().map(|(_, v)| v.into_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const BOTH: &[Renderer] = &[Renderer::Json, Renderer::BrowsableApi];

    fn select(accept: &str, uri: &str) -> Result<AcceptedRenderer, ApiError> {
        let req = TestRequest::with_uri(uri).insert_header(("Accept", accept)).to_http_request();
        select_renderer(&req, BOTH, Some("format"))
    }

    #[test]
    fn the_more_specific_media_type_wins() {
        assert_eq!(select("*/*", "/").unwrap().renderer, Renderer::Json);
        assert_eq!(select("*/*, text/html", "/").unwrap().renderer, Renderer::BrowsableApi);
        assert_eq!(select("text/html, application/json", "/").unwrap().renderer, Renderer::Json);
        assert_eq!(select("text/*", "/").unwrap().renderer, Renderer::BrowsableApi);
        assert_eq!(select("APPLICATION/Json;q=0.1", "/").unwrap().renderer, Renderer::Json);
    }

    #[test]
    fn an_unacceptable_type_is_406_and_an_unknown_format_404() {
        assert_eq!(select("application/xml", "/").unwrap_err().status(), 406);
        assert_eq!(select("", "/").unwrap_err().status(), 406);
        assert_eq!(select("*/*", "/?format=xml").unwrap_err().status(), 404);
        assert_eq!(select("text/html", "/?format=json").unwrap_err().status(), 406);
        assert_eq!(select("*/*", "/?format=api").unwrap().renderer, Renderer::BrowsableApi);
    }

    #[test]
    fn indent_is_read_and_clamped() {
        assert_eq!(select("application/json; indent=4", "/").unwrap().indent, Some(4));
        assert_eq!(select("application/json; indent=99", "/").unwrap().indent, Some(8));
        assert_eq!(select("*/*; indent=2", "/").unwrap().indent, Some(2));
        assert_eq!(select("application/json; indent=0", "/").unwrap().indent, None);
    }
}
