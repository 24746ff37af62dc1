//! `examples/custom_user.rs`.

use actix_simplejwt::db::Database;
use serde_json::json;

use super::{env, host, owners, settings, settings_from};
use crate::support::TestDatabase;

#[path = "../../../examples/custom_user.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

per_database! {
    async fn customers_log_in_by_e_mail(db: TestDatabase) {
        let db = db.empty();
        let database = Database::open(&db.settings).unwrap();
        let (apps, mut client) = host(example::set_up(settings(&db)).database(database), example::configure).await;
        let database = apps.database().unwrap();
        let applied = example::migrations(&apps).run(database).unwrap();
        assert!(applied.iter().any(|migration| migration.to_string() == "shop.0001_initial"));
        let password = settings(&db).auth.password_hashers.encode("correct-horse").unwrap();
        let id = example::create_customer(database, "alice@example.com", password).await.unwrap();

        let response = client.post("/api/token/", json!({ "username": "alice@example.com" })).await;
        assert_eq!(response.status, 400);
        let required = json!(["This field is required."]);
        assert_eq!(response.json(), json!({ "email": required, "password": required }));

        let wrong = client.post("/api/token/", json!({ "email": "alice@example.com", "password": "x" })).await;
        assert_eq!(wrong.json(), json!({ "detail": "No active account found with the given credentials" }));

        let credentials = json!({ "email": "alice@example.com", "password": "correct-horse" });
        let tokens = client.post("/api/token/", credentials).await.json();
        client.credentials("Authorization", format!("Bearer {}", tokens["access"].as_str().unwrap()));
        let whoami = json!({ "email": "alice@example.com", "nickname": "Ally" });
        assert_eq!(client.get("/whoami").await.json(), whoami);

        // Refresh tokens are recorded for the customer, whose table the foreign key names.
        let refreshed = client.post("/api/token/refresh/", json!({ "refresh": tokens["refresh"] })).await;
        assert_eq!(refreshed.status, 200);
        let owners = apps.database().unwrap().read(owners).await.unwrap();
        assert_eq!(owners, [Some(id.into()), Some(id.into())]);
    }

    async fn a_user_id_that_cannot_be_looked_up_stops_the_start(db: TestDatabase) {
        let env = env().with("SIMPLE_JWT_USER_ID_FIELD", "email");
        let error = example::set_up(settings_from(&db, &env)).build().unwrap_err();
        assert_eq!(error.to_string(), "SIMPLE_JWT_USER_ID_FIELD: users cannot be looked up by \"email\"");
    }
}
