//! `POST /api/token/verify/`. Python counterpart: `TestTokenVerifyView`.

use serde_json::json;

use super::{invalid, signed, text};
use crate::support::{TestApp, TestDatabase, alice};

per_database! {
    async fn any_valid_token_is_accepted(db: TestDatabase) {
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

    async fn a_blacklisted_token_is_refused_only_with_blacklist_after_rotation(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.blacklist_after_rotation = true).await;
        let refresh = text(&app.login(&alice()).await, "refresh");
        app.anonymous().post("/api/token/blacklist/", json!({ "refresh": refresh })).await;
        let response = app.anonymous().post("/api/token/verify/", json!({ "token": refresh })).await;
        assert_eq!((response.status, response.json()), (400, json!({ "non_field_errors": ["Token is blacklisted"] })));

        let app = app.another(|_| {}).await;
        let response = app.anonymous().post("/api/token/verify/", json!({ "token": refresh })).await;
        assert_eq!((response.status, response.json()), (200, json!({})));
    }

    async fn a_token_whose_id_is_not_text_can_be_blacklisted(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.simple_jwt.blacklist_after_rotation = true;
            settings.simple_jwt.jti_claim = Some("number".to_owned());
        })
        .await;
        for (number, stored) in [
            (json!(7), "7"),
            (json!(1e300), "1e+300"),
            (json!(true), "True"),
            (json!(["a", { "b": 1 }]), "['a', {'b': 1}]"),
        ] {
            let claims = json!({ "token_type": "refresh", "exp": 1_800_000_060, "number": number, "user_id": "1" });
            let token = signed(claims);
            let verify = || async { app.anonymous().post("/api/token/verify/", json!({ "token": token })).await };
            assert_eq!(verify().await.status, 200, "{number}");
            let logout = app.anonymous().post("/api/token/blacklist/", json!({ "refresh": token })).await;
            assert_eq!(logout.status, 200, "{number}");
            let response = verify().await;
            assert_eq!(
                (response.status, response.json()),
                (400, json!({ "non_field_errors": ["Token is blacklisted"] })),
                "{number}"
            );
            let rows = format!("token_blacklist_outstandingtoken WHERE jti = '{}'", stored.replace('\'', "''"));
            assert_eq!(app.count(&rows).await, 1, "{number}");
        }
    }
}
