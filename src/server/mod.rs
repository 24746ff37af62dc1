//! The server. Python counterpart: `wsgi.py`, and the WSGI server that runs it.
//!
//! ```no_run
//! use actix_simplejwt::Settings;
//! use actix_simplejwt::conf::Environment;
//! use actix_simplejwt::server::{Application, Site};
//! use actix_simplejwt::urls;
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let settings = Settings::from_env(&Environment::load()?)?;
//!     let server = Application::build(Site::new(settings.builder().build()?, urls::configure))?;
//!     println!("listening on port {}", server.port());
//!     server.run().await?;
//!     Ok(())
//! }
//! ```
//!
//! [`app`] is the application alone, for tests in process.

mod application;
mod checks;
pub(crate) mod connections;
pub mod health;
mod late;
pub mod metrics;
pub mod settings;
pub(crate) mod signals;
mod site;
pub mod sweeper;

pub use self::application::{Application, StartError};
pub use self::checks::CHECKS;
pub use self::site::{Site, app};

#[cfg(test)]
mod tests;
