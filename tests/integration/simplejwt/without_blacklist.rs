//! The views when the app `token_blacklist` is not installed.

use actix_simplejwt::simplejwt::tokens::AuthToken;
use serde_json::json;

use super::text;
use crate::support::{TestApp, TestDatabase, alice};

per_database! {
    async fn tokens_are_rotated_but_neither_recorded_nor_blacklisted(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.installed_apps.retain(|app| app.name() != "rest_framework_simplejwt.token_blacklist");
            settings.simple_jwt.blacklist_after_rotation = true;
            settings.simple_jwt.auth_token_classes = vec![AuthToken::Access, AuthToken::Refresh];
        })
        .await;
        app.sql("DROP TABLE token_blacklist_blacklistedtoken").await;
        app.sql("DROP TABLE token_blacklist_outstandingtoken").await;

        let tokens = app.login(&alice()).await;
        let refresh = text(&tokens, "refresh");
        for _ in 0..2 {
            let rotated = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
            assert_eq!(rotated.status, 200);
            assert_ne!(text(&rotated.json(), "refresh"), refresh);
        }
        let logout = app.anonymous().post("/api/token/blacklist/", json!({ "refresh": refresh })).await;
        assert_eq!(logout.status, 404);
        let verify = app.anonymous().post("/api/token/verify/", json!({ "token": refresh })).await;
        assert_eq!((verify.status, verify.json()), (200, json!({})));

        let credentials = json!({ "username": alice().username, "password": alice().password });
        let sliding = app.anonymous().post("/api/token/sliding/", credentials).await;
        assert_eq!(sliding.status, 200);
        assert_eq!(app.anonymous().post("/api/token/sliding/refresh/", sliding.json()).await.status, 200);
        let client = app.anonymous().with_header("Authorization", format!("Bearer {refresh}"));
        assert_eq!(client.get("/api/protected/").await.status, 200);
    }
}
