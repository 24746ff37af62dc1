//! What happens to every request before and after its view. Python counterpart: `MIDDLEWARE` of a new Django project.
//!
//! In this order: the request gets its id, the `Host` header is checked, preflight requests and those that should have
//! come by HTTPS are answered, the view runs, a missing slash becomes a redirect, the security headers go on, the line is
//! logged. Sessions, CSRF and messages have no counterpart: nothing
//! here uses cookies to know who is calling, except the older JWT package where its settings say so.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use futures_util::FutureExt;

use super::append_slash;
use super::cors::{self, Cors};
use super::host::{AllowedHosts, DisallowedHost};
use super::request_log::Entry;
use super::security::Security;
use crate::rest_framework::exceptions::Reason;
use crate::rest_framework::renderers::error_page;
use crate::server::connections::Busy;
use crate::server::health;
use crate::server::metrics::Worker;

/// The settings that concern every request.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `ALLOWED_HOSTS`.
    pub allowed_hosts: AllowedHosts,
    /// `APPEND_SLASH`.
    pub append_slash: bool,
    /// HTTPS, and the headers of every response.
    pub security: Security,
    /// Which other sites may call, if any.
    pub cors: Option<Cors>,
    /// Counters of this worker, when `METRICS_ADDRESS` is set.
    pub metrics: Option<Worker>,
}

/// Serves one request.
///
/// # Errors
/// When a handler panicked or something under the middleware failed: the response is in the error, since without a
/// request there is no [`ServiceResponse`] to put it in. Middleware outside this one must use its `error_response`.
pub async fn serve<B: MessageBody + 'static>(
    policy: &Policy,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, Error> {
    let entry = Entry::begin(&req);
    let busy = Busy::begin(&req);
    let has_hsts = policy.security.has_hsts(req.head());
    let outcome = match answer_at_once(policy, &req) {
        Some(response) => Ok(req.into_response(response)),
        // A panic would close the connection without an answer.
        None => match AssertUnwindSafe(async { next.call(req).await }).catch_unwind().await {
            Ok(outcome) => outcome.map(|response| response.map_into_boxed_body()),
            Err(_) => Err(server_error()),
        },
    };
    match outcome {
        Ok(response) => {
            let (req, mut response) = response.into_parts();
            if policy.append_slash && response.status() == StatusCode::NOT_FOUND {
                response = append_slash::redirect(&req).unwrap_or(response);
            }
            policy.security.add_headers(response.headers_mut(), has_hsts);
            if let Some(metrics) = &policy.metrics {
                entry.count(metrics, req.match_pattern(), &response);
            }
            entry.finish(&mut response);
            if let Some(busy) = busy {
                response = response.map_body(|_, body| busy.until_sent(body));
            }
            Ok(ServiceResponse::new(req, response))
        }
        Err(error) => {
            let mut response = error.error_response();
            policy.security.add_headers(response.headers_mut(), has_hsts);
            if let Some(metrics) = &policy.metrics {
                entry.count(metrics, None, &response);
            }
            entry.finish(&mut response);
            Err(InternalError::from_response(error, response).into())
        }
    }
}

/// The answer to a request that gets no further.
fn answer_at_once(policy: &Policy, req: &ServiceRequest) -> Option<HttpResponse> {
    if health::is_probe(req.path()) {
        return None;
    }
    if let Err(refusal) = policy.allowed_hosts.check_request(req.request()) {
        return Some(bad_host(&refusal));
    }
    if policy.cors.as_ref().is_some_and(|cors| cors.is_preflight(req.head())) {
        return Some(cors::preflight());
    }
    policy.security.redirect(req.request())
}

fn bad_host(refusal: &DisallowedHost) -> HttpResponse<BoxBody> {
    let mut response = error_page(StatusCode::BAD_REQUEST, "Bad Request (400)");
    response.extensions_mut().insert(Reason(refusal.to_string()));
    response
}

fn server_error() -> Error {
    let mut response = error_page(StatusCode::INTERNAL_SERVER_ERROR, "Server Error (500)");
    response.extensions_mut().insert(Reason("the handler panicked; the panic's own message is above".to_owned()));
    InternalError::from_response("panic", response).into()
}

