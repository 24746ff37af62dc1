//! Tokens that have more claims about the user than the id. In Python you override `TokenObtainPairSerializer.get_token` for
//! this.
//!
//! The hooks run at login and at every refresh, so a change to the user is in the next access token. (In Python, a claim
//! set at login is copied from token to token until the user logs in again.)
//!
//! `SECRET_KEY=… cargo run --example custom_claims`

use actix_simplejwt::conf::Environment;
use actix_simplejwt::db::schema::{auth_group, auth_user, auth_user_groups};
use actix_simplejwt::{Apps, AppsBuilder, Authenticated, JwtStatelessUserAuthentication, Settings, simplejwt};
use actix_web::{App, HttpServer, web};
use diesel::prelude::*;

/// Reads only the claims; the database is not used.
async fn profile(auth: Authenticated<JwtStatelessUserAuthentication>) -> String {
    let email = auth.auth.get("email").and_then(|email| email.as_str()).unwrap_or("nowhere");
    format!("{} at {email}", auth.auth.get("username").and_then(|name| name.as_str()).unwrap_or("anonymous"))
}

pub fn configure(cfg: &mut web::ServiceConfig, apps: &Apps) {
    apps.configure(cfg);
    cfg.service(web::scope("/api").configure(|cfg| simplejwt::urls::configure(cfg, apps)))
        .route("/profile", web::get().to(profile));
}

pub fn set_up(settings: Settings) -> AppsBuilder {
    Apps::builder(settings)
        .claims(|user, claims| {
            claims.insert("username", user.username().into());
            claims.insert("email", user.attribute("email").into());
            // With this claim `IsAdminUser` works without the database too.
            claims.insert("is_staff", user.is_staff().into());
        })
        // In Python: list(user.groups.order_by("name").values_list("name", flat=True))
        .claims_from_database(|user, claims, conn| {
            let groups = auth_group::table.inner_join(auth_user_groups::table.inner_join(auth_user::table));
            let groups = groups.filter(auth_user::username.eq(user.username())).order(auth_group::name);
            claims.insert("groups", groups.select(auth_group::name).load::<String>(conn)?.into());
            Ok(())
        })
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let apps = set_up(Settings::from_env(&Environment::from_process())?).build()?;
    let server = HttpServer::new(move || App::new().configure(|cfg| configure(cfg, &apps)));
    Ok(server.bind(("127.0.0.1", 8000))?.run().await?)
}
