//! `POST /api/token/blacklist/`. Python counterpart: `TestTokenBlacklistView`.

use futures_util::future::join_all;
use serde_json::json;

use super::{invalid, text};
use crate::support::{TestApp, TestDatabase, alice};

per_database! {
    async fn a_logout_blacklists_the_refresh_token_but_not_the_access_token(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let tokens = app.login(&alice()).await;
        let body = json!({ "refresh": text(&tokens, "refresh") });
        let response = app.anonymous().post("/api/token/blacklist/", body.clone()).await;
        assert_eq!((response.status, response.json()), (200, json!({})));
        let again = app.anonymous().post("/api/token/blacklist/", body.clone()).await;
        assert_eq!((again.status, again.json()), (401, invalid("Token is blacklisted")));
        let refresh = app.anonymous().post("/api/token/refresh/", body).await;
        assert_eq!((refresh.status, refresh.json()), (401, invalid("Token is blacklisted")));
        let bearer = format!("Bearer {}", text(&tokens, "access"));
        let protected = app.anonymous().with_header("Authorization", bearer).get("/api/protected/").await;
        assert_eq!(protected.status, 200);
    }

    async fn one_of_many_concurrent_logouts_succeeds(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let body = json!({ "refresh": text(&app.login(&alice()).await, "refresh") });
        // A token that is not recorded needs two inserts, so there are two races.
        app.sql("DELETE FROM token_blacklist_outstandingtoken").await;
        let client = app.anonymous();
        let answers = join_all((0..16).map(|_| client.post("/api/token/blacklist/", body.clone()))).await;
        for answer in &answers {
            assert!(
                (answer.status, answer.json()) == (200, json!({}))
                    || (answer.status, answer.json()) == (401, invalid("Token is blacklisted")),
                "{answer:?}"
            );
        }
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(app.count("token_blacklist_outstandingtoken").await, 1);
        assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 1);
    }
}
