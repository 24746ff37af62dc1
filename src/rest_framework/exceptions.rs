//! The error type of all HTTP code, and its response. Python counterpart: `rest_framework.exceptions`
//! and `rest_framework.views.exception_handler`.
//!
//! The rules of the apps have their own errors without HTTP. A `From` next to the view turns each into an [`ApiError`].
//! Details that a client must not see (SQL, a lost connection) are the *cause*, which only the log gets.

#[cfg(feature = "database")]
mod database;

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use crate::http::log_data::{Reason, RefusalKind, request_line};

/// An error with the status and body that DRF gives it.
///
/// Boxed, because it is part of the `Result` of every request, and errors are rare.
#[derive(Debug)]
pub struct ApiError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    body: Value,
    /// `NotAuthenticated` and `AuthenticationFailed`: 401 if there is a challenge, otherwise 403.
    is_authentication: bool,
    challenge: Option<String>,
    retry_after: Option<u64>,
    reason: Option<String>,
    refusal: Option<RefusalKind>,
    /// Method, path and id of the request, for the log.
    request: Option<String>,
    /// Whether the connection is closed, because the rest of the body would have to be read before the next request.
    closes: bool,
}

impl ApiError {
    fn new(status: StatusCode, body: Value) -> Self {
        Self(Box::new(Inner {
            status,
            body,
            is_authentication: false,
            challenge: None,
            retry_after: None,
            reason: None,
            request: None,
            refusal: None,
            closes: false,
        }))
    }

    fn detail(status: StatusCode, detail: impl Into<Value>) -> Self {
        Self::new(status, json!({ "detail": detail.into() }))
    }

