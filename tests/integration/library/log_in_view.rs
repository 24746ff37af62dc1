//! `examples/log_in_view.rs`.

use actix_simplejwt::AccessToken;
use actix_simplejwt::db::DatabaseError;
use actix_simplejwt::db::schema::{auth_group, auth_user_groups};
use diesel::prelude::*;
use serde_json::json;

use super::{create_user, host, settings};
use crate::support::TestDatabase;

#[path = "../../../examples/log_in_view.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

per_database! {
    async fn claims_come_from_another_table_and_survive_a_refresh(db: TestDatabase) {
        let (apps, client) = host(example::set_up(settings(&db)), example::configure).await;
        let alice = create_user(&apps, "alice").await.id;
        let join = move |conn: &mut _| {
            for (id, name) in [(1, "editors"), (2, "authors"), (3, "readers")] {
                let group = (auth_group::id.eq(id), auth_group::name.eq(name));
                diesel::insert_into(auth_group::table).values(group).execute(conn)?;
            }
            for group in [1, 2] {
                let member = (auth_user_groups::user_id.eq(alice), auth_user_groups::group_id.eq(group));
                diesel::insert_into(auth_user_groups::table).values(member).execute(conn)?;
            }
            Ok::<_, DatabaseError>(())
        };
        apps.database().unwrap().write(join).await.unwrap();

        let wrong = client.post("/api/token/", json!({ "username": "alice", "password": "wrong" })).await;
        assert_eq!(wrong.status, 401);
        assert_eq!(wrong.json(), json!({ "detail": "No active account found with the given credentials" }));

        let response = client.post("/api/token/", json!({ "username": "alice", "password": "correct-horse" })).await;
        assert_eq!((response.status, response.header("Cache-Control")), (200, "no-store"));
        let body = response.json();
        assert_eq!(body["user"], json!({ "email": "alice@example.com", "is_staff": false }));
        let jwt = apps.jwt().unwrap();
        let access = AccessToken::from_raw(body["access"].as_str().unwrap(), jwt).unwrap();
        assert_eq!(access["groups"], json!(["authors", "editors"]));

        let refreshed = client.post("/api/token/refresh/", json!({ "refresh": body["refresh"] })).await.json();
        let access = AccessToken::from_raw(refreshed["access"].as_str().unwrap(), jwt).unwrap();
        assert_eq!(access["groups"], json!(["authors", "editors"]));
    }
}
