//! `examples/log_in_view.rs`.

use actix_simplejwt::AccessToken;
use serde_json::json;

use super::{create_user, host, settings};
use crate::support::TestDatabase;

#[path = "../../../examples/log_in_view.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

per_database! {
    async fn claims_of_the_login_survive_a_refresh(db: TestDatabase) {
        let (apps, mut client) = host(example::set_up(settings(&db)), example::configure).await;
        create_user(&apps, "alice").await;
        client.credentials("User-Agent", "curl/8");

        let wrong = client.post("/api/token/", json!({ "username": "alice", "password": "wrong" })).await;
        assert_eq!(wrong.status, 401);
        assert_eq!(wrong.json(), json!({ "detail": "No active account found with the given credentials" }));
        let missing = client.post("/api/token/", json!({ "username": "alice" })).await;
        assert_eq!((missing.status, missing.json()), (400, json!({ "password": ["This field is required."] })));

        let response = client.post("/api/token/", json!({ "username": "alice", "password": "correct-horse" })).await;
        assert_eq!((response.status, response.header("Cache-Control")), (200, "no-store"));
        let body = response.json();
        assert_eq!(body["user"], json!({ "email": "alice@example.com", "is_staff": false }));
        let jwt = apps.jwt().unwrap();
        let access = AccessToken::from_raw(body["access"].as_str().unwrap(), jwt).unwrap();
        assert_eq!(access["device"], "curl/8");

        client.credentials("User-Agent", "another");
        let refreshed = client.post("/api/token/refresh/", json!({ "refresh": body["refresh"] })).await.json();
        let access = AccessToken::from_raw(refreshed["access"].as_str().unwrap(), jwt).unwrap();
        assert_eq!(access["device"], "curl/8");
    }
}
