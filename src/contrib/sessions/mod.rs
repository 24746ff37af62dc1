//! Sessions: data that the server keeps for a browser. Python counterpart: `django.contrib.sessions`.
//!
//! A session is a row of `django_session` and a cookie with its key. Rows and cookies are those of Django: a browser that is
//! logged in to a Django on the same database and `SECRET_KEY` is logged in here, and the other way round.
//!
//! ```
//! use actix_simplejwt::contrib::sessions::{Session, SessionError};
//! use actix_web::HttpRequest;
//!
//! async fn visits(req: HttpRequest) -> Result<String, SessionError> {
//!     let session = Session::of(&req).await?;
//!     let visits = session.get("visits").and_then(|value| value.as_u64()).unwrap_or(0) + 1;
//!     session.set("visits", visits.into());
//!     Ok(format!("You have been here {visits} times."))
//! }
//! ```
//!
//! [`SessionMiddleware`] saves the changes of the view before the response is sent.

#[cfg(feature = "server")]
mod accounts;
#[cfg(feature = "server")]
mod admin;
pub mod apps;
#[cfg(feature = "server")]
mod checks;
#[cfg(feature = "server")]
mod error;
#[cfg(feature = "server")]
mod management;
#[cfg(feature = "server")]
mod middleware;
mod migrations;
pub mod models;
#[cfg(feature = "server")]
mod session;
#[cfg(feature = "server")]
pub mod settings;
#[cfg(feature = "server")]
mod store;

#[cfg(feature = "server")]
pub use self::error::SessionError;
#[cfg(feature = "server")]
pub use self::middleware::SessionMiddleware;
#[cfg(feature = "server")]
pub use self::session::Session;
#[cfg(feature = "server")]
pub use self::store::SessionStore;
