//! Tokens that were given out, and those that are over before their time. Python counterpart:
//! `rest_framework_simplejwt.token_blacklist`.

pub mod apps;
#[cfg(feature = "server")]
mod management;
pub mod models;
