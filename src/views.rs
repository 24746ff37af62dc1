//! The project's own views, which a new project replaces. Python counterpart: `views.py`.
//!
//! A view is two functions. The handler takes what it needs as arguments and returns the response. The other function, which
//! [`urls`](crate::urls) names, lists the methods and who may use them. To write your own view, copy both functions of
//! `protected_view`, rename them and add a line to `urls.rs`. `tag` and `answers` are only for the API's description.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};

use crate::authtoken::authentication::TokenAuthentication;
use crate::legacy_jwt::authentication::JsonWebTokenAuthentication;
use crate::rest_framework::permissions::IsAuthenticated;
use crate::rest_framework::request::Authenticated;
use crate::rest_framework::schemas::shapes::{object, of_bodies, text};
use crate::rest_framework::views::ApiView;
use crate::simplejwt::authentication::JwtAuthentication;

const GREETING: &str = "Hello, authenticated user!";
const JWT_GREETING: &str = "Hello, JWT user!";

#[derive(Serialize)]
struct Greeting<'a> {
    message: &'a str,
    user: &'a str,
}

/// `GET`: a greeting for a logged-in user, by any of `DEFAULT_AUTHENTICATION_CLASSES`.
#[must_use]
pub fn protected_view() -> ApiView {
    ApiView::new("Protected").tag("project").permission(IsAuthenticated).answers(greeting).get(greet)
}

fn greeting(_req: &HttpRequest) -> Value {
    let message = of_bodies(&[GREETING.into()]);
    object([("message", message), ("user", text("The caller's user name."))])
}

async fn greet(caller: Authenticated) -> HttpResponse {
    HttpResponse::Ok().json(Greeting { message: GREETING, user: caller.user.username() })
}

/// `GET`: a greeting for the bearer of a JWT; who may read it is up to `DEFAULT_PERMISSION_CLASSES`.
#[must_use]
pub fn hello_jwt() -> ApiView {
    ApiView::new("Hello Jwt")
        .app("rest_framework_simplejwt")
        .tag("project")
        .authentication(JwtAuthentication)
        .answers(|_| of_bodies(&[json!({ "message": JWT_GREETING })]))
        .get(greet_jwt)
}

async fn greet_jwt() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "message": JWT_GREETING }))
}

/// `GET`: a greeting by name for the bearer of a key of `authtoken`.
#[must_use]
pub fn hello_token() -> ApiView {
    ApiView::new("Hello Token")
        .app("rest_framework.authtoken")
        .authentication(TokenAuthentication)
        .permission(IsAuthenticated)
        .tag("project")
        .answers(|_| object([("message", text("A greeting by name."))]))
        .get(greet_by_token)
}

async fn greet_by_token(caller: Authenticated<TokenAuthentication>) -> HttpResponse {
    let message = format!("Hello, {}! You are authenticated with Token.", caller.user.username());
    HttpResponse::Ok().json(json!({ "message": message }))
}

/// `GET`: the same greeting as [`protected_view`], for the tokens of the older JWT package.
#[must_use]
pub fn legacy_protected_view() -> ApiView {
    ApiView::new("Protected")
        .app("rest_framework_jwt")
        .authentication(JsonWebTokenAuthentication)
        .permission(IsAuthenticated)
        .tag("project")
        .answers(greeting)
        .get(greet)
}
