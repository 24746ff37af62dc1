//! The apps that come with the framework. Python counterpart: `django.contrib`.

#[cfg(feature = "database")]
pub mod admin;
pub mod auth;
#[cfg(feature = "database")]
pub mod contenttypes;
#[cfg(feature = "server")]
pub mod messages;
#[cfg(feature = "database")]
pub mod sessions;
