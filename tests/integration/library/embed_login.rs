//! `examples/embed_login.rs`.

use serde_json::json;

use super::{host, settings};
use crate::support::TestDatabase;

#[path = "../../../examples/embed_login.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

per_database! {
    async fn a_token_from_a_login_under_a_prefix_gives_access(db: TestDatabase) {
        let (apps, mut client) = host(example::set_up(settings(&db)), example::configure).await;
        example::prepare(&apps).await.unwrap();
        // A second start changes nothing.
        example::prepare(&apps).await.unwrap();

        assert_eq!(client.get("/whoami/").await.status, 401);
        assert_eq!(client.get("/news/").await.text(), "Everyone may read this.");

        let credentials = json!({ "username": "alice", "password": "correct-horse" });
        let tokens = client.post("/auth/token/", credentials).await;
        assert_eq!(tokens.status, 200);
        let tokens = tokens.json();
        client.credentials("Authorization", format!("Bearer {}", tokens["access"].as_str().unwrap()));
        assert_eq!(client.get("/whoami/").await.text(), "You are alice.");

        // The settings of the host: rotation, and the old token is blacklisted.
        let body = json!({ "refresh": tokens["refresh"] });
        assert_eq!(client.post("/auth/token/refresh/", body.clone()).await.status, 200);
        let again = client.post("/auth/token/refresh/", body).await;
        assert_eq!(again.status, 401);
        assert_eq!(again.json(), json!({ "detail": "Token is blacklisted", "code": "token_not_valid" }));
    }
}
