//! A service that reads tokens of another service, with the public key of that service. It has no database and no
//! secret, and builds with `default-features = false`.
//!
//! `SIMPLE_JWT_ALGORITHM=RS256 SIMPLE_JWT_VERIFYING_KEY="$(cat public.pem)" cargo run --example stateless_service`, or,
//! for keys that the issuer publishes and changes, `SIMPLE_JWT_JWK_URL=https://issuer.example/jwks.json` instead of the
//! key.

use actix_simplejwt::conf::{Environment, SettingsError};
use actix_simplejwt::rest_framework::middleware::require;
use actix_simplejwt::{Apps, AppsBuilder, Authenticated, IsAdminUser, JwtStatelessUserAuthentication, Settings};
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::json;

/// `auth.user` is a `TokenUser` with the data of the token; `auth.auth` has its claims.
async fn whoami(auth: Authenticated<JwtStatelessUserAuthentication>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "id": auth.user.id(), "expires": auth.auth.get("exp") }))
}

/// Only for users whose token has `"is_staff": true`.
async fn statistics() -> &'static str {
    "All is well."
}

pub fn configure(cfg: &mut web::ServiceConfig, apps: &Apps) {
    apps.configure(cfg);
    cfg.route("/whoami", web::get().to(whoami))
        .service(web::scope("/admin").wrap(require(IsAdminUser)).route("/statistics", web::get().to(statistics)));
}

pub fn set_up(env: &Environment) -> Result<AppsBuilder, SettingsError> {
    Ok(Apps::builder(Settings::from_env(env)?.stateless()))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let apps = set_up(&Environment::from_process())?.build()?;
    let server = HttpServer::new(move || App::new().configure(|cfg| configure(cfg, &apps)));
    Ok(server.bind(("127.0.0.1", 8000))?.run().await?)
}
