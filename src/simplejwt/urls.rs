//! The endpoints of the JWT app, to be mounted under a prefix of one's own. Python counterpart: the `urlpatterns` that
//! simplejwt's documentation shows.
//!
//! ```
//! use actix_simplejwt::simplejwt;
//! use actix_web::{App, web};
//!
//! // `/api/token/`, `/api/token/refresh/`, `/api/token/verify/` …
//! let app = App::new().service(web::scope("/api").configure(simplejwt::urls::configure));
//! # drop(app);
//! ```
//!
//! The application data they need is what [`SimpleJwt::configure`](crate::SimpleJwt::configure) hands out.

use actix_web::web::ServiceConfig;

use super::views;
use crate::rest_framework::views::path;

/// Mounts all six endpoints.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(path("/token/", views::token_obtain_pair()))
        .service(path("/token/refresh/", views::token_refresh()))
        .service(path("/token/verify/", views::token_verify()))
        .service(path("/token/blacklist/", views::token_blacklist()))
        .service(path("/token/sliding/", views::token_obtain_sliding()))
        .service(path("/token/sliding/refresh/", views::token_refresh_sliding()));
}
