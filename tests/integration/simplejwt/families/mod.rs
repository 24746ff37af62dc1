//! Token families: `rest_framework_simplejwt.token_family`.

mod claims;
mod foreign;
mod grace;
mod logout;
mod reuse;
mod sessions;

use actix_simplejwt::Settings;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{assert_calls, claims, counting_claims, invalid, text};
use crate::support::{Client, Response, TestApp};

/// Families with reuse detection and ten seconds of grace, and every access token with its family.
fn on(settings: &mut Settings) {
    settings.simple_jwt.blacklist_after_rotation = true;
    let families = &mut settings.simple_jwt.token_family;
    families.enabled = true;
    families.check_on_access = true;
    families.blacklist_on_reuse = true;
    families.refresh_token_grace_period = TimeDelta::seconds(10);
}

/// A server on the same database that does not know families, like Django.
fn off(settings: &mut Settings) {
    settings.simple_jwt.blacklist_after_rotation = true;
}

async fn refresh(app: &TestApp, token: &str) -> Response {
    app.anonymous().post("/api/token/refresh/", json!({ "refresh": token })).await
}

/// The new refresh token for `token`.
async fn rotated(app: &TestApp, token: &str) -> String {
    let response = refresh(app, token).await;
    assert_eq!(response.status, 200, "{}", response.body);
    text(&response.json(), "refresh")
}

async fn assert_blacklisted(app: &TestApp, token: &str) {
    let response = refresh(app, token).await;
    assert_eq!((response.status, response.json()), (401, invalid("Token is blacklisted")));
}

/// A client with the access token of `tokens`.
fn client(app: &TestApp, tokens: &Value) -> Client {
    app.anonymous().with_header("Authorization", format!("Bearer {}", text(tokens, "access")))
}

/// The list of logins.
async fn sessions(client: &Client) -> Vec<Value> {
    let response = client.get("/api/token/sessions/").await;
    assert_eq!(response.status, 200, "{}", response.body);
    serde_json::from_value(response.json()).unwrap()
}

/// The number of families that ended for `reason`.
async fn ended_by(app: &TestApp, reason: &str) -> i64 {
    app.count(&format!("family_activity WHERE ended_by = '{reason}'")).await
}
