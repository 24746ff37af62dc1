//! Users and passwords. Python counterpart: `django.contrib.auth`.
//!
//! Knows the database but not HTTP: what a request says about its user is the business of
//! [`rest_framework`](crate::rest_framework).

#[cfg(feature = "database")]
pub mod apps;
mod base_user;
#[cfg(feature = "database")]
mod checks;
#[cfg(feature = "database")]
mod error;
pub mod hashers;
#[cfg(feature = "database")]
mod hashing;
#[cfg(feature = "database")]
mod lockout;
#[cfg(feature = "server")]
pub(crate) mod management;
#[cfg(feature = "database")]
pub mod models;
pub mod password_validation;
#[cfg(feature = "database")]
pub mod permissions;
pub mod settings;
#[cfg(feature = "database")]
pub mod signals;
#[cfg(feature = "database")]
mod state;
mod user_id;
pub mod validators;

pub use base_user::{AbstractUser, SharedUser};
#[cfg(feature = "database")]
pub use error::AuthError;
#[cfg(feature = "database")]
pub use state::AuthState;
pub use user_id::{InvalidUserId, UserId};
