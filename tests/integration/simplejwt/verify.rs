//! `POST /api/token/verify/`. Python counterpart: `TestTokenVerifyView`.

use serde_json::json;

use super::{invalid, text};
use crate::support::{TestApp, TestDatabase, alice};

per_database! {
    async fn any_genuine_token_passes(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let tokens = app.login(&alice()).await;
        for name in ["access", "refresh"] {
            let body = json!({ "token": text(&tokens, name) });
            let response = app.anonymous().post("/api/token/verify/", body).await;
            assert_eq!((response.status, response.json()), (200, json!({})));
        }
        let response = app.anonymous().post("/api/token/verify/", json!({ "token": "a.b.c" })).await;
        assert_eq!((response.status, response.json()), (401, invalid("Token is invalid")));
    }

    async fn the_blacklist_is_asked_only_with_blacklist_after_rotation(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.blacklist_after_rotation = true).await;
        let refresh = text(&app.login(&alice()).await, "refresh");
        app.anonymous().post("/api/token/blacklist/", json!({ "refresh": refresh })).await;
        let response = app.anonymous().post("/api/token/verify/", json!({ "token": refresh })).await;
        assert_eq!((response.status, response.json()), (400, json!({ "non_field_errors": ["Token is blacklisted"] })));
    }
}
