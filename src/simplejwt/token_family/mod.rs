//! Families of refresh tokens: all tokens of one login. A user can see the logins and end them. Python counterpart:
//! `rest_framework_simplejwt.token_family` of simplejwt's pull request 913.
//!
//! Off by default; `TOKEN_FAMILY_ENABLED` turns it on. For your own pages: [`models::living`] lists the logins of a user,
//! [`models::end_family`] ends one, and [`Apps::log_out_everywhere`](crate::Apps::log_out_everywhere) ends all families of a user.

#[cfg(feature = "server")]
mod accounts;
#[cfg(feature = "database")]
pub mod apps;
#[cfg(feature = "database")]
mod checks;
#[cfg(feature = "database")]
pub mod claims;
#[cfg(feature = "database")]
pub mod client;
#[cfg(feature = "server")]
mod management;
#[cfg(feature = "database")]
mod migrations;
#[cfg(feature = "database")]
pub mod models;
#[cfg(feature = "database")]
mod refresh;
#[cfg(feature = "database")]
mod rotation;
#[cfg(feature = "database")]
pub mod serializers;
pub mod settings;
#[cfg(feature = "database")]
pub mod urls;
#[cfg(feature = "database")]
pub mod views;
