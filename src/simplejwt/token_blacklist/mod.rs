//! The app that records tokens and blacklists them. Python counterpart: `rest_framework_simplejwt.token_blacklist`.

#[cfg(feature = "server")]
pub(super) mod accounts;
#[cfg(feature = "server")]
pub mod admin;
pub mod apps;
#[cfg(feature = "server")]
mod management;
mod migrations;
pub mod models;
