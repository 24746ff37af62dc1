//! A view of your own that logs in: claims about the login itself, and more in the response. In Python: a serializer with its
//! own `validate`.
//!
//! Claims about the user need no view: see `custom_claims.rs`. As in Python, the claims that are set here are copied from token
//! to token until the user logs in again.
//!
//! `SECRET_KEY=… cargo run --example log_in_view`, then
//! `curl -d username=alice -d password=… http://127.0.0.1:8000/api/token/`

use actix_simplejwt::conf::Environment;
use actix_simplejwt::http::log_data::TokenEvent;
use actix_simplejwt::rest_framework::exceptions::ApiError;
use actix_simplejwt::rest_framework::request::RequestData;
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::simplejwt::serializers::{Context, TokenObtainPairSerializer};
use actix_simplejwt::{Apps, AppsBuilder, Settings, simplejwt};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::json;

/// `credentials` limits the body and forbids caches. The scope is that of the other views that log in.
fn log_in() -> ApiView {
    let view = ApiView::new("Log In").public().credentials().throttle_scope("login");
    view.serializer::<TokenObtainPairSerializer>().post(make_tokens)
}

/// In Python: `data = super().validate(attrs)`, and then more members of `data`.
async fn make_tokens(
    req: HttpRequest,
    credentials: RequestData<TokenObtainPairSerializer>,
) -> Result<HttpResponse, ApiError> {
    let context = Context::of(&req)?;
    let (mut refresh, user) = credentials.into_inner().log_in(&context).await?;
    refresh["device"] = context.user_agent().into();
    let response = HttpResponse::Ok().json(json!({
        "refresh": refresh.encode(context.state)?,
        "access": refresh.access_token(context.state).encode(context.state)?,
        "user": { "email": user.attribute("email"), "is_staff": user.is_staff() },
    }));
    // The metrics count it as a login.
    Ok(TokenEvent::Issued.on(response))
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
