//! Sessions, CSRF and messages, with pages that the tests define.

mod api;
mod csrf;
mod expiry;
mod login;
mod messages;

use actix_simplejwt::Apps;
use actix_simplejwt::contrib::auth::{self, get_user};
use actix_simplejwt::contrib::messages::{self as one_time, Level, MessagePart};
use actix_simplejwt::contrib::sessions::{Session, SessionError, SessionStore};
use actix_simplejwt::http::csrf as protection;
use actix_simplejwt::rest_framework::authentication::session::SessionAuthentication;
use actix_simplejwt::rest_framework::permissions::IsAuthenticated;
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::{Authenticated, JwtAuthentication, Settings};
use actix_web::web::{Form, Path, ServiceConfig, get, post};
use actix_web::{HttpRequest, HttpResponse, error};
use serde_json::Value;

use crate::support::{Browser, TestApp, TestDatabase};

const KEY: &str = "a-test-secret-key-of-more-than-fifty-characters-0123456789";

/// A server with the pages below.
async fn site(db: TestDatabase, adjust: impl FnOnce(&mut Settings)) -> TestApp {
    TestApp::build_with_urls(db, urls, adjust).await
}

fn browser(app: &TestApp) -> Browser {
    Browser::new(app.anonymous())
}

/// The sessions in the database, decoded with `key`.
async fn rows(app: &TestApp, key: &str) -> Vec<(String, Value)> {
    use diesel::prelude::*;

    use actix_simplejwt::db::schema::django_session;

    let rows = app
        .write(|conn| {
            let columns = (django_session::session_key, django_session::session_data);
            django_session::table.order(django_session::session_key).select(columns).load::<(String, String)>(conn)
        })
        .await;
    let clock = actix_simplejwt::core::clock::Clock::system();
    let store = SessionStore::new(Settings::default().sessions, &key.into(), &[], clock);
    rows.into_iter().map(|(key, data)| (key, Value::Object(store.decode(&data)))).collect()
}

fn urls(cfg: &mut ServiceConfig, apps: &Apps) {
    cfg.route("/login/{name}/", post().to(login))
        .route("/logout/", post().to(logout))
        .route("/me/", get().to(me))
        .route("/password/{name}/", post().to(password))
        .route("/set/{key}/{value}/", get().to(set))
        .route("/flush/{status}/", get().to(flush))
        .route("/form/", get().to(form))
        .route("/form/", post().to(submit))
        .route("/say/{level}/{text}/", get().to(say))
        .route("/link/", get().to(link))
        .route("/messages/", get().to(messages_page))
        .route("/quiet/", get().to(|| async { "nothing was asked" }))
        .service(path(
            "/api/",
            ApiView::new("Api").authentication(SessionAuthentication).permission(IsAuthenticated).get(api).post(api),
        ))
        .service(path("/twice/", ApiView::new("Twice").authentication(SessionAuthentication).post(twice)));
    actix_simplejwt::urls::configure(cfg, apps);
}

async fn api(auth: Authenticated) -> String {
    auth.user.username().to_owned()
}

/// The extractor has other classes than the view, so the request is authenticated again.
async fn twice(auth: Authenticated<(JwtAuthentication, SessionAuthentication)>) -> String {
    auth.user.username().to_owned()
}

/// Logs in without asking for a password.
async fn login(req: HttpRequest, name: Path<String>) -> Result<String, SessionError> {
    let apps = Apps::of(&req)?;
    let users = std::sync::Arc::clone(apps.auth()?.users());
    let find = move |conn: &mut _| Ok::<_, SessionError>(users.get_by_natural_key(conn, &name).unwrap().unwrap());
    let user = apps.database()?.read(find).await?;
    auth::login(&req, &user).await?;
    Ok(user.username().to_owned())
}

async fn logout(req: HttpRequest) -> Result<&'static str, SessionError> {
    auth::logout(&req).await?;
    Ok("out")
}

async fn me(req: HttpRequest) -> Result<String, SessionError> {
    Ok(get_user(&req).await?.map_or_else(|| "nobody".to_owned(), |user| user.username().to_owned()))
}

/// Sets a password string, as a page that changes a password does.
async fn password(req: HttpRequest, name: Path<String>) -> Result<String, SessionError> {
    assert!(get_user(&req).await?.is_some());
    let apps = Apps::of(&req)?;
    let users = std::sync::Arc::clone(apps.auth()?.users());
    let change = move |conn: &mut _| {
        let user = users.get_by_natural_key(conn, &name).unwrap().unwrap();
        assert!(users.set_password(conn, &*user, "md5$other$password").unwrap());
        Ok::<_, SessionError>(users.get_by_natural_key(conn, &name).unwrap().unwrap())
    };
    let user = apps.database()?.write(change).await?;
    auth::update_session_auth_hash(&req, &user).await?;
    Ok(user.username().to_owned())
}

async fn set(req: HttpRequest, entry: Path<(String, String)>) -> Result<String, SessionError> {
    let session = Session::of(&req).await?;
    let (key, value) = entry.into_inner();
    session.set(&key, value.into());
    Ok(session.key().unwrap_or_default())
}

async fn flush(req: HttpRequest, status: Path<u16>) -> Result<HttpResponse, SessionError> {
    let session = Session::of(&req).await?;
    session.set("lost", true.into());
    session.flush();
    session.set("kept", true.into());
    Ok(HttpResponse::build(status.into_inner().try_into().unwrap()).finish())
}

async fn form(req: HttpRequest) -> String {
    protection::get_token(&req)
}

async fn submit(req: HttpRequest, fields: Form<Vec<(String, String)>>) -> actix_web::Result<&'static str> {
    let token = fields.iter().find(|(name, _)| name == protection::FIELD).map(|(_, value)| &**value);
    protection::check(&req, token)?;
    Ok("done")
}

async fn say(req: HttpRequest, what: Path<(String, String)>) -> actix_web::Result<&'static str> {
    let (level, text) = what.into_inner();
    let levels = [Level::Debug, Level::Info, Level::Success, Level::Warning, Level::Error];
    let level =
        levels.into_iter().find(|known| known.as_str() == level).ok_or_else(|| error::ErrorNotFound("level"))?;
    let text = if text == "long" { "x\u{e4}".repeat(700) } else { text };
    if req.query_string() == "session" {
        Session::of(&req).await?;
    }
    one_time::add(&req, level, text);
    Ok("")
}

async fn link(req: HttpRequest) -> &'static str {
    let parts = [
        MessagePart::Text("A <b> ".to_owned()),
        MessagePart::Link { href: "/x/?a&b".to_owned(), text: "link".to_owned() },
    ];
    one_time::add_parts(&req, Level::Success, &parts);
    ""
}

async fn messages_page(req: HttpRequest) -> actix_web::Result<String> {
    Session::of(&req).await?;
    let messages = one_time::take(&req);
    let lines: Vec<_> =
        messages.iter().map(|message| format!("{}: {}", message.level.as_str(), message.to_text())).collect();
    Ok(lines.join("\n"))
}
