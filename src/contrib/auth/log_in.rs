//! Logging in by the form of a page, for the admin site and the browsable API. Python counterpart: `AuthenticationForm.clean`.
//! The limits are those of the API; Django has none.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::limits::LoginLimits;
use super::{AuthError, AuthState, SharedUser};
use crate::apps::Apps;
use crate::core::crypto::SecretString;
use crate::db::Database;
use crate::http::log_data::{Reason, RefusalKind};

/// The user with this name and password, if the throttles let the client of `req` try: `authenticate(request, …)`. `None` if they
/// are wrong.
///
/// # Errors
/// Same as [`AuthState::authenticate`], and the errors of the throttles.
pub async fn authenticate(
    req: &HttpRequest,
    auth: &AuthState,
    db: &Database,
    username: &str,
    password: &SecretString,
) -> Result<Option<SharedUser>, AuthError> {
    if let Some(limits) = limits(req) {
        limits.check(req).await?;
    }
    auth.authenticate(db, &client_address(req), username, password.expose()).await
}

/// The address by which the logins of the client are counted. Empty if no app limits logins.
#[must_use]
pub fn client_address(req: &HttpRequest) -> String {
    limits(req).map_or_else(String::new, |limits| limits.client_address(req))
}

fn limits(req: &HttpRequest) -> Option<&LoginLimits> {
    Apps::of(req).ok()?.get().ok()
}

/// The message of Django's form for a required text: `CharField.clean`.
#[must_use]
pub fn required(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("This field is required.");
    }
    text.contains('\0').then_some("Null characters are not allowed.")
}

/// Why a form is shown again.
#[derive(Debug)]
pub struct RefusedLogin {
    /// The message on the page.
    pub problem: String,
    status: StatusCode,
    /// Seconds.
    retry_after: Option<u64>,
    reason: Reason,
}

impl RefusedLogin {
    /// A wrong name or password: 200, as in Django. `why` is for the log.
    #[must_use]
    pub fn wrong(problem: String, why: &str) -> Self {
        let reason = Reason::refused(why.to_owned(), Some(RefusalKind::User));
        Self { problem, status: StatusCode::OK, retry_after: None, reason }
    }

    /// A user who may not log in to pages, although the backend accepts inactive users.
    #[must_use]
    pub fn inactive() -> Self {
        Self::wrong("This account is inactive.".to_owned(), "user is inactive")
    }

    /// A password that was not checked.
    ///
    /// # Errors
    /// Returns a failure of the server as it is.
    pub fn of(error: AuthError) -> Result<Self, AuthError> {
        let (refusal, retry_after) = match error {
            AuthError::LockedOut(seconds) => (RefusalKind::LockedOut, Some(seconds)),
            AuthError::Throttled(seconds) => (RefusalKind::Throttled, seconds),
            AuthError::Overloaded => (RefusalKind::Unavailable, Some(1)),
            error => return Err(error),
        };
        let (status, problem) = match refusal {
            RefusalKind::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many people are logging in. Please try again in a moment.".to_owned(),
            ),
            _ => (
                StatusCode::TOO_MANY_REQUESTS,
                format!("Too many attempts to log in. Please try again {}.", when(retry_after)),
            ),
        };
        Ok(Self { problem, status, retry_after, reason: Reason::refused(error.to_string(), Some(refusal)) })
    }

    /// `page` as the response, with the status and the headers for the client.
    #[must_use]
    pub fn respond(self, mut page: HttpResponse) -> HttpResponse {
        *page.status_mut() = self.status;
        if let Some(seconds) = self.retry_after {
            page.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        page.extensions_mut().insert(self.reason);
        page
    }
}

fn when(seconds: Option<u64>) -> String {
    match seconds {
        None => "later".to_owned(),
        Some(1) => "in 1 second".to_owned(),
        Some(seconds) if seconds < 120 => format!("in {seconds} seconds"),
        Some(seconds) => format!("in {} minutes", seconds.div_ceil(60)),
    }
}
