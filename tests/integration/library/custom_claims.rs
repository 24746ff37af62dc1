//! `examples/custom_claims.rs`.

use actix_simplejwt::db::DatabaseError;
use actix_simplejwt::db::schema::auth_user;
use diesel::prelude::*;
use serde_json::json;

use super::{create_user, host, settings};
use crate::support::TestDatabase;

#[path = "../../../examples/custom_claims.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

per_database! {
    async fn claims_are_made_at_login_and_made_again_at_refresh(db: TestDatabase) {
        let (apps, mut client) = host(example::set_up(settings(&db)), example::configure).await;
        create_user(&apps, "alice").await;
        let credentials = json!({ "username": "alice", "password": "correct-horse" });
        let tokens = client.post("/api/token/", credentials).await.json();
        client.credentials("Authorization", format!("Bearer {}", tokens["access"].as_str().unwrap()));
        assert_eq!(client.get("/profile").await.text(), "alice at alice@example.com");

        let moved = |conn: &mut _| {
            let rows = diesel::update(auth_user::table).set(auth_user::email.eq("alice@elsewhere.example"));
            rows.execute(conn).map_err(DatabaseError::from)
        };
        apps.database().unwrap().write(moved).await.unwrap();
        let first = client.post("/api/token/refresh/", json!({ "refresh": tokens["refresh"] })).await.json();
        client.credentials("Authorization", format!("Bearer {}", first["access"].as_str().unwrap()));
        assert_eq!(client.get("/profile").await.text(), "alice at alice@elsewhere.example");

        // The successor of the refresh token has the same claims.
        let second = client.post("/api/token/refresh/", json!({ "refresh": first["refresh"] })).await.json();
        client.credentials("Authorization", format!("Bearer {}", second["access"].as_str().unwrap()));
        assert_eq!(client.get("/profile").await.text(), "alice at alice@elsewhere.example");
    }
}
