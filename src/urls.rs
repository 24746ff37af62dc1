//! The URL table, read from top to bottom. Python counterpart: `urls.py`.

use actix_web::web::{ServiceConfig, get, head, resource};

use crate::authtoken::views as authtoken;
use crate::legacy_jwt::views as legacy_jwt;
use crate::rest_framework::schemas::openapi::Info;
#[cfg(feature = "swagger-ui")]
use crate::rest_framework::schemas::swagger_ui;
use crate::rest_framework::schemas::views::get_schema_view;
use crate::rest_framework::views::{Route, path};
use crate::server::health;
use crate::simplejwt::views as simplejwt;
use crate::views;

/// Every route but those of the probes. All paths end in a slash; the server redirects to them when it is missing.
#[must_use]
pub fn urlpatterns() -> Vec<Route> {
    vec![
        // A request is compared with one line after the other, so those that are asked most come first: for one login there
        // are a thousand requests with its token.
        path("/api/protected/", views::protected_view()),
        path("/api/hello/jwt/", views::hello_jwt()),
        path("/api/hello/token/", views::hello_token()),
        path("/protected-url/", views::legacy_protected_view()),
        path("/api/token/", simplejwt::token_obtain_pair()),
        path("/api/token/refresh/", simplejwt::token_refresh()),
        path("/api/token/verify/", simplejwt::token_verify()),
        path("/api/token/blacklist/", simplejwt::token_blacklist()),
        path("/api/token/sliding/", simplejwt::token_obtain_sliding()),
        path("/api/token/sliding/refresh/", simplejwt::token_refresh_sliding()),
        path("/access-token/", simplejwt::token_obtain_pair()),
        path("/access-token/refresh/", simplejwt::token_refresh()),
        path("/api/authtoken/", authtoken::obtain_auth_token()),
        path("/api-token-auth/", legacy_jwt::obtain_jwt_token()),
        path("/api-token-refresh/", legacy_jwt::refresh_jwt_token()),
        path("/api-token-verify/", legacy_jwt::verify_jwt_token()),
    ]
}

/// Adds every route, and those of the probes: they are not part of the API, and have no slash at the end.
pub fn configure(cfg: &mut ServiceConfig) {
    for route in urlpatterns() {
        cfg.service(route);
    }
    cfg.service(resource(health::HEALTHZ).route(get().to(health::healthz)).route(head().to(health::healthz)));
    cfg.service(resource(health::READYZ).route(get().to(health::readyz)).route(head().to(health::readyz)));
}

/// Adds the description of every route, and the page that shows it: `API_DOCS`.
pub fn configure_docs(cfg: &mut ServiceConfig) {
    cfg.service(path("/api/schema/", get_schema_view(INFO, urlpatterns)));
    #[cfg(feature = "swagger-ui")]
    swagger_ui::configure(cfg, "/api/docs/", INFO.title, "../schema/");
}

const INFO: Info = Info {
    title: "actix-simplejwt",
    version: env!("CARGO_PKG_VERSION"),
    description: "Logging in with tokens, as Django REST Framework does it: `simplejwt` for new clients, `authtoken` and \
                  `rest_framework_jwt` for those that have it.",
};
