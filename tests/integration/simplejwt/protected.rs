//! `GET /api/protected/`. Python counterpart: `TestJWTAuthentication`.

use actix_simplejwt::simplejwt::settings::SimpleJwtSettings;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::text;
use crate::support::{TestApp, TestDatabase, alice};

fn refused(message: &str) -> Value {
    json!({
        "detail": "Given token not valid for any token type",
        "code": "token_not_valid",
        "messages": [{ "token_class": "AccessToken", "token_type": "access", "message": message }],
    })
}

per_database! {
    async fn an_access_token_gives_access(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let response = app.client(&alice()).await.get("/api/protected/").await;
        assert_eq!(response.status, 200);
        assert_eq!(response.json(), json!({ "message": "Hello, authenticated user!", "user": "alice" }));
        assert_eq!(response.header("Allow"), "GET, HEAD, OPTIONS");
    }

    async fn an_anonymous_request_gets_a_challenge(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let response = app.anonymous().get("/api/protected/").await;
        assert_eq!(response.status, 401);
        assert_eq!(response.header("WWW-Authenticate"), r#"Bearer realm="api""#);
        assert_eq!(response.json(), json!({ "detail": "Authentication credentials were not provided." }));
    }

    async fn an_access_token_expires_at_exp(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let client = app.client(&alice()).await;
        app.advance(TimeDelta::seconds(3_599));
        assert_eq!(client.get("/api/protected/").await.status, 200);
        // `exp` itself is already too late in Django; jsonwebtoken alone would accept it.
        app.advance(TimeDelta::seconds(1));
        let late = client.get("/api/protected/").await;
        assert_eq!(late.status, 401);
        assert_eq!(late.json(), refused("Token is expired"));
    }

    async fn a_lifetime_of_zero_gives_tokens_that_have_expired(db: TestDatabase) {
        let env = [("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME", "0"), ("SIMPLE_JWT_REFRESH_TOKEN_LIFETIME", "-1")];
        let settings = SimpleJwtSettings::from_env(&env.into_iter().collect()).unwrap();
        let app = TestApp::build(db, |all| all.simple_jwt = settings).await;
        let pair = app.login(&alice()).await;
        let client = app.anonymous().with_header("Authorization", format!("Bearer {}", text(&pair, "access")));
        let response = client.get("/api/protected/").await;
        assert_eq!((response.status, response.json()), (401, refused("Token is expired")));
        let response = app.anonymous().post("/api/token/refresh/", json!({ "refresh": text(&pair, "refresh") })).await;
        let expired = json!({ "detail": "Token is expired", "code": "token_not_valid" });
        assert_eq!((response.status, response.json()), (401, expired));
    }

    async fn a_refresh_token_does_not_give_access(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let refresh = text(&app.login(&alice()).await, "refresh");
        let client = app.anonymous().with_header("Authorization", format!("Bearer {refresh}"));
        let response = client.get("/api/protected/").await;
        assert_eq!(response.status, 401);
        assert_eq!(response.json(), refused("Token has wrong type"));
    }

    async fn an_inactive_or_deleted_user_is_refused_at_once(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let client = app.client(&alice()).await;
        app.sql("UPDATE auth_user SET is_active = FALSE WHERE username = 'alice'").await;
        let inactive = client.get("/api/protected/").await;
        assert_eq!(inactive.status, 401);
        assert_eq!(inactive.json(), json!({ "detail": "User is inactive", "code": "user_inactive" }));
        app.sql("DELETE FROM token_blacklist_outstandingtoken").await;
        app.sql("DELETE FROM auth_user WHERE username = 'alice'").await;
        let gone = client.get("/api/protected/").await;
        assert_eq!(gone.status, 401);
        assert_eq!(gone.json(), json!({ "detail": "User not found", "code": "user_not_found" }));
    }

    async fn check_revoke_token_refuses_access_tokens_after_a_password_change(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.check_revoke_token = true).await;
        let client = app.client(&alice()).await;
        assert_eq!(client.get("/api/protected/").await.status, 200);
        app.sql("UPDATE auth_user SET password = 'md5$x$y' WHERE username = 'alice'").await;
        let response = client.get("/api/protected/").await;
        assert_eq!(response.status, 401);
        assert_eq!(
            response.json(),
            json!({ "detail": "The user's password has been changed.", "code": "password_changed" })
        );
    }
}
