//! Protects views of an actix application whose users are in Django's database, `sqlite://db.sqlite3`.
//!
//! `SECRET_KEY=… cargo run --example protect_a_view`, then
//! `curl -H "Authorization: Bearer $ACCESS" http://127.0.0.1:8000/whoami`

use actix_simplejwt::conf::Environment;
use actix_simplejwt::rest_framework::middleware::require;
use actix_simplejwt::{
    Apps, AppsBuilder, Authenticated, IsAdminUser, JwtAuthentication, MaybeAuthenticated, Permitted, Settings,
    TokenAuthentication,
};
use actix_web::{App, HttpServer, web};

/// A logged-in user, by any of `DEFAULT_AUTHENTICATION_CLASSES`. Everyone else gets a 401.
async fn whoami(auth: Authenticated) -> String {
    format!("You are {}.", auth.user.username())
}

/// A user, or an anonymous client. An expired token is still a 401.
async fn welcome(auth: MaybeAuthenticated) -> String {
    match auth.0 {
        Some(auth) => format!("Welcome back, {}!", auth.user.username()),
        None => "Welcome, stranger!".to_owned(),
    }
}

/// `Authorization: Bearer <access token>` or `Authorization: Token <key>`.
async fn either(auth: Authenticated<(JwtAuthentication, TokenAuthentication)>) -> String {
    format!("One of two ways, {}.", auth.user.username())
}

/// Staff only, at one handler.
async fn report(by: Permitted<IsAdminUser>) -> String {
    format!("For {} only.", by.user.username())
}

async fn health() -> &'static str {
    "Only staff sees this, though the handler says nothing."
}

pub fn configure(cfg: &mut web::ServiceConfig, apps: &Apps) {
    apps.configure(cfg);
    cfg.route("/whoami", web::get().to(whoami))
        .route("/welcome", web::get().to(welcome))
        .route("/either", web::get().to(either))
        .route("/report", web::get().to(report))
        // Staff only, for everything below.
        .service(web::scope("/internal").wrap(require(IsAdminUser)).route("/health", web::get().to(health)));
}

pub fn set_up(settings: Settings) -> AppsBuilder {
    Apps::builder(settings)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let apps = set_up(Settings::from_env(&Environment::from_process())?).build()?;
    let server = HttpServer::new(move || App::new().configure(|cfg| configure(cfg, &apps)));
    Ok(server.bind(("127.0.0.1", 8000))?.run().await?)
}
