//! The endpoints of the JWT app. Python counterpart: the `urlpatterns` in simplejwt's documentation.
//!
//! ```
//! use actix_simplejwt::{Apps, Settings, simplejwt};
//! use actix_web::{App, web};
//!
//! # #[cfg(feature = "database")] {
//! # let folder = tempfile::tempdir()?;
//! # let settings = Settings::new("a secret of at least thirty-two bytes");
//! # let settings = settings.database_url(&format!("sqlite://{}/db.sqlite3", folder.path().display()))?;
//! let apps = Apps::builder(settings).build()?;
//!
//! // `/api/token/`, `/api/token/refresh/`, `/api/token/verify/` …
//! let app = App::new().service(web::scope("/api").configure(|cfg| simplejwt::urls::configure(cfg, &apps)));
//! # drop(app);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use actix_web::web::ServiceConfig;

use super::token_family;
use super::views;
use crate::apps::Apps;
use crate::rest_framework::views::{Route, mount, path};

/// The routes of this app, and of the apps `token_blacklist` and `token_family`.
pub fn urlpatterns() -> Vec<Route> {
    let own = vec![
        path("/token/", views::token_obtain_pair()),
        path("/token/refresh/", views::token_refresh()),
        path("/token/verify/", views::token_verify()),
        path("/token/blacklist/", views::token_blacklist()),
        path("/token/sliding/", views::token_obtain_sliding()),
        path("/token/sliding/refresh/", views::token_refresh_sliding()),
    ];
    [own, token_family::urls::urlpatterns()].concat()
}

/// Mounts the routes of the installed ones of these apps.
pub fn configure(cfg: &mut ServiceConfig, apps: &Apps) {
    mount(cfg, apps, urlpatterns());
}
