//! What concerns every request, before any view is chosen. Python counterpart: `django.http` and `django.middleware`.

pub mod append_slash;
pub mod cors;
pub mod host;
pub mod middleware;
mod patterns;
pub mod request_log;
pub mod security;
