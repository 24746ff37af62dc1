//! The URL table, read from top to bottom. Python counterpart: `urls.py`.

use actix_web::web::{ServiceConfig, get, head, resource};

use crate::apps::Apps;
use crate::authtoken;
use crate::contrib::admin;
use crate::legacy_jwt;
use crate::rest_framework::browsable;
use crate::rest_framework::schemas::ApiDocs;
use crate::rest_framework::schemas::openapi::Info;
#[cfg(feature = "swagger-ui")]
use crate::rest_framework::schemas::swagger_ui;
use crate::rest_framework::schemas::views::get_schema_view;
use crate::rest_framework::views::{Route, include, mount, path};
use crate::server::health;
use crate::simplejwt;
use crate::views;

/// Every route except the probes. All paths end in a slash, and the server redirects to it if it is missing. Only the path of the
/// JWK set has no slash, because other services look for the set there.
///
/// The views of an app that is not in `INSTALLED_APPS` are not mounted.
#[must_use]
pub fn urlpatterns() -> Vec<Route> {
    [
        // A request is compared with each line in turn, so the most frequent paths come first.
        vec![
            path("/api/protected/", views::protected_view()),
            path("/api/hello/jwt/", views::hello_jwt()),
            path("/api/hello/token/", views::hello_token()),
            path("/protected-url/", views::legacy_protected_view()),
        ],
        include("/api", simplejwt::urls::urlpatterns()),
        vec![
            path("/access-token/", simplejwt::views::token_obtain_pair()),
            path("/access-token/refresh/", simplejwt::views::token_refresh()),
        ],
        include("/api", authtoken::urls::urlpatterns()),
        include("", legacy_jwt::urls::urlpatterns()),
        include("/o", simplejwt::oauth2::urls::urlpatterns()),
        vec![path("/.well-known/jwks.json", simplejwt::views::json_web_key_set())],
    ]
    .concat()
}

/// Adds every route and the probes. Probes are not part of the API, and have no slash at the end.
pub fn configure(cfg: &mut ServiceConfig, apps: &Apps) {
    mount(cfg, apps, urlpatterns());
    browsable::configure(cfg, apps, "/api-auth/");
    admin::urls::configure(cfg, apps);
    cfg.service(resource(health::HEALTHZ).route(get().to(health::healthz)).route(head().to(health::healthz)));
    cfg.service(resource(health::READYZ).route(get().to(health::readyz)).route(head().to(health::readyz)));
    if apps.get().is_ok_and(|ApiDocs(is_on)| *is_on) {
        cfg.service(path("/api/schema/", get_schema_view(INFO, urlpatterns)));
        #[cfg(feature = "swagger-ui")]
        swagger_ui::configure(cfg, "/api/docs/", INFO.title, "../schema/");
    }
}

const INFO: Info = Info {
    title: "actix-simplejwt",
    version: env!("CARGO_PKG_VERSION"),
    description: "Logging in with tokens, as Django REST Framework does it: `simplejwt` for new clients, `authtoken` and \
                  `rest_framework_jwt` for those that have it.",
};
