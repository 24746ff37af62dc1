//! The URLs of the older tokens. Python counterpart: the `urlpatterns` in the documentation of `rest_framework_jwt`.

use actix_web::web::ServiceConfig;

use super::views::{obtain_jwt_token, refresh_jwt_token, verify_jwt_token};
use crate::apps::Apps;
use crate::rest_framework::views::{Route, mount, path};

/// The routes of this app.
#[must_use]
pub fn urlpatterns() -> Vec<Route> {
    vec![
        path("/api-token-auth/", obtain_jwt_token()),
        path("/api-token-refresh/", refresh_jwt_token()),
        path("/api-token-verify/", verify_jwt_token()),
    ]
}

/// Mounts the routes, if the app is installed.
pub fn configure(cfg: &mut ServiceConfig, apps: &Apps) {
    mount(cfg, apps, urlpatterns());
}
