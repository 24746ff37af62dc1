//! Finds out who sent a request. Python counterpart: `rest_framework.authentication`.
//!
//! An [`Authentication`] has three outcomes: the request has no credential of its kind (`Ok(None)`), a valid one
//! (`Ok(Some(…))`), or an invalid one (`Err`, a 401). A database failure is a fourth outcome, a 500 or 503. It never counts as
//! "not logged in".
//!
//! A class is a value, so it can have arguments:
//!
//! ```
//! use actix_simplejwt::contrib::auth::SharedUser;
//! use actix_simplejwt::core::crypto::constant_time_eq;
//! use actix_simplejwt::http::headers::header_bytes;
//! use actix_simplejwt::rest_framework::authentication::{Authentication, Found};
//! use actix_simplejwt::rest_framework::exceptions::ApiError;
//! use actix_simplejwt::rest_framework::views::ApiView;
//! use actix_web::HttpRequest;
//!
//! /// One key that a machine sends in a header.
//! struct ApiKeyAuthentication {
//!     header: &'static str,
//!     key: String,
//!     user: SharedUser,
//! }
//!
//! impl Authentication for ApiKeyAuthentication {
//!     type User = SharedUser;
//!     type Credential = ();
//!
//!     async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
//!         match header_bytes(req, self.header) {
//!             None => Ok(None),
//!             Some(key) if constant_time_eq(&key, self.key.as_bytes()) => Ok(Some((self.user.clone(), ()))),
//!             Some(_) => Err(ApiError::authentication_failed("Invalid API key.")),
//!         }
//!     }
//!
//!     fn challenge(&self, _req: &HttpRequest) -> Option<String> {
//!         Some("ApiKey".to_owned())
//!     }
//! }
//!
//! # async fn report() -> &'static str { "" }
//! # fn views(machine: SharedUser) {
//! let class = ApiKeyAuthentication { header: "X-Api-Key", key: "…".to_owned(), user: machine };
//! let view = ApiView::new("Report").authentication(class).get(report);
//! # drop(view);
//! # }
//! ```

mod base;
#[cfg(feature = "database")]
pub mod basic;
mod class;
#[cfg(feature = "server")]
pub mod session;
mod tuple;

pub(super) use self::base::authenticate_by;
pub use self::base::{Authentication, Caller, Credential, Found, authorization};
pub use self::class::{AuthenticationClass, authenticate, challenge};
