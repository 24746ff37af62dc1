//! The app that records tokens and blacklists them. Python counterpart: `rest_framework_simplejwt.token_blacklist`.

pub mod apps;
#[cfg(feature = "server")]
mod management;
pub mod models;
