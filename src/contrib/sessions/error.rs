//! Why a session cannot be read or saved. Python counterpart: `django.contrib.sessions.exceptions`.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::apps::{LookupError, NotConfigured};
use crate::db::DatabaseError;
use crate::http::error_pages;

/// A failure of a session. None of these means "not logged in".
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// An app is not installed.
    #[error(transparent)]
    Apps(#[from] LookupError),
    /// The application has no apps.
    #[error(transparent)]
    NotConfigured(#[from] NotConfigured),
    /// `SessionInterrupted`: another request has ended the session meanwhile.
    #[error("the session was deleted before the request completed")]
    Interrupted,
    /// A user without a primary key cannot log in to a session.
    #[error("{0} has no primary key, so there is no session for it")]
    NoKey(String),
}

impl SessionError {
    /// The page for it: 503 if the database does not answer, 400 if the session has ended meanwhile, otherwise 500.
    #[must_use]
    pub fn page(&self) -> HttpResponse {
        match self {
            Self::Interrupted => error_pages::bad_request(self.to_string()),
            Self::Database(DatabaseError::Unavailable(_)) => error_pages::service_unavailable(self.to_string()),
            _ => error_pages::server_error(self.to_string()),
        }
    }
}

impl ResponseError for SessionError {
    fn status_code(&self) -> StatusCode {
        self.page().status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.page()
    }
}
