//! Data of a response for the log and the metrics. The client never gets it. Python counterpart: the
//! `django.request` logger.
//!
//! Both types here travel in the extensions of a response.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use crate::core::jwt::JwtError;

/// Name under which the lines are logged, for `RUST_LOG`.
pub const TARGET: &str = "actix_simplejwt::request";

/// The header that names a request in the log.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Why a request was refused or failed.
///
/// The request log writes the text on its line, with the id of the request. If there is no request log, as in an
/// application that only uses the library, the cause of a failure is logged when the response is dropped: it is logged
/// once in either case. An application without a logger gets it on standard error.
#[derive(Debug)]
pub struct Reason {
    text: String,
    /// The request, for the log of an application without a request log.
    request: Option<String>,
    refusal: Option<RefusalKind>,
    is_failure: bool,
}

/// The kind of a refusal, as counted in `tokens_refused_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// The token is blacklisted and was used again.
    Blacklisted,
    /// The token was rotated before, and is used again beyond the grace period.
    Reused,
    /// The token has expired.
    Expired,
    /// The signature is wrong.
    Signature,
    /// The user does not exist or is inactive.
    User,
    /// The client sent too many requests.
    Throttled,
    /// There were too many failed logins before.
    LockedOut,
    /// The database or another service does not answer.
    Unavailable,
    /// Anything else.
    Other,
}

/// The action of a successful request on a token, as counted in `tokens_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenEvent {
    /// A login gave a token.
    Issued,
    /// A token was exchanged for a new one.
    Refreshed,
    /// A token that had just been exchanged was answered with the same successor.
    RefreshedAgain,
    /// A token was found valid.
    Verified,
    /// A token was blacklisted.
    Blacklisted,
}

impl Reason {
    /// A refusal: the client asked for something that it may not have.
    #[must_use]
    pub fn refused(text: String, refusal: Option<RefusalKind>) -> Self {
        Self { text, request: None, refusal, is_failure: false }
    }

    /// A failure of the server, with its cause.
    #[must_use]
    pub fn failed(cause: String, refusal: Option<RefusalKind>) -> Self {
        Self { text: cause, request: None, refusal, is_failure: true }
    }

    /// Names the request, as by [`request_line`].
    pub fn set_request(&mut self, request: String) {
        self.request = Some(request);
    }

    /// The text, for the log. The caller has to log it.
    pub(super) fn take_text(&mut self) -> String {
        self.is_failure = false;
        std::mem::take(&mut self.text)
    }

    /// The kind of the refusal, if it is one that is counted.
    #[must_use]
    pub fn refusal(&self) -> Option<RefusalKind> {
        self.refusal
    }
}

impl Drop for Reason {
    fn drop(&mut self) {
        if !self.is_failure {
            return;
        }
        let request = self.request.as_ref().map_or_else(String::new, |request| format!("{request}: "));
        let line = format!("{request}{}", printable(&self.text));
        if log::max_level() == log::LevelFilter::Off {
            // The application has started no logger.
            eprintln!("{TARGET}: {line}");
        } else {
            log::error!(target: TARGET, "{line}");
        }
    }
}

impl From<&JwtError> for RefusalKind {
    fn from(error: &JwtError) -> Self {
        match error {
            JwtError::ExpiredSignature => Self::Expired,
            JwtError::InvalidSignature => Self::Signature,
            _ => Self::Other,
        }
    }
}

impl TokenEvent {
    /// Marks `response` as the result of this event.
    #[must_use]
    pub fn on(self, mut response: HttpResponse) -> HttpResponse {
        response.extensions_mut().insert(self);
        response
    }
}

/// The id that a client or proxy has sent, if it is safe to log.
pub(super) fn sent_id(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(&REQUEST_ID).filter(|id| is_sane(id.as_bytes()))
}

/// Method, path and, if it was sent, `X-Request-ID`: for the log.
#[must_use]
pub fn request_line(req: &HttpRequest) -> String {
    let id = sent_id(req.headers()).and_then(|id| id.to_str().ok()).map_or_else(String::new, |id| format!(" {id}"));
    format!("{} {}{id}", req.method(), printable(req.path()))
}

/// Short, and without characters that mean something to a log reader, a shell or a header parser.
fn is_sane(id: &[u8]) -> bool {
    (1..=64).contains(&id.len()) && id.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// `text` with its control characters escaped, so that it stays on one line.
pub(super) fn printable(text: &str) -> std::borrow::Cow<'_, str> {
    if text.chars().any(char::is_control) { text.escape_debug().to_string().into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_are_accepted_as_an_id() {
        for id in ["a", "3f2a-77", "trace.1_b", &"x".repeat(64)] {
            assert!(is_sane(id.as_bytes()), "{id}");
        }
        for id in ["", "a b", "a\"b", "é", "a;b", &"x".repeat(65)] {
            assert!(!is_sane(id.as_bytes()), "{id}");
        }
    }

    #[test]
    fn a_line_cannot_be_forged() {
        assert_eq!(printable("user\n2030 INFO GET /"), "user\\n2030 INFO GET /");
        assert_eq!(printable("user 7, Ünïcode"), "user 7, Ünïcode");
    }
}
