//! Access, refresh and sliding tokens. Python counterpart: `rest_framework_simplejwt`.
//!
//! `urls → views → serializers → tokens, authentication → state, models → settings, exceptions`

pub mod apps;
pub mod authentication;
mod checks;
pub mod exceptions;
mod jwk_client;
pub mod keys;
#[cfg(feature = "server")]
mod management;
pub mod models;
#[cfg(feature = "database")]
pub mod oauth2;
mod schemas;
#[cfg(feature = "database")]
pub mod serializers;
pub mod settings;
pub mod state;
#[cfg(feature = "database")]
pub mod token_blacklist;
pub mod token_family;
pub mod tokens;
#[cfg(feature = "database")]
pub mod urls;
#[cfg(feature = "database")]
pub mod views;
