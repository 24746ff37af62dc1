//! One line per request, and an id by which a client can ask about it. Python counterpart: the `django.request` and
//! `django.server` loggers.
//!
//! A line has the method, the path without its query, the status, the duration, the id and, for a refusal, the reason
//! with the user's id. Never a header, a body, a token or a password.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use actix_web::web::Bytes;
use log::Level;

use crate::core::crypto;
use crate::rest_framework::exceptions::Reason;
use crate::server::metrics::Worker;

/// Name under which the lines are logged, for `RUST_LOG`.
pub const TARGET: &str = "actix_simplejwt::request";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A request on its way: what its line needs and the response no longer has.
#[derive(Debug)]
pub struct Entry {
    method: Method,
    uri: Uri,
    id: HeaderValue,
    start: Instant,
}

impl Entry {
    /// Starts the clock. The id is the client's `X-Request-ID` when that is a plain word, or a new one.
    #[must_use]
    pub fn begin(req: &ServiceRequest) -> Self {
        let sent = req.headers().get(&REQUEST_ID).filter(|id| is_sane(id.as_bytes()));
        Self {
            method: req.method().clone(),
            uri: req.uri().clone(),
            id: sent.cloned().unwrap_or_else(new_id),
            start: Instant::now(),
        }
    }

    /// Counts the request.
    pub fn count<B>(&self, metrics: &Worker, route: Option<String>, response: &HttpResponse<B>) {
        let extensions = response.extensions();
        let reason = extensions.get::<Reason>().map(|reason| reason.0.as_str());
        metrics.count(route, &self.method, response.status(), self.start.elapsed(), reason);
    }

    /// Puts the id on `response` and writes the line.
    pub fn finish<B>(self, response: &mut HttpResponse<B>) {
        let status = response.status();
        let level = if status.is_server_error() { Level::Error } else { Level::Info };
        if log::log_enabled!(target: TARGET, level) {
            let reason =
                response.extensions().get::<Reason>().map_or_else(String::new, |r| format!(" {}", printable(&r.0)));
            log::log!(
                target: TARGET,
                level,
                "{} {} {} {:.1}ms {}{reason}",
                self.method,
                printable(self.uri.path()),
                status.as_u16(),
                self.start.elapsed().as_secs_f64() * 1e3,
                self.id.to_str().unwrap_or_default(),
            );
        }
        response.headers_mut().insert(REQUEST_ID, self.id);
    }
}

/// Short, and of characters that mean nothing to a log reader, a shell or a header parser.
fn is_sane(id: &[u8]) -> bool {
    (1..=64).contains(&id.len()) && id.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Unique within and, by its random beginning, across servers; a random draw per request would be a system call each.
fn new_id() -> HeaderValue {
    static SERVER: LazyLock<String> = LazyLock::new(|| crypto::hex(&crypto::random_bytes::<6>()) + "-");
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mut id = String::with_capacity(SERVER.len() + 10);
    id.push_str(&SERVER);
    crypto::push_hex(&mut id, &count[3..]);
    // Hexadecimal digits and a dash are a header value.
    HeaderValue::from_maybe_shared(Bytes::from(id)).unwrap_or(HeaderValue::from_static("-"))
}

/// Text that stays on its line.
fn printable(text: &str) -> std::borrow::Cow<'_, str> {
    if text.chars().any(char::is_control) { text.escape_debug().to_string().into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_are_taken_over_as_an_id() {
        for id in ["a", "3f2a-77", "trace.1_b", &"x".repeat(64)] {
            assert!(is_sane(id.as_bytes()), "{id}");
        }
        for id in ["", "a b", "a\"b", "é", "a;b", &"x".repeat(65)] {
            assert!(!is_sane(id.as_bytes()), "{id}");
        }
        assert_ne!(new_id(), new_id());
    }

    #[test]
    fn a_line_cannot_be_forged() {
        assert_eq!(printable("user\n2030 INFO GET /"), "user\\n2030 INFO GET /");
        assert_eq!(printable("user 7, Ünïcode"), "user 7, Ünïcode");
    }
}
