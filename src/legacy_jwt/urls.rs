//! The URLs that the documentation of `rest_framework_jwt` has everywhere. Python counterpart: the `urlpatterns` of its
//! README.

use actix_web::web::ServiceConfig;

use super::views::{obtain_jwt_token, refresh_jwt_token, verify_jwt_token};
use crate::rest_framework::views::path;

/// Adds `/api-token-auth/`, `/api-token-refresh/` and `/api-token-verify/`.
///
/// Needs [`LegacyJwtState`](super::state::LegacyJwtState), `AuthState`, `Database` and `RestFramework` as application
/// data.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(path("/api-token-auth/", obtain_jwt_token()));
    cfg.service(path("/api-token-refresh/", refresh_jwt_token()));
    cfg.service(path("/api-token-verify/", verify_jwt_token()));
}
