//! The same endpoints in a simple implementation: a pool of connections, and `web::block` around the queries of every request. It
//! has no throttling, no settings and no error bodies, which makes it faster, not slower.
//!
//! Reads `DATABASE_URL`, `SECRET_KEY`, `BIND` and `SIMPLE_JWT_ROTATE_REFRESH_TOKENS`; one worker.

mod database;
mod passwords;
mod tokens;

use std::env;

use actix_web::error::{ErrorInternalServerError, ErrorUnauthorized};
use actix_web::http::header::AUTHORIZATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Result, web};
use serde::Deserialize;
use serde_json::json;

use crate::database::Pool;
use crate::tokens::Keys;

struct State {
    pool: Pool,
    keys: Keys,
    rotate: bool,
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let setting = |name: &str| env::var(name).map_err(|error| std::io::Error::other(format!("{name}: {error}")));
    let state = web::Data::new(State {
        pool: database::pool(&setting("DATABASE_URL")?).map_err(std::io::Error::other)?,
        keys: Keys::new(setting("SECRET_KEY")?.as_bytes()),
        rotate: setting("SIMPLE_JWT_ROTATE_REFRESH_TOKENS")? == "true",
    });
    HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .route("/api/protected/", web::get().to(protected))
            .route("/api/token/", web::post().to(obtain))
            .route("/api/token/refresh/", web::post().to(refresh))
            .route("/api/token/verify/", web::post().to(verify))
    })
    .workers(1)
    .bind(setting("BIND")?)?
    .run()
    .await
}

async fn protected(req: HttpRequest, state: web::Data<State>) -> Result<HttpResponse> {
    let header = req.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let claims = state.keys.decode(header.strip_prefix("Bearer ").unwrap_or_default(), "access")?;
    let user = web::block(move || database::find_user(&mut *database::get(&state.pool)?, claims.user_id()?))
        .await?
        .map_err(ErrorInternalServerError)?
        .ok_or_else(|| ErrorUnauthorized("no such user"))?;
    Ok(HttpResponse::Ok().json(json!({ "message": "Hello, authenticated user!", "user": user.username })))
}

#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
}

async fn obtain(data: web::Json<Login>, state: web::Data<State>) -> Result<HttpResponse> {
    let Login { username, password } = data.into_inner();
    let pair = web::block(move || {
        let user = database::find_user_by_name(&mut *database::get(&state.pool)?, &username)?;
        let Some(user) = user.filter(|user| passwords::check(&password, &user.password)) else { return Ok(None) };
        let (refresh, claims) = state.keys.new_refresh(&user.id.to_string());
        database::add_outstanding(&mut *database::get(&state.pool)?, &refresh, &claims)?;
        Ok::<_, database::Error>(Some((refresh, state.keys.access_of(&claims))))
    })
    .await?
    .map_err(ErrorInternalServerError)?;
    let (refresh, access) = pair.ok_or_else(|| ErrorUnauthorized("wrong name or password"))?;
    Ok(HttpResponse::Ok().json(json!({ "refresh": refresh, "access": access })))
}

#[derive(Deserialize)]
struct Refresh {
    refresh: String,
}

async fn refresh(data: web::Json<Refresh>, state: web::Data<State>) -> Result<HttpResponse> {
    let claims = state.keys.decode(&data.refresh, "refresh")?;
    let access = state.keys.access_of(&claims);
    let body = if state.rotate {
        let (successor, successor_claims) = state.keys.new_refresh(&claims.user_id);
        let answer = json!({ "access": access, "refresh": successor });
        let rotated = web::block(move || {
            let mut connection = database::get(&state.pool)?;
            database::rotate(&mut connection, &data.refresh, &claims, &successor, &successor_claims)
        })
        .await?
        .map_err(ErrorInternalServerError)?;
        rotated.then_some(answer)
    } else {
        let usable = web::block(move || database::is_usable(&mut *database::get(&state.pool)?, &claims))
            .await?
            .map_err(ErrorInternalServerError)?;
        usable.then(|| json!({ "access": access }))
    };
    Ok(HttpResponse::Ok().json(body.ok_or_else(|| ErrorUnauthorized("token is blacklisted"))?))
}

#[derive(Deserialize)]
struct Verify {
    token: String,
}

async fn verify(data: web::Json<Verify>, state: web::Data<State>) -> Result<HttpResponse> {
    let claims = state.keys.decode(&data.token, "")?;
    let blacklisted = web::block(move || database::is_blacklisted(&mut *database::get(&state.pool)?, &claims.jti))
        .await?
        .map_err(ErrorInternalServerError)?;
    if blacklisted {
        return Err(ErrorUnauthorized("token is blacklisted"));
    }
    Ok(HttpResponse::Ok().json(json!({})))
}
