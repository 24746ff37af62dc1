//! The processing of every request before a view is chosen. Python counterpart: `django.http` and `django.middleware`.

pub mod body;
#[cfg(feature = "server")]
mod checks;
pub mod clickjacking;
pub mod client_address;
pub mod common;
pub mod cookies;
#[cfg(feature = "server")]
pub mod cors;
#[cfg(feature = "server")]
pub mod csrf;
pub mod error_pages;
pub mod form_data;
pub mod headers;
pub mod host;
pub mod log_data;
pub mod middleware;
pub mod multipart;
#[cfg(feature = "server")]
mod patterns;
pub mod query_dict;
#[cfg(feature = "server")]
pub mod redirects;
pub mod request;
pub mod request_log;
#[cfg(feature = "server")]
pub mod security;
#[cfg(feature = "server")]
pub mod settings;
#[cfg(feature = "server")]
pub mod static_files;
#[cfg(feature = "server")]
mod urls;

#[cfg(feature = "server")]
pub use checks::CHECKS;