/// The page for a path that no route has.
pub async fn page_not_found() -> HttpResponse {
    error_page(StatusCode::NOT_FOUND, "Not Found")
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use actix_web::body::to_bytes;
    use actix_web::dev::Service;
    use actix_web::http::header::{self, HeaderMap};
    use actix_web::test::{TestRequest, init_service};
    use actix_web::{App, middleware, web};

    use super::super::security::SecuritySettings;
    use super::*;

    async fn panicking() -> HttpResponse {
        panic!("on purpose")
    }

    /// Status, headers and body of `req`, sent to an application with a few routes under this middleware.
    async fn send(req: TestRequest) -> (u16, HeaderMap, String) {
        let policy = Rc::new(Policy {
            allowed_hosts: AllowedHosts::new(&["good.example".to_owned()], false),
            append_slash: true,
            security: Security::new(&SecuritySettings::default()).unwrap(),
            cors: None,
            metrics: None,
        });
        let service = init_service(
            App::new()
                .wrap(middleware::from_fn(move |req, next| {
                    let policy = Rc::clone(&policy);
                    async move { serve(&policy, req, next).await }
                }))
                .service(web::resource("/thing/").to(|| async { "a thing" }))
                .service(web::scope("/api").service(web::resource("/gone/").to(page_not_found)))
                .service(web::resource("/panic/").to(panicking))
                .default_service(web::to(page_not_found)),
        )
        .await;
        let response = match service.call(req.to_request()).await {
            Ok(response) => response.into_parts().1,
            Err(error) => error.error_response(),
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap_or_default();
        (status, headers, String::from_utf8(body.to_vec()).unwrap())
    }

    fn get(path: &str) -> TestRequest {
        TestRequest::get().uri(path).insert_header((header::HOST, "good.example"))
    }

    #[actix_web::test]
    async fn every_answer_has_the_security_headers_and_an_id() {
        for path in ["/thing/", "/thing", "/nowhere/", "/panic/"] {
            let (_, headers, _) = send(get(path)).await;
            assert_eq!(headers.get("x-frame-options").unwrap(), "DENY", "{path}");
            assert_eq!(headers.get("x-content-type-options").unwrap(), "nosniff", "{path}");
            assert_eq!(headers.get("referrer-policy").unwrap(), "same-origin", "{path}");
            assert_eq!(headers.get("cross-origin-opener-policy").unwrap(), "same-origin", "{path}");
            assert_eq!(headers.get_all("x-request-id").count(), 1, "{path}");
        }
    }

    #[actix_web::test]
    async fn an_id_of_the_client_comes_back_when_it_is_a_plain_word() {
        let (_, headers, _) = send(get("/thing/").insert_header(("X-Request-ID", "trace-77"))).await;
        assert_eq!(headers.get("x-request-id").unwrap(), "trace-77");
        let (_, headers, _) = send(get("/thing/").insert_header(("X-Request-ID", "two words"))).await;
        assert_ne!(headers.get("x-request-id").unwrap(), "two words");
    }

    #[actix_web::test]
    async fn a_missing_slash_is_a_301_for_every_method() {
        for req in [get("/thing?a=1"), get("/thing?a=1").method(actix_web::http::Method::POST)] {
            let (status, headers, body) = send(req).await;
            assert_eq!(status, 301);
            assert_eq!(headers.get(header::LOCATION).unwrap(), "/thing/?a=1");
            assert_eq!(headers.get(header::CONTENT_TYPE).unwrap(), "text/html; charset=utf-8");
            assert_eq!(body, "");
        }
    }

    #[actix_web::test]
    async fn only_a_route_attracts_a_slash() {
        for path in ["/nothing", "/thin", "/THING", "/thing/x", "//thing", "/api/gone/"] {
            let (status, headers, body) = send(get(path)).await;
            assert_eq!(status, 404, "{path}");
            assert_eq!(headers.get(header::CONTENT_TYPE).unwrap(), "text/html; charset=utf-8", "{path}");
            assert!(body.contains("<h1>Not Found</h1>"), "{path}: {body}");
        }
        assert_eq!(send(get("/api/gone")).await.0, 301);
    }

    #[actix_web::test]
    async fn a_foreign_host_is_refused_before_the_path_is_looked_at() {
        for path in ["/thing/", "/thing", "/nowhere/"] {
            let (status, headers, body) = send(get(path).insert_header((header::HOST, "evil.example"))).await;
            assert_eq!(status, 400, "{path}");
            assert_eq!(headers.get(header::CONTENT_TYPE).unwrap(), "text/html; charset=utf-8");
            assert!(body.contains("<h1>Bad Request (400)</h1>"), "{body}");
        }
    }

    #[actix_web::test]
    async fn a_panic_is_a_500_and_the_next_request_is_served() {
        let (status, _, body) = send(get("/panic/")).await;
        assert_eq!(status, 500);
        assert!(body.contains("<h1>Server Error (500)</h1>"), "{body}");
        assert!(!body.contains("on purpose"));
        assert_eq!(send(get("/thing/")).await.0, 200);
    }
}
