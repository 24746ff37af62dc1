//! A client for tests, which calls an application in process. Python counterpart: `rest_framework.test`.
//!
//! ```
//! use actix_simplejwt::rest_framework::test::ApiClient;
//! use actix_web::{App, HttpResponse, web};
//! use serde_json::json;
//!
//! # actix_web::rt::System::new().block_on(async {
//! let app = App::new().route("/echo/", web::post().to(|body: web::Json<serde_json::Value>| async {
//!     HttpResponse::Created().json(body)
//! }));
//! let client = ApiClient::new(app).await;
//! let response = client.post("/echo/", json!({ "name": "alice" })).await;
//! assert_eq!(response.status, 201);
//! assert_eq!(response.json(), json!({ "name": "alice" }));
//! # });
//! ```
//!
//! [`ApiClient::force_authenticate`] needs no credential: every [`ApiView`](super::views::ApiView), extractor and middleware
//! of this crate treats the request as one of that user. The user is kept in the extensions of the request, where no client can
//! put one, so this module needs no separate feature.
//!
//! A method panics if the response is not what the test reads, such as a body that is not JSON.

use std::rc::Rc;

use actix_web::App;
use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use crate::contrib::auth::SharedUser;

type Call = Rc<dyn Fn(TestRequest, Option<ForcedUser>) -> LocalBoxFuture<'static, ApiResponse>>;

/// A client of one application: DRF's `APIClient`. Clones share only the application.
#[derive(Clone)]
pub struct ApiClient {
    call: Call,
    headers: Vec<(String, String)>,
    user: Option<SharedUser>,
}

/// The user of [`ApiClient::force_authenticate`], in the extensions of the request.
#[derive(Clone)]
struct ForcedUser(SharedUser);

/// The user of [`ApiClient::force_authenticate`].
pub(super) fn forced_user(req: &HttpRequest) -> Option<SharedUser> {
    req.extensions().get::<ForcedUser>().map(|forced| forced.0.clone())
}

impl ApiClient {
    /// Starts `app` in process. No port is opened.
    pub async fn new<T, B>(app: App<T>) -> Self
    where
        T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>
            + 'static,
        B: MessageBody + 'static,
    {
        let service = Rc::new(init_service(app).await);
        let call: Call = Rc::new(move |request, forced| {
            let service = Rc::clone(&service);
            Box::pin(async move {
                let request = request.to_request();
                if let Some(forced) = forced {
                    request.extensions_mut().insert(forced);
                }
                match try_call_service(service.as_ref(), request).await {
                    Ok(response) => ApiResponse::read(response.map_into_boxed_body().into_parts().1).await,
                    // A server does the same with an error that no middleware has turned into a response.
                    Err(error) => ApiResponse::read(error.error_response()).await,
                }
            })
        });
        Self { call, headers: Vec::new(), user: None }
    }

    /// Sends `header` with every further request. It replaces an earlier one of that name: `client.credentials(HTTP_…=…)`.
    ///
    /// `client.credentials("Authorization", format!("Bearer {access}"))`
    pub fn credentials(&mut self, header: &str, value: impl Into<String>) -> &mut Self {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(header));
        self.headers.push((header.to_owned(), value.into()));
        self
    }

    /// Sends every further request as `user`, without a credential. `None` ends that.
    pub fn force_authenticate(&mut self, user: Option<SharedUser>) -> &mut Self {
        self.user = user;
        self
    }

    /// Forgets [`ApiClient::credentials`] and [`ApiClient::force_authenticate`].
    pub fn logout(&mut self) -> &mut Self {
        self.headers.clear();
        self.user = None;
        self
    }

    /// `GET`.
    pub async fn get(&self, uri: &str) -> ApiResponse {
        self.send(Method::GET, uri, Body::Empty).await
    }

    /// `HEAD`.
    pub async fn head(&self, uri: &str) -> ApiResponse {
        self.send(Method::HEAD, uri, Body::Empty).await
    }

    /// `OPTIONS`.
    pub async fn options(&self, uri: &str) -> ApiResponse {
        self.send(Method::OPTIONS, uri, Body::Empty).await
    }

    /// `POST`, of JSON unless `body` says otherwise.
    pub async fn post(&self, uri: &str, body: impl Into<Body>) -> ApiResponse {
        self.send(Method::POST, uri, body).await
    }

    /// `PUT`.
    pub async fn put(&self, uri: &str, body: impl Into<Body>) -> ApiResponse {
        self.send(Method::PUT, uri, body).await
    }

    /// `PATCH`.
    pub async fn patch(&self, uri: &str, body: impl Into<Body>) -> ApiResponse {
        self.send(Method::PATCH, uri, body).await
    }

    /// `DELETE`.
    pub async fn delete(&self, uri: &str) -> ApiResponse {
        self.send(Method::DELETE, uri, Body::Empty).await
    }

    /// Any method with any body.
    pub async fn send(&self, method: Method, uri: &str, body: impl Into<Body>) -> ApiResponse {
        let mut request = TestRequest::with_uri(uri).method(method);
        request = request.insert_header((header::HOST, "testserver"));
        for (name, value) in &self.headers {
            request = request.insert_header((name.as_str(), value.as_str()));
        }
        if let Some((content_type, bytes)) = body.into().encode() {
            request = request.insert_header((header::CONTENT_TYPE, content_type)).set_payload(bytes);
        }
        (self.call)(request, self.user.clone().map(ForcedUser)).await
    }
}

impl std::fmt::Debug for ApiClient {
    /// Headers hold credentials, so only the user is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiClient").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing, and no `Content-Type`.
    Empty,
    /// `application/json`.
    Json(Value),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    /// `multipart/form-data` with text parts.
    Multipart(Vec<(String, String)>),
    /// Bytes with this `Content-Type`.
    Raw(String, Vec<u8>),
}

impl Body {
    /// A form of these fields.
    #[must_use]
    pub fn form(fields: &[(&str, &str)]) -> Self {
        Self::Form(owned(fields))
    }

    /// A multipart form of these fields.
    #[must_use]
    pub fn multipart(fields: &[(&str, &str)]) -> Self {
        Self::Multipart(owned(fields))
    }

    /// `Content-Type` and bytes.
    fn encode(self) -> Option<(String, Vec<u8>)> {
        /// Separates the parts. No test sends it inside a part.
        const BOUNDARY: &str = "BoUnDaRyStRiNg";
        match self {
            Self::Empty => None,
            Self::Json(value) => Some(("application/json".to_owned(), value.to_string().into_bytes())),
            Self::Form(fields) => {
                let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                Some(("application/x-www-form-urlencoded".to_owned(), text.into_bytes()))
            }
            Self::Multipart(fields) => {
                let part = |(name, value): &(String, String)| {
                    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                };
                let text: String = fields.iter().map(part).collect();
                let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
                Some((content_type, format!("{text}--{BOUNDARY}--\r\n").into_bytes()))
            }
            Self::Raw(content_type, bytes) => Some((content_type, bytes)),
        }
    }
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A whole response.
#[derive(Clone, Debug)]
pub struct ApiResponse {
    /// Status code.
    pub status: u16,
    /// Body.
    pub body: Vec<u8>,
    headers: HeaderMap,
}

impl ApiResponse {
    async fn read(response: HttpResponse<BoxBody>) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap_or_else(|e| panic!("the body is incomplete: {e}"));
        Self { status, body: body.to_vec(), headers }
    }

    /// The value of a header. Empty if it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    ///
    /// # Panics
    /// If it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|e| panic!("the body is not UTF-8: {e}"))
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON. The message shows it.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("the body is not JSON: {e}: {}", self.text()))
    }
}
