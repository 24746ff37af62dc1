//! An actix application with simplejwt's endpoints under its own prefix. It makes Django's tables and a first user.
//!
//! `cargo run --example embed_login`, then
//! `curl -d username=alice -d password=correct-horse http://127.0.0.1:8000/auth/token/`

use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::{Apps, AppsBuilder, Authenticated, Settings, simplejwt};
use actix_web::{App, HttpServer, web};
use chrono::Duration;

async fn whoami(auth: Authenticated) -> String {
    format!("You are {}.", auth.user.username())
}

async fn news() -> &'static str {
    "Everyone may read this."
}

pub fn configure(cfg: &mut web::ServiceConfig, apps: &Apps) {
    apps.configure(cfg);
    // `/auth/token/`, `/auth/token/refresh/`, `/auth/token/verify/`, `/auth/token/blacklist/` …
    cfg.service(web::scope("/auth").configure(|cfg| simplejwt::urls::configure(cfg, apps)));
    // Views as in DRF: a view that is not public requires a login, and errors have DRF's format.
    cfg.service(path("/whoami/", ApiView::new("Who Am I").get(whoami)));
    cfg.service(path("/news/", ApiView::new("News").public().get(news)));
}

pub fn set_up(mut settings: Settings) -> AppsBuilder {
    settings.simple_jwt.access_token_lifetime = Duration::minutes(5);
    settings.simple_jwt.blacklist_after_rotation = true;
    Apps::builder(settings)
}

/// Makes the tables and a user, unless they exist.
pub async fn prepare(apps: &Apps) -> Result<(), Box<dyn std::error::Error>> {
    let (database, auth) = (apps.database()?, apps.auth()?);
    apps.migrations().run(database)?;
    let alice = auth.users().get_by_natural_key(&mut *database.connection()?, "alice")?;
    if alice.is_none() {
        auth.create_user(database, "alice", "alice@example.com", "correct-horse").await?;
    }
    Ok(())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::new("not a secret: take yours from the environment");
    let apps = set_up(settings.database_url("sqlite://embed_login.sqlite3")?).build()?;
    prepare(&apps).await?;
    let server = HttpServer::new(move || App::new().configure(|cfg| configure(cfg, &apps)));
    Ok(server.bind(("127.0.0.1", 8000))?.run().await?)
}
