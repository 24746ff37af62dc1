//! The apps that come with the framework. Python counterpart: `django.contrib`.

pub mod auth;
