//! Operation in production: the database is down, several instances share it, the process is killed.

mod adopt;
mod checks;
mod commands;
#[cfg(target_os = "linux")]
mod descriptors;
mod development;
mod faults;
mod health;
mod installed_apps;
mod instances;
mod keys;
mod killed;
mod metrics;
mod request_log;
mod sweeper;
mod unavailable;
mod upgrade;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, join_all};
use serde_json::{Value, json};

use crate::support::{Client, Response};

/// The text of one token of a login.
fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}")).to_owned()
}

/// The response of every endpoint that needs the database while the database is not available.
fn assert_unavailable(response: &Response) {
    assert_eq!(response.status, 503, "{}", response.body);
    assert_eq!(response.header("Retry-After"), "1");
    assert_eq!(response.header("WWW-Authenticate"), "");
    assert_eq!(response.body, r#"{"detail":"Service temporarily unavailable, try again later."}"#);
}

/// A login and a request to every kind of endpoint that asks the database.
fn each_kind(anonymous: &Client, user: &Client, refresh: &str) -> Vec<LocalBoxFuture<'static, Response>> {
    let post = |uri: &'static str, body: &Value| {
        let (client, body) = (anonymous.clone(), body.clone());
        async move { client.post(uri, body).await }.boxed_local()
    };
    let login = json!({ "username": "alice", "password": "correct horse 1" });
    let refresh = json!({ "refresh": refresh });
    let user = user.clone();
    vec![
        post("/api/token/", &login),
        post("/api/authtoken/", &login),
        post("/api-token-auth/", &login),
        post("/api/token/refresh/", &refresh),
        post("/api/token/blacklist/", &refresh),
        post("/api/token/verify/", &json!({ "token": refresh["refresh"] })),
        async move { user.get("/api/protected/").await }.boxed_local(),
    ]
}

/// The responses to [`each_kind`], one request after the other.
async fn one_of_each(anonymous: &Client, user: &Client, refresh: &str) -> Vec<Response> {
    let mut responses = Vec::new();
    for request in each_kind(anonymous, user, refresh) {
        responses.push(request.await);
    }
    responses
}

/// Sends the requests of [`each_kind`] at the same time, so that they wait for the same time limit.
async fn assert_each_kind_unavailable(anonymous: &Client, user: &Client, refresh: &str) {
    join_all(each_kind(anonymous, user, refresh)).await.iter().for_each(assert_unavailable);
}
