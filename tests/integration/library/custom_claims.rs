//! `examples/custom_claims.rs`.

use actix_simplejwt::db::DatabaseError;
use actix_simplejwt::db::schema::{
    auth_group, auth_user, auth_user_groups, token_blacklist_outstandingtoken as outstanding,
};
use diesel::prelude::*;
use serde_json::{Value, json};

use super::{create_user, host, settings};
use crate::simplejwt::{claims, text};
use crate::support::TestDatabase;

#[path = "../../../examples/custom_claims.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

/// The claim `groups` of the access token of an answer.
fn groups(tokens: &Value) -> Value {
    claims(&text(tokens, "access"))["groups"].clone()
}

per_database! {
    async fn claims_are_made_at_login_and_made_again_at_refresh(db: TestDatabase) {
        let (apps, mut client) = host(example::set_up(settings(&db)), example::configure).await;
        create_user(&apps, "alice").await;
        let credentials = json!({ "username": "alice", "password": "correct-horse" });
        let tokens = client.post("/api/token/", credentials).await.json();
        client.credentials("Authorization", format!("Bearer {}", tokens["access"].as_str().unwrap()));
        assert_eq!(client.get("/profile").await.text(), "alice at alice@example.com");

        assert_eq!(groups(&tokens), json!([]));

        let change = |conn: &mut _| -> Result<usize, DatabaseError> {
            let name = auth_group::name.eq("editors");
            let group: i32 = diesel::insert_into(auth_group::table).values(name).returning(auth_group::id).get_result(conn)?;
            let user: i32 = auth_user::table.select(auth_user::id).first(conn)?;
            let member = (auth_user_groups::user_id.eq(user), auth_user_groups::group_id.eq(group));
            diesel::insert_into(auth_user_groups::table).values(member).execute(conn)?;
            let rows = diesel::update(auth_user::table).set(auth_user::email.eq("alice@elsewhere.example"));
            Ok(rows.execute(conn)?)
        };
        apps.database().unwrap().write(change).await.unwrap();
        let first = client.post("/api/token/refresh/", json!({ "refresh": tokens["refresh"] })).await.json();
        client.credentials("Authorization", format!("Bearer {}", first["access"].as_str().unwrap()));
        assert_eq!(client.get("/profile").await.text(), "alice at alice@elsewhere.example");
        assert_eq!(groups(&first), json!(["editors"]));

        // The successor of the refresh token has the same claims.
        let second = client.post("/api/token/refresh/", json!({ "refresh": first["refresh"] })).await.json();
        client.credentials("Authorization", format!("Bearer {}", second["access"].as_str().unwrap()));
        assert_eq!(client.get("/profile").await.text(), "alice at alice@elsewhere.example");
        assert_eq!(groups(&second), json!(["editors"]));
    }

    async fn a_query_that_fails_is_a_500_and_nothing_is_recorded(db: TestDatabase) {
        let builder = example::set_up(settings(&db)).claims_from_database(|_user, _claims, conn| {
            diesel::sql_query("SELECT * FROM no_such_table").execute(conn).map(drop)
        });
        let (apps, client) = host(builder, example::configure).await;
        create_user(&apps, "alice").await;
        let response = client.post("/api/token/", json!({ "username": "alice", "password": "correct-horse" })).await;
        assert_eq!((response.status, response.json()), (500, json!({ "detail": "A server error occurred." })));
        let count = |conn: &mut _| outstanding::table.count().get_result::<i64>(conn).map_err(DatabaseError::from);
        assert_eq!(apps.database().unwrap().read(count).await.unwrap(), 0);
    }
}
