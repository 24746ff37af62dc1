//! Pages as responses. Python counterpart: `django.template.response.TemplateResponse`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType, HeaderValue};
use askama::Template;

use super::static_files;
use crate::http::error_pages::server_error;

/// Scripts, styles and pictures of this site, and nothing inline. Forms lead to this site, and no site shows the pages in
/// a frame.
pub const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);

/// An error page without the frame of the admin site.
#[derive(Debug, Template)]
#[template(path = "admin/error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    heading: &'a str,
    paragraphs: &'a [&'a str],
    root: &'a str,
    css_url: String,
    icon_url: String,
}

/// The page `template` as a response with this status.
#[must_use]
pub fn render(status: StatusCode, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(body) => HttpResponse::build(status)
            .insert_header(ContentType::html())
            .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
            .body(body),
        Err(error) => server_error(error.to_string()),
    }
}

/// The page for an address that does not exist (404). `root` is the address of the admin site.
#[must_use]
pub fn page_not_found(root: &str) -> HttpResponse {
    let paragraphs = ["The requested resource was not found on this server."];
    error_page(StatusCode::NOT_FOUND, "Not Found", "Not Found", &paragraphs, root)
}

/// The page for a missing permission (403).
#[must_use]
pub fn permission_denied(root: &str) -> HttpResponse {
    error_page(StatusCode::FORBIDDEN, "403 Forbidden", "403 Forbidden", &[], root)
}

/// The page for a request that cannot be read (400).
#[must_use]
pub fn bad_request(root: &str) -> HttpResponse {
    error_page(StatusCode::BAD_REQUEST, "Bad Request (400)", "Bad Request (400)", &[], root)
}

fn error_page(status: StatusCode, title: &str, heading: &str, paragraphs: &[&str], root: &str) -> HttpResponse {
    let page = ErrorPage {
        title,
        heading,
        paragraphs,
        root,
        css_url: static_files::css_url(),
        icon_url: static_files::icon_url(),
    };
    render(status, &page)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;

    #[actix_web::test]
    async fn a_refusal_is_a_page_with_the_policy() {
        for (response, status, title, heading) in [
            (page_not_found("/admin/"), 404, "Not Found", "Not Found"),
            (permission_denied("/admin/"), 403, "403 Forbidden", "403 Forbidden"),
            (bad_request("/admin/"), 400, "Bad Request (400)", "Bad Request (400)"),
        ] {
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().get(header::CONTENT_SECURITY_POLICY).unwrap(), CONTENT_SECURITY_POLICY);
            assert_eq!(response.headers().get(header::CONTENT_TYPE).unwrap(), "text/html; charset=utf-8");
            let body = to_bytes(response.into_body()).await.unwrap();
            let body = std::str::from_utf8(&body).unwrap();
            assert!(body.contains(&format!("<title>{title}</title>")), "{body}");
            assert!(body.contains(&format!("<h1>{heading}</h1>")), "{body}");
            assert!(body.contains("<a href=\"/admin/\">"), "{body}");
        }
    }
}
