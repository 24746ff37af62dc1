//! The URL of the login. Python counterpart: the `urlpatterns` in DRF's documentation of `authtoken`.

use actix_web::web::ServiceConfig;

use super::views::obtain_auth_token;
use crate::apps::Apps;
use crate::rest_framework::views::{Route, mount, path};

/// The route of this app: `/authtoken/`, so that in the scope `/api` it is `/api/authtoken/`.
#[must_use]
pub fn urlpatterns() -> Vec<Route> {
    vec![path("/authtoken/", obtain_auth_token())]
}

/// Mounts the route, if the app is installed.
pub fn configure(cfg: &mut ServiceConfig, apps: &Apps) {
    mount(cfg, apps, urlpatterns());
}
