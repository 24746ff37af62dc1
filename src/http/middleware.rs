//! The processing of every request before and after its view. Python counterpart: Django's middleware.
//!
//! `MIDDLEWARE` is a list of [`Middleware`] in the project's `settings.rs`. A request passes the list from top to bottom, and
//! its response from bottom to top. One actix middleware, [`MiddlewareStack::serve`], drives the list, so that an entry
//! costs a call and no allocation.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::cookies;
use super::error_pages::server_error;
use crate::apps::Registry;

/// An entry of `MIDDLEWARE`.
pub trait Middleware: Send + Sync {
    /// Runs before the view. If it returns a response, neither the entries below nor the view get the request.
    fn process_request(&self, req: &ServiceRequest, info: &mut RequestInfo) -> Option<HttpResponse> {
        let _ = (req, info);
        None
    }

    /// Does work that has to be awaited, such as writing a session to the database, before [`Middleware::process_response`].
    /// Default: `None`, nothing.
    fn save<'a>(&'a self, info: &'a RequestInfo, response: &'a mut HttpResponse) -> Option<LocalBoxFuture<'a, ()>> {
        let _ = (info, response);
        None
    }

    /// Runs on every response, also on one that an entry above has made.
    fn process_response(&self, info: &RequestInfo, response: &mut HttpResponse) {
        let _ = (info, response);
    }
}

/// The data about a request after its view.
pub struct RequestInfo {
    /// Such as `GET`.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// The time at which the request came.
    pub start: Instant,
    /// `X-Request-ID` of the response; set by [`RequestLogMiddleware`](super::request_log::RequestLogMiddleware).
    pub id: Option<HeaderValue>,
    /// Whether the client uses HTTPS; set by `SecurityMiddleware`.
    pub is_secure: bool,
    /// Whether the request has cookies or the view has used something that is kept in them. If not, there is no session, no CSRF
    /// token and no message.
    pub uses_cookies: bool,
    /// The data that an entry needs again for the response.
    pub extensions: Extensions,
    /// The request itself, once there is a response. actix drops it when a handler panics or a middleware below fails.
    pub request: Option<HttpRequest>,
}

impl Registry {
    /// Adds an entry of an app. It is outside of `MIDDLEWARE`, so it sees every response.
    pub fn add_middleware(&mut self, entry: impl Middleware + 'static) {
        self.push::<Arc<dyn Middleware>>(Arc::new(entry));
    }

    /// The entries of the apps.
    #[must_use]
    pub fn middleware(&self) -> &[Arc<dyn Middleware>] {
        self.list()
    }
}

/// `MIDDLEWARE`, in its order. Cheap to clone.
#[derive(Clone, Default)]
pub struct MiddlewareStack(Arc<[Arc<dyn Middleware>]>);

impl MiddlewareStack {
    /// The entries, the outermost first.
    #[must_use]
    pub fn new(entries: Vec<Box<dyn Middleware>>) -> Self {
        Self(entries.into_iter().map(Arc::from).collect())
    }

    /// These entries inside of `outer` ones.
    #[must_use]
    pub fn inside(&self, outer: Vec<Arc<dyn Middleware>>) -> Self {
        Self(outer.into_iter().chain(self.0.iter().cloned()).collect())
    }

    /// Serves one request; for [`from_fn`](actix_web::middleware::from_fn).
    ///
    /// # Errors
    /// Returns an error if a handler panicked or a middleware below this one failed. The response is in the error,
    /// because actix has no request left for a [`ServiceResponse`]. A middleware above this one has to use its
    /// `error_response`.
    pub async fn serve<B: MessageBody + 'static>(
        &self,
        mut req: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse, Error> {
        let mut info = RequestInfo::new(&req);
        decode_slashes(&mut req);
        let outcome = match self.process_request(&req, &mut info) {
            Some(response) => Ok(req.into_response(response)),
            // Without `catch_unwind` a panic would close the connection without an answer.
            None => match AssertUnwindSafe(async { next.call(req).await }).catch_unwind().await {
                Ok(outcome) => outcome.map(ServiceResponse::map_into_boxed_body),
                Err(_) => Err(panicked()),
            },
        };
        match outcome {
            Ok(response) => {
                let (req, mut response) = response.into_parts();
                info.uses_cookies = cookies::are_used(&req);
                info.request = Some(req.clone());
                self.process_response(&info, &mut response).await;
                Ok(ServiceResponse::new(req, response))
            }
            Err(error) => {
                let mut response = error.error_response();
                self.process_response(&info, &mut response).await;
                Err(InternalError::from_response(error, response).into())
            }
        }
    }

    fn process_request(&self, req: &ServiceRequest, info: &mut RequestInfo) -> Option<HttpResponse> {
        self.0.iter().find_map(|entry| entry.process_request(req, info))
    }

    async fn process_response(&self, info: &RequestInfo, response: &mut HttpResponse) {
        for entry in self.0.iter().rev() {
            if let Some(saving) = entry.save(info, response) {
                saving.await;
            }
            entry.process_response(info, response);
        }
    }
}

/// Decodes `%2F` in the path, which Django takes for a slash. actix decodes the others before it
/// looks for a route, except `%25` and `%2B`.
fn decode_slashes(req: &mut ServiceRequest) {
    let is_encoded = |path: &str| path.contains("%2F") || path.contains("%2f");
    if !is_encoded(req.path()) {
        return;
    }
    let path = req.path().replace("%2F", "/").replace("%2f", "/");
    let target = match req.query_string() {
        "" => path,
        query => format!("{path}?{query}"),
    };
    let mut parts = req.uri().clone().into_parts();
    parts.path_and_query = target.parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        req.match_info_mut().get_mut().update(&uri);
        req.head_mut().uri = uri;
    }
}

