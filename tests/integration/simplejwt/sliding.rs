//! Sliding tokens. Python counterpart: `TestTokenObtainSlidingView`, `TestTokenRefreshSlidingView`.

use actix_simplejwt::simplejwt::tokens::AuthToken;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{assert_calls, counting_claims, invalid, text};
use crate::support::{TestApp, TestDatabase, alice};

async fn build(db: TestDatabase) -> (TestApp, String) {
    let app = TestApp::build(db, |settings| settings.simple_jwt.auth_token_classes = vec![AuthToken::Sliding]).await;
    let body = json!({ "username": alice().username, "password": alice().password });
    let response = app.anonymous().post("/api/token/sliding/", body).await;
    assert_eq!(response.status, 200);
    let token = text(&response.json(), "token");
    (app, token)
}

async fn refresh(app: &TestApp, token: &str) -> (u16, Value) {
    let response = app.anonymous().post("/api/token/sliding/refresh/", json!({ "token": token })).await;
    (response.status, response.json())
}

async fn open(app: &TestApp, token: &str) -> u16 {
    app.anonymous().with_header("Authorization", format!("Bearer {token}")).get("/api/protected/").await.status
}

per_database! {
    async fn a_sliding_token_can_be_refreshed_until_it_expires(db: TestDatabase) {
        let (app, mut token) = build(db).await;
        assert_eq!(open(&app, &token).await, 200);
        app.advance(TimeDelta::minutes(4));
        let (status, body) = refresh(&app, &token).await;
        assert_eq!(status, 200);
        token = text(&body, "token");
        app.advance(TimeDelta::minutes(4));
        assert_eq!(open(&app, &token).await, 200);
        app.advance(TimeDelta::minutes(1));
        assert_eq!(open(&app, &token).await, 401);
        assert_eq!(refresh(&app, &token).await, (401, invalid("Token is expired")));
    }

    async fn a_refresh_does_not_extend_the_refresh_period(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.simple_jwt.sliding_token_lifetime = TimeDelta::hours(3);
            settings.simple_jwt.sliding_token_refresh_lifetime = TimeDelta::hours(2);
        })
        .await;
        let body = json!({ "username": alice().username, "password": alice().password });
        let token = text(&app.anonymous().post("/api/token/sliding/", body).await.json(), "token");
        app.advance(TimeDelta::hours(1));
        let (status, body) = refresh(&app, &token).await;
        assert_eq!(status, 200);
        app.advance(TimeDelta::hours(1));
        let refusal = invalid("Token 'refresh_exp' claim has expired");
        assert_eq!(refresh(&app, &text(&body, "token")).await, (401, refusal));
    }

    async fn the_claims_hooks_run_once_per_refresh(db: TestDatabase) {
        let app = counting_claims(db, |_| {}).await;
        let body = json!({ "username": alice().username, "password": alice().password });
        let token = text(&app.anonymous().post("/api/token/sliding/", body).await.json(), "token");
        assert_calls(&token, 1);
        let (status, body) = refresh(&app, &token).await;
        assert_eq!(status, 200);
        assert_calls(&text(&body, "token"), 2);
    }

    async fn an_inactive_user_cannot_refresh_a_sliding_token(db: TestDatabase) {
        let (app, token) = build(db).await;
        app.sql("UPDATE auth_user SET is_active = FALSE WHERE username = 'alice'").await;
        let refusal = json!({ "detail": "No active account found for the given token." });
        assert_eq!(refresh(&app, &token).await, (401, refusal));
    }
}
