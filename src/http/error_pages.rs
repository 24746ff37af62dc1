//! Django's own pages for errors. Python counterpart: `django.views.defaults`.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType, HeaderValue};

use super::log_data::{Reason, RefusalKind};

/// The page for a request that Django calls suspicious (400).
#[must_use]
pub fn bad_request(reason: String) -> HttpResponse {
    with_reason(error_page(StatusCode::BAD_REQUEST, "Bad Request (400)", ""), Reason::refused(reason, None))
}

/// The page for a path without a route (404).
pub async fn page_not_found() -> HttpResponse {
    error_page(StatusCode::NOT_FOUND, "Not Found", "The requested resource was not found on this server.")
}

/// The page for a failure (500).
#[must_use]
pub fn server_error(cause: String) -> HttpResponse {
    with_reason(error_page(StatusCode::INTERNAL_SERVER_ERROR, "Server Error (500)", ""), Reason::failed(cause, None))
}

/// The page for something that does not answer for the moment (503), such as the database. Not in Django, which answers 500.
#[must_use]
pub fn service_unavailable(cause: String) -> HttpResponse {
    let mut response = error_page(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable (503)", "");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    with_reason(response, Reason::failed(cause, Some(RefusalKind::Unavailable)))
}

fn with_reason(mut response: HttpResponse, reason: Reason) -> HttpResponse {
    response.extensions_mut().insert(reason);
    response
}

/// `ERROR_PAGE_TEMPLATE`, which begins with a line break.
fn error_page(status: StatusCode, title: &str, details: &str) -> HttpResponse<BoxBody> {
    let body = format!(
        "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>{title}</title>\n</head>\n<body>\n  <h1>{title}</h1>\
         <p>{details}</p>\n</body>\n</html>\n"
    );
    HttpResponse::build(status).insert_header(ContentType::html()).body(body)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;

    #[actix_web::test]
    async fn the_pages_are_those_of_django_without_templates() {
        const END: &str = "</p>\n</body>\n</html>\n";
        for (page, status, title, details) in [
            (bad_request(String::new()), 400, "Bad Request (400)", ""),
            (page_not_found().await, 404, "Not Found", "The requested resource was not found on this server."),
            (server_error(String::new()), 500, "Server Error (500)", ""),
            (service_unavailable(String::new()), 503, "Service Unavailable (503)", ""),
        ] {
            assert_eq!(page.status(), status);
            assert_eq!(page.headers().get(header::CONTENT_TYPE).unwrap(), "text/html; charset=utf-8");
            let head = format!("\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>{title}</title>\n</head>\n");
            let body = format!("{head}<body>\n  <h1>{title}</h1><p>{details}{END}");
            assert_eq!(to_bytes(page.into_body()).await.unwrap(), body);
        }
    }
}
