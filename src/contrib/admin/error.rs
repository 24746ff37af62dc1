//! Errors of pages. Python counterpart: `Http404`, `PermissionDenied`, `SuspiciousOperation`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};

use crate::apps::LookupError;
use crate::contrib::auth::AuthError;
use crate::db::DatabaseError;

/// Why a view has no page. Each becomes a response in one place, `views/dispatch.rs`.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// 404.
    #[error("not found")]
    NotFound,
    /// 403: `PermissionDenied`.
    #[error("permission denied")]
    PermissionDenied,
    /// 400: `SuspiciousOperation`. The text goes to the log.
    #[error("{0}")]
    BadRequest(String),
    /// 413: the body is larger than the settings allow.
    #[error("the body is too large")]
    TooLarge,
    /// 408: the body did not arrive in time.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// 302 to this address.
    #[error("redirect to {0}")]
    Redirect(String),
    /// 503 or 500.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// 503: a required service is not available now.
    #[error("{0}")]
    Unavailable(String),
    /// 500. The text goes to the log.
    #[error("{0}")]
    Internal(String),
}

/// The attempts of a write that is repeated after a conflict ([`DatabaseError::is_conflict`]). The value says whether it is the
/// last one.
pub(super) const ATTEMPTS: [bool; 3] = [false, false, true];

impl PageError {
    /// 500 with the cause in the log.
    pub fn internal(cause: impl ToString) -> Self {
        Self::Internal(cause.to_string())
    }
}

impl From<diesel::result::Error> for PageError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl From<LookupError> for PageError {
    fn from(error: LookupError) -> Self {
        Self::internal(error)
    }
}

impl From<AuthError> for PageError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Database(error) => error.into(),
            AuthError::Hashing(_) => Self::internal(error),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// A 405 with the methods in `allow`.
#[must_use]
pub(super) fn method_not_allowed(allow: &'static str) -> HttpResponse {
    HttpResponse::MethodNotAllowed()
        .insert_header((header::ALLOW, allow))
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .finish()
}

/// A 302 to `location`, which may have any character.
#[must_use]
pub fn redirect(location: &str) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::FOUND);
    match HeaderValue::from_str(location) {
        Ok(location) => {
            response.headers_mut().insert(header::LOCATION, location);
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, html);
            response
        }
        Err(_) => HttpResponse::new(StatusCode::BAD_REQUEST),
    }
}
