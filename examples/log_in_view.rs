//! A view of your own that logs in: claims of the login itself, and more in the response. In Python: a serializer with its own
//! `get_token` and `validate`.
//!
//! Claims about the user need no view: see `custom_claims.rs`. As in Python, the claims that are set here are copied from token
//! to token until the user logs in again.
//!
//! `SECRET_KEY=… cargo run --example log_in_view`, then
//! `curl -d username=alice -d password=… http://127.0.0.1:8000/api/token/`

use std::sync::Arc;

use actix_simplejwt::conf::Environment;
use actix_simplejwt::db::DatabaseError;
use actix_simplejwt::db::schema::{auth_group, auth_user_groups};
use actix_simplejwt::rest_framework::exceptions::ApiError;
use actix_simplejwt::rest_framework::fields::CharField;
use actix_simplejwt::rest_framework::request::RequestData;
use actix_simplejwt::rest_framework::serializers::{Fields, Serializer};
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::simplejwt::exceptions::TokenError;
use actix_simplejwt::simplejwt::serializers::Context;
use actix_simplejwt::{Apps, AppsBuilder, RefreshToken, Settings, simplejwt};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use diesel::prelude::*;
use serde_json::{Value, json};

/// The fields of the request.
struct Credentials {
    username: String,
    password: String,
}

impl Serializer for Credentials {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { username: fields.read(CharField::new("username")), password: fields.read(CharField::new("password")) }
    }
}

/// `credentials` limits the body and forbids caches. The scope is that of the other views that log in.
fn log_in() -> ApiView {
    ApiView::new("Log In").public().credentials().throttle_scope("login").serializer::<Credentials>().post(make_tokens)
}

async fn make_tokens(req: HttpRequest, data: RequestData<Credentials>) -> Result<HttpResponse, ApiError> {
    let Credentials { username, password } = data.into_inner();
    let Context { state, auth, db, address, .. } = Context::of(&req)?;
    let refused = || ApiError::authentication_failed("No active account found with the given credentials");
    let user = auth.authenticate(db, &address, &username, &password).await?;
    // USER_AUTHENTICATION_RULE.
    let user = user.filter(|user| (state.user_rule)(&**user)).ok_or_else(refused)?;
    let (jwt, owner) = (Arc::clone(state), user.clone());
    let tokens = move |conn: &mut _| -> Result<Value, TokenError> {
        let id = owner.attribute("id").and_then(|id| i32::try_from(id.as_i64()?).ok()).unwrap_or_default();
        let groups = auth_group::table.inner_join(auth_user_groups::table).filter(auth_user_groups::user_id.eq(id));
        let groups: Vec<String> =
            groups.select(auth_group::name).order(auth_group::name).load(conn).map_err(DatabaseError::from)?;
        let mut refresh = RefreshToken::for_user(&*owner, &jwt, conn)?;
        refresh["groups"] = groups.into();
        Ok(json!({ "refresh": refresh.encode(&jwt)?, "access": refresh.access_token(&jwt).encode(&jwt)? }))
    };
    let mut body = db.write(tokens).await?;
    body["user"] = json!({ "email": user.attribute("email"), "is_staff": user.is_staff() });
    Ok(HttpResponse::Ok().json(body))
}

pub fn configure(cfg: &mut web::ServiceConfig, apps: &Apps) {
    apps.configure(cfg);
    // The first of two views with the same path answers.
    cfg.service(path("/api/token/", log_in()))
        .service(web::scope("/api").configure(|cfg| simplejwt::urls::configure(cfg, apps)));
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
