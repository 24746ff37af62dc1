//! Headers on every response. Python counterpart: `django.middleware.security.SecurityMiddleware` and
//! `django.middleware.clickjacking.XFrameOptionsMiddleware`, with Django's defaults.
//!
//! Django's redirect to HTTPS and its HSTS header have no counterpart: both belong to whatever ends TLS in front.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (HeaderName::from_static("x-frame-options"), HeaderValue::from_static("DENY")),
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("referrer-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds the headers that a view has not set itself.
pub fn add_headers(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
}
