//! An actix application with simplejwt's endpoints below a prefix of its own. It makes Django's tables and a first user.
//!
//! `cargo run --example embed_login`, then
//! `curl -d username=alice -d password=correct-horse http://127.0.0.1:8000/auth/token/`

use actix_simplejwt::contrib::auth::AuthState;
use actix_simplejwt::db::migrations::MigrationPlan;
use actix_simplejwt::db::{Database, DatabaseSettings};
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::simplejwt::settings::SimpleJwtSettings;
use actix_simplejwt::{Authenticated, SimpleJwt, SimpleJwtBuilder, simplejwt};
use actix_web::{App, HttpServer, web};
use chrono::Duration;

async fn whoami(auth: Authenticated) -> String {
    format!("You are {}.", auth.user.username())
}

async fn news() -> &'static str {
    "Anybody may read this."
}

pub fn configure(cfg: &mut web::ServiceConfig) {
    // `/auth/token/`, `/auth/token/refresh/`, `/auth/token/verify/`, `/auth/token/blacklist/` …
    cfg.service(web::scope("/auth").configure(simplejwt::urls::configure));
    // Views in DRF's manner: what is not said to be public is closed, and errors look like DRF's.
    cfg.service(path("/whoami/", ApiView::new("Who Am I").get(whoami)));
    cfg.service(path("/news/", ApiView::new("News").public().get(news)));
}

pub fn set_up(database: Database) -> SimpleJwtBuilder {
    let mut settings = SimpleJwtSettings::default();
    settings.access_token_lifetime = Duration::minutes(5);
    settings.blacklist_after_rotation = true;
    SimpleJwt::builder(database).secret_key("not a secret: take yours from the environment").simple_jwt(settings)
}

/// Makes the tables, where they are not there, and a user, where there is none of that name.
pub async fn prepare(database: &Database, auth: &AuthState) -> Result<(), Box<dyn std::error::Error>> {
    MigrationPlan::default().run(database)?;
    if auth.authenticate(database, "alice", "correct-horse").await?.is_none() {
        auth.create_user(database, "alice", "alice@example.com", "correct-horse").await?;
    }
    Ok(())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let database = Database::open(&DatabaseSettings::new("sqlite://embed_login.sqlite3")?)?;
    let apps = set_up(database.clone()).build()?;
    if let Some(auth) = apps.auth() {
        prepare(&database, auth).await?;
    }
    let server = HttpServer::new(move || App::new().configure(|cfg| apps.configure(cfg)).configure(configure));
    Ok(server.bind(("127.0.0.1", 8000))?.run().await?)
}