impl std::fmt::Debug for MiddlewareStack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MiddlewareStack({} entries)", self.0.len())
    }
}

impl RequestInfo {
    fn new(req: &ServiceRequest) -> Self {
        Self {
            method: req.method().clone(),
            uri: req.uri().clone(),
            start: Instant::now(),
            id: None,
            is_secure: false,
            uses_cookies: false,
            extensions: Extensions::new(),
            request: None,
        }
    }
}

impl std::fmt::Debug for RequestInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RequestInfo({} {})", self.method, self.uri)
    }
}

fn panicked() -> Error {
    let response = server_error("the handler panicked; the message of the panic is above".to_owned());
    InternalError::from_response("panic", response).into()
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use actix_web::body::{BoxBody, to_bytes};
    use actix_web::dev::Service;
    use actix_web::error::ErrorInternalServerError;
    use actix_web::http::header::{self, HeaderMap};
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service};
    use actix_web::{App, web};

    use super::*;
    use crate::http::clickjacking::XFrameOptionsMiddleware;
    use crate::http::common::CommonMiddleware;
    use crate::http::cors::{CorsMiddleware, CorsSettings};
    use crate::http::error_pages::page_not_found;
    use crate::http::host::{AllowedHosts, HostMiddleware};
    use crate::http::request_log::RequestLogMiddleware;
    use crate::http::security::{SecurityMiddleware, SecuritySettings};

    async fn panicking() -> HttpResponse {
        panic!("on purpose")
    }

    async fn failing(_: ServiceRequest, _: Next<BoxBody>) -> Result<ServiceResponse, Error> {
        Err(ErrorInternalServerError("on purpose"))
    }

    fn stack() -> MiddlewareStack {
        let hosts = AllowedHosts::new(&["good.example".to_owned()], false);
        let cors = CorsSettings { allowed_origins: vec!["https://a.org".to_owned()], ..CorsSettings::default() };
        MiddlewareStack::new(vec![
            Box::new(RequestLogMiddleware::new()),
            Box::new(HostMiddleware::new(hosts, &["/probe"])),
            Box::new(CorsMiddleware::new(&cors).unwrap()),
            Box::new(SecurityMiddleware::new(&SecuritySettings::default(), &[]).unwrap()),
            Box::new(XFrameOptionsMiddleware::new("DENY").unwrap()),
            Box::new(CommonMiddleware::new(true)),
        ])
    }

    /// Status, headers and body of the response to `req` of an application with a few routes.
    async fn send(req: TestRequest) -> (u16, HeaderMap, String) {
        let stack = stack();
        let service = init_service(
            App::new()
                .wrap(from_fn(move |req, next| {
                    let stack = stack.clone();
                    async move { stack.serve(req, next).await }
                }))
                .service(web::resource("/thing/").to(|| async { "a thing" }))
                .service(web::resource("/probe").to(|| async { "a probe" }))
                .service(web::scope("/api").service(web::resource("/gone/").to(page_not_found)))
                .service(web::resource("/panic/").to(panicking))
                .service(web::resource("/fail/").wrap(from_fn(failing)).to(page_not_found))
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
        for path in ["/thing/", "/thing", "/nowhere/", "/panic/", "/fail/"] {
            let (_, headers, _) = send(get(path)).await;
            assert_eq!(headers.get("x-frame-options").unwrap(), "DENY", "{path}");
            assert_eq!(headers.get("x-content-type-options").unwrap(), "nosniff", "{path}");
            assert_eq!(headers.get("referrer-policy").unwrap(), "same-origin", "{path}");
            assert_eq!(headers.get("cross-origin-opener-policy").unwrap(), "same-origin", "{path}");
            assert_eq!(headers.get_all("x-request-id").count(), 1, "{path}");
        }
    }

    #[actix_web::test]
    async fn an_id_of_the_client_is_returned_if_it_is_a_plain_word() {
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
    async fn an_encoded_slash_is_a_slash() {
        for path in ["/%74hing%2F", "/thing%2f?a=%2F"] {
            let (status, _, body) = send(get(path)).await;
            assert_eq!((status, &*body), (200, "a thing"), "{path}");
        }
    }

    #[actix_web::test]
    async fn a_slash_is_added_only_for_existing_routes() {
        for path in ["/nothing", "/thin", "/THING", "/thing/x", "//thing", "/api/gone/"] {
            let (status, headers, body) = send(get(path)).await;
            assert_eq!(status, 404, "{path}");
            assert_eq!(headers.get(header::CONTENT_TYPE).unwrap(), "text/html; charset=utf-8", "{path}");
            assert!(body.contains("<h1>Not Found</h1>"), "{path}: {body}");
        }
        assert_eq!(send(get("/api/gone")).await.0, 301);
    }

    #[actix_web::test]
    async fn a_foreign_host_is_refused_before_the_path_is_matched() {
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

    #[actix_web::test]
    async fn an_exempt_path_is_served_under_every_host() {
        assert_eq!(send(get("/probe").insert_header((header::HOST, "evil.example"))).await.0, 200);
    }

    #[actix_web::test]
    async fn a_panic_and_a_failing_middleware_have_the_headers_for_other_sites_too() {
        for path in ["/panic/", "/fail/"] {
            let (status, headers, _) = send(get(path).insert_header((header::ORIGIN, "https://a.org"))).await;
            assert_eq!(status, 500, "{path}");
            assert_eq!(headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).unwrap(), "https://a.org", "{path}");
            assert_eq!(headers.get(header::VARY).unwrap(), "origin", "{path}");
        }
    }
}
