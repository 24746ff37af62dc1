//! One line per request, and an id by which a client can ask about it. Python counterpart: the `django.request` and
//! `django.server` loggers.
//!
//! A line has the method, the path without its query, the status, the duration, the id and, for a refusal or a failure, the
//! reason. It never has a header, a body, a token or a password.

use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use log::Level;

pub use super::log_data::TARGET;
use super::log_data::{REQUEST_ID, Reason, printable, sent_id};
use super::middleware::{Middleware, RequestInfo};
use crate::core::crypto;

/// Gives each request an id and logs a line for it. The outermost entry of `MIDDLEWARE`.
#[derive(Debug)]
pub struct RequestLogMiddleware {
    /// Random, so that the ids of two servers differ. A random number per request would be a system call each.
    prefix: String,
    count: AtomicU64,
}

impl RequestLogMiddleware {
    /// The ids of this value begin with a random prefix.
    #[must_use]
    pub fn new() -> Self {
        Self { prefix: crypto::hex(&crypto::random_bytes::<6>()) + "-", count: AtomicU64::new(0) }
    }

    fn new_id(&self) -> HeaderValue {
        let count = self.count.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut id = String::with_capacity(self.prefix.len() + 10);
        id.push_str(&self.prefix);
        crypto::push_hex(&mut id, &count[3..]);
        // Hexadecimal digits and a dash are a header value.
        HeaderValue::from_maybe_shared(Bytes::from(id)).unwrap_or(HeaderValue::from_static("-"))
    }
}

impl Default for RequestLogMiddleware {
    fn default() -> Self {
        Self::new()
    }
}

impl Middleware for RequestLogMiddleware {
    fn process_request(&self, req: &ServiceRequest, info: &mut RequestInfo) -> Option<HttpResponse> {
        info.id = Some(sent_id(req.headers()).cloned().unwrap_or_else(|| self.new_id()));
        None
    }

    fn process_response(&self, info: &RequestInfo, response: &mut HttpResponse) {
        let Some(id) = &info.id else { return };
        let level = if response.status().is_server_error() { Level::Error } else { Level::Info };
        if log::log_enabled!(target: TARGET, level) {
            log::log!(
                target: TARGET,
                level,
                "{} {} {} {:.1}ms {}{}",
                info.method,
                printable(info.uri.path()),
                response.status().as_u16(),
                info.start.elapsed().as_secs_f64() * 1e3,
                id.to_str().unwrap_or_default(),
                reason(response),
            );
        }
        response.headers_mut().insert(REQUEST_ID, id.clone());
    }
}

/// A space and the reason of a refusal or failure, or nothing.
fn reason(response: &mut HttpResponse) -> String {
    let given = response.extensions_mut().get_mut::<Reason>().map(Reason::take_text);
    // An error of a handler that has no type of this library.
    let error = || response.error().filter(|_| response.status().is_server_error()).map(ToString::to_string);
    given.or_else(error).map_or_else(String::new, |text| format!(" {}", printable(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_server_differ_in_their_number_and_those_of_two_in_their_prefix() {
        let (first, second) = (RequestLogMiddleware::new(), RequestLogMiddleware::new());
        assert_eq!(first.new_id().to_str().unwrap(), format!("{}0000000000", first.prefix));
        assert_eq!(first.new_id().to_str().unwrap(), format!("{}0000000001", first.prefix));
        assert_ne!(first.prefix, second.prefix);
    }
}