    fn authentication(body: Value) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, body);
        error.0.is_authentication = true;
        error.refused(RefusalKind::Other)
    }

    /// `ValidationError` (400): messages by field name.
    #[must_use]
    pub fn validation(errors: Map<String, Value>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Value::Object(errors))
    }

    /// `ParseError` (400): a body that cannot be read.
    #[must_use]
    pub fn parse_error(detail: impl Into<String>) -> Self {
        Self::detail(StatusCode::BAD_REQUEST, detail.into())
    }

    /// `NotAuthenticated` (401, or 403 if no class has a challenge).
    #[must_use]
    pub fn not_authenticated() -> Self {
        Self::authentication(json!({ "detail": "Authentication credentials were not provided." }))
    }

    /// `AuthenticationFailed` (401, or 403 if no class has a challenge).
    #[must_use]
    pub fn authentication_failed(detail: impl Into<String>) -> Self {
        Self::authentication(json!({ "detail": detail.into() }))
    }

    /// `AuthenticationFailed` with this body, such as simplejwt's `detail` and `code`.
    #[must_use]
    pub fn authentication_failed_with(body: Value) -> Self {
        Self::authentication(body)
    }

    /// `PermissionDenied` (403).
    #[must_use]
    pub fn permission_denied() -> Self {
        let detail = "You do not have permission to perform this action.";
        Self::detail(StatusCode::FORBIDDEN, detail).refused(RefusalKind::Other)
    }

    /// `PermissionDenied` (403) with the message of a permission.
    #[must_use]
    pub fn permission_denied_with(message: impl Into<String>) -> Self {
        Self::detail(StatusCode::FORBIDDEN, message.into()).refused(RefusalKind::Other)
    }

    /// `NotFound` (404).
    #[must_use]
    pub fn not_found() -> Self {
        Self::detail(StatusCode::NOT_FOUND, "Not found.")
    }

    /// `MethodNotAllowed` (405).
    #[must_use]
    pub fn method_not_allowed(method: &str) -> Self {
        Self::detail(StatusCode::METHOD_NOT_ALLOWED, format!("Method \"{method}\" not allowed."))
    }

    /// `NotAcceptable` (406).
    #[must_use]
    pub fn not_acceptable() -> Self {
        Self::detail(StatusCode::NOT_ACCEPTABLE, "Could not satisfy the request Accept header.")
    }

    /// Django's `RequestDataTooBig`, with the status that HTTP has for it (413). `view_limit` is the limit of the view
    /// in bytes, if it is smaller than the setting. The connection is closed.
    #[must_use]
    pub fn request_data_too_big(view_limit: Option<usize>) -> Self {
        let detail = match view_limit {
            None => "Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.".to_owned(),
            Some(limit) => format!("Request body exceeded {limit} bytes, the limit of this view."),
        };
        Self::detail(StatusCode::PAYLOAD_TOO_LARGE, detail).closing()
    }

    /// A body that took longer than `DATA_UPLOAD_TIMEOUT` (408); gunicorn kills its worker then. The connection is closed,
    /// because the start of the next request on it is unknown.
    #[must_use]
    pub fn request_timeout() -> Self {
        Self::detail(StatusCode::REQUEST_TIMEOUT, "Request timed out.").closing()
    }

    /// `UnsupportedMediaType` (415).
    #[must_use]
    pub fn unsupported_media_type(media_type: &str) -> Self {
        Self::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("Unsupported media type \"{media_type}\" in request."))
    }

    /// `Throttled` (429). `wait` is the number of seconds after which a request is accepted again, if that is known.
    #[must_use]
    pub fn throttled(wait: Option<u64>) -> Self {
        let detail = match wait {
            None => "Request was throttled.".to_owned(),
            Some(1) => "Request was throttled. Expected available in 1 second.".to_owned(),
            Some(n) => format!("Request was throttled. Expected available in {n} seconds."),
        };
        let mut error = Self::detail(StatusCode::TOO_MANY_REQUESTS, detail);
        error.0.retry_after = wait;
        error.refused(RefusalKind::Throttled)
    }

    /// A part is overloaded or down (503). `reason` goes to the log.
    #[must_use]
    pub fn service_unavailable(reason: impl fmt::Display, retry_after: u64) -> Self {
        let mut error =
            Self::detail(StatusCode::SERVICE_UNAVAILABLE, "Service temporarily unavailable, try again later.");
        error.0.retry_after = Some(retry_after);
        error.refused(RefusalKind::Unavailable).because(reason)
    }

    /// A failure of the server (500): the body is fixed, and `cause` goes to the log.
    #[must_use]
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::detail(StatusCode::INTERNAL_SERVER_ERROR, "A server error occurred.").because(cause)
    }

    /// Sets the text in the log about this error. It must not contain a token, a password or a header.
    #[must_use]
    pub fn because(mut self, reason: impl fmt::Display) -> Self {
        self.0.reason = Some(reason.to_string());
        self
    }

    /// Lets the log name the request, if this is a failure of the server. Views and extractors do it; a handler of a plain actix
    /// route can: `result.map_err(|error| error.in_request(&req))`.
    #[must_use]
    pub fn in_request(mut self, req: &HttpRequest) -> Self {
        if self.0.status.is_server_error() {
            self.0.request = Some(request_line(req));
        }
        self
    }

    /// Sets the reason that the metrics count for this error.
    #[must_use]
    pub fn refused(mut self, refusal: RefusalKind) -> Self {
        self.0.refusal = Some(refusal);
        self
    }

    /// Closes the connection after the response, because the body was not read to its end.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.0.closes = true;
        self
    }

    /// Sets `WWW-Authenticate` on an authentication error that has none yet. Without a challenge the error becomes a 403, as
    /// in DRF. Other errors stay as they are.
    #[must_use]
    pub fn with_challenge(mut self, challenge: Option<String>) -> Self {
        if self.0.is_authentication && self.0.challenge.is_none() {
            match challenge {
                Some(challenge) => self.0.challenge = Some(challenge),
                None => self.0.status = StatusCode::FORBIDDEN,
            }
        }
        self
    }

    /// Whether this is an authentication error without a challenge.
    #[must_use]
    pub fn needs_challenge(&self) -> bool {
        self.0.is_authentication && self.0.challenge.is_none()
    }

    /// Status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Seconds after which a client should try again.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        self.0.retry_after
    }

    /// Body of the response.
    #[must_use]
    pub fn body(&self) -> &Value {
        &self.0.body
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.status, self.0.body)
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.0.status);
        if self.0.closes {
            response.force_close();
        }
        let challenge = self.0.challenge.as_deref().and_then(|text| HeaderValue::from_str(text).ok());
        if let Some(challenge) = challenge {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let Some(seconds) = self.0.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        let mut response = response.json(&self.0.body);
        let (reason, refusal) = (self.0.reason.clone(), self.0.refusal);
        if self.0.status.is_server_error() {
            let mut reason = Reason::failed(reason.unwrap_or_default(), refusal);
            if let Some(request) = self.0.request.clone() {
                reason.set_request(request);
            }
            response.extensions_mut().insert(reason);
        } else if reason.is_some() || refusal.is_some() {
            // The detail of other errors may repeat what the client has sent, which must not be logged.
            let detail = || self.0.body.get("detail").filter(|_| self.0.is_authentication)?.as_str().map(str::to_owned);
            let reason = reason.or_else(detail).unwrap_or_default();
            response.extensions_mut().insert(Reason::refused(reason, refusal));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authentication_error_without_a_challenge_is_a_403() {
        assert_eq!(ApiError::not_authenticated().with_challenge(None).status(), StatusCode::FORBIDDEN);
        let challenged = ApiError::not_authenticated().with_challenge(Some("Token".to_owned()));
        assert_eq!(challenged.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(challenged.error_response().headers().get(header::WWW_AUTHENTICATE).unwrap(), "Token");
    }

    #[test]
    fn a_challenge_does_not_change_other_errors() {
        let error = ApiError::not_found().with_challenge(Some("Token".to_owned()));
        assert!(!error.error_response().headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[test]
    fn a_server_error_hides_its_cause_from_the_client() {
        let error = ApiError::internal("no such table: auth_user");
        assert_eq!(error.body(), &json!({ "detail": "A server error occurred." }));
    }
}
