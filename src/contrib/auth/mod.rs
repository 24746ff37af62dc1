//! Users and passwords. Python counterpart: `django.contrib.auth`.
//!
//! This module uses the database. It does not use HTTP, except in `log_in.rs` and `session.rs`: the user of a request belongs to
//! [`rest_framework`](crate::rest_framework).
//!
//! [`login`], [`logout`] and [`get_user`] are for pages that log a browser in.

#[cfg(feature = "server")]
pub mod admin;
#[cfg(feature = "database")]
pub mod apps;
#[cfg(feature = "database")]
mod backends;
mod base_user;
#[cfg(feature = "database")]
mod checks;
#[cfg(feature = "database")]
mod error;
#[cfg(feature = "database")]
mod failed_logins;
pub mod hashers;
#[cfg(feature = "database")]
mod hashing;
#[cfg(feature = "database")]
mod limits;
#[cfg(feature = "database")]
mod lockout;
#[cfg(feature = "database")]
mod log_in;
#[cfg(feature = "server")]
pub(crate) mod management;
#[cfg(feature = "database")]
mod manager;
#[cfg(feature = "database")]
mod migrations;
#[cfg(feature = "database")]
pub mod models;
#[cfg(feature = "database")]
mod outcomes;
pub mod password_validation;
#[cfg(feature = "server")]
mod session;
pub mod settings;
#[cfg(feature = "database")]
pub mod signals;
#[cfg(feature = "database")]
mod state;
#[cfg(feature = "database")]
mod survey;
mod user_id;
pub mod validators;

pub use base_user::{AbstractUser, SharedUser};
#[cfg(feature = "database")]
pub use error::AuthError;
#[cfg(feature = "database")]
pub use failed_logins::{FailedLogins, FailedLoginsOf};
#[cfg(feature = "database")]
pub use limits::{LimitLogins, LoginLimits};
#[cfg(feature = "database")]
pub use log_in::{RefusedLogin, authenticate, client_address, required};
#[cfg(feature = "database")]
pub use outcomes::{LoginCounts, LoginOutcomes};
#[cfg(feature = "server")]
pub(crate) use session::SESSION_KEY;
#[cfg(feature = "server")]
pub use session::{SessionAuth, get_user, login, logout, update_session_auth_hash};
#[cfg(feature = "database")]
pub use state::AuthState;
pub use user_id::{InvalidUserId, UserId};

#[cfg(all(test, feature = "sqlite"))]
mod tests;
