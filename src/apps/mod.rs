//! The installed apps, put together once at start. Python counterpart: `django.apps`.
//!
//! An [`AppConfig`] describes what an app adds to a project. [`Apps::builder`] is the only place where apps are put together: the
//! server, `manage`, host applications and tests all use it. A missing or wrong setting stops the start with an error that names
//! the setting.
#![cfg_attr(
    feature = "database",
    doc = r#"
```
use actix_simplejwt::{Apps, Settings, simplejwt};
use actix_web::{App, web};

# let folder = tempfile::tempdir()?;
# let url = format!("sqlite://{}/db.sqlite3", folder.path().display());
let settings = Settings::new("a secret of at least thirty-two bytes").database_url(&url)?;
let apps = Apps::builder(settings).build()?;

// In the closure of `HttpServer::new`:
let app = App::new()
    .configure(|cfg| apps.configure(cfg))
    .service(web::scope("/api").configure(|cfg| simplejwt::urls::configure(cfg, &apps)));
# drop(app);
# Ok::<(), Box<dyn std::error::Error>>(())
```
"#
)]

mod builder;
mod checks;
#[cfg(feature = "server")]
pub mod command;
mod config;
mod error;
mod installed;
mod project;
mod registry;
#[cfg(feature = "server")]
mod serving;

use std::any::Any;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::ServiceConfig;

pub use self::builder::AppsBuilder;
#[cfg(feature = "database")]
pub use self::checks::DatabaseCheck;
pub use self::checks::{Check, CheckScope, Findings, When};
pub use self::config::{AppConfig, title_of_label};
pub use self::error::SetupError;
pub use self::installed::parse_installed_apps;
pub use self::project::Project;
pub use self::registry::{LookupError, Registry};
#[cfg(feature = "server")]
pub use self::serving::{Metric, Sweep};
use crate::core::clock::Clock;
use crate::core::crypto::SecretString;
#[cfg(feature = "database")]
use crate::db::Database;

/// Everything that views and extractors need: the only application data.
///
/// Cheap to clone. Make one and move it into the closure of `HttpServer::new`. A handler takes it as an argument:
/// `apps: Apps`.
#[derive(Clone, Debug)]
pub struct Apps(Arc<Registry>);

impl Apps {
    /// Adds this value to an actix `App`. Call it at the `App`, so that every scope has it.
    pub fn configure(&self, cfg: &mut ServiceConfig) {
        cfg.app_data(self.clone());
    }

    /// The part of type `T`, such as `AuthState`.
    ///
    /// # Errors
    /// Returns an error if no installed app provides one.
    pub fn get<T: Any>(&self) -> Result<&T, LookupError> {
        self.0.get().ok_or_else(LookupError::of::<T>)
    }

    /// The parts of all apps.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.0
    }

    /// The clock that all times are read from.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.0.clock()
    }

    /// `SECRET_KEY`.
    #[must_use]
    pub fn secret_key(&self) -> &SecretString {
        self.0.secret_key()
    }

    /// `SECRET_KEY_FALLBACKS`.
    #[must_use]
    pub fn secret_key_fallbacks(&self) -> &[SecretString] {
        self.0.secret_key_fallbacks()
    }

    /// The database.
    ///
    /// # Errors
    /// Returns an error if no installed app uses one.
    #[cfg(feature = "database")]
    pub fn database(&self) -> Result<&Database, LookupError> {
        self.get()
    }
}

impl Apps {
    /// The [`Apps`] of the application that `req` belongs to.
    ///
    /// # Errors
    /// Returns an error if the application was built without [`Apps::configure`].
    pub fn of(req: &HttpRequest) -> Result<&Self, NotConfigured> {
        req.app_data::<Self>().ok_or(NotConfigured)
    }
}

/// The error of an actix application that was built without [`Apps::configure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the actix App has no Apps; add `.configure(|cfg| apps.configure(cfg))` to it")]
pub struct NotConfigured;
