//! Operation in production: the database is down, several instances share it, the process is killed.

mod adopt;
mod checks;
mod commands;
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

use serde_json::Value;

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

/// Logs in, and sends a request to every kind of endpoint that asks the database.
async fn one_of_each(anonymous: &Client, user: &Client, refresh: &str) -> Vec<Response> {
    let token = serde_json::json!({ "refresh": refresh });
    let login = serde_json::json!({ "username": "alice", "password": "correct horse 1" });
    vec![
        anonymous.post("/api/token/", login.clone()).await,
        anonymous.post("/api/authtoken/", login.clone()).await,
        anonymous.post("/api-token-auth/", login).await,
        anonymous.post("/api/token/refresh/", token.clone()).await,
        anonymous.post("/api/token/blacklist/", token).await,
        anonymous.post("/api/token/verify/", serde_json::json!({ "token": refresh })).await,
        user.get("/api/protected/").await,
    ]
}
