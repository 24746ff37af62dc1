//! The URL of the login. Python counterpart: the `urlpatterns` in DRF's documentation of `authtoken`.

use actix_web::web::ServiceConfig;

use super::views::obtain_auth_token;
use crate::rest_framework::views::path;

/// Adds `/authtoken/`, so that in the scope `/api` it is `/api/authtoken/`.
///
/// Needs `AuthState`, `Database` and `RestFramework` as application data.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(path("/authtoken/", obtain_auth_token()));
}
