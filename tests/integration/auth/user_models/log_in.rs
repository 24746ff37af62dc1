//! Login, refresh, the blacklist and authtoken.

use actix_simplejwt::AccessToken;
use serde_json::json;

use super::{ACCOUNTS, ALL, texts};
use crate::support::TestDatabase;

const REFRESH_TOKENS: &str = "SELECT token AS value FROM token_blacklist_outstandingtoken ORDER BY id";
const OWNERS: &str = "SELECT DISTINCT CAST(user_id AS text) AS value FROM token_blacklist_outstandingtoken";

per_database! {
    async fn a_user_of_django_logs_in_and_refreshes(db: TestDatabase) {
        for fixture in ALL {
            let db = fixture.database(&db);
            let apps = fixture.apps(&db, &[]).unwrap();
            let database = apps.database().unwrap();
            apps.migrations().run(database).unwrap();
            let mut client = fixture.client(&apps).await;
            let refusal = json!({ "detail": "No active account found with the given credentials" });
            for (name, password) in [(fixture.ann, "wrong"), ("nowhere@example.com", "correct-horse"), ("gone@example.com", "correct-horse")] {
                let response = client.post("/api/token/", json!({ fixture.field: name, "password": password })).await;
                assert_eq!((response.status, response.json()), (401, refusal.clone()));
            }
            let required = json!(["This field is required."]);
            let response = client.post("/api/token/", json!({ "password": "x" })).await;
            assert_eq!((response.status, response.json()), (400, json!({ fixture.field: required })));
            // Twice, because the first login hashes the password again with the preferred hasher.
            assert_eq!(client.post("/api/token/", fixture.credentials()).await.status, 200);
            let response = client.post("/api/token/", fixture.credentials()).await;
            assert_eq!(response.status, 200);
            let tokens = response.json();
            let access = tokens["access"].as_str().unwrap();
            let claims = AccessToken::from_raw(access, apps.jwt().unwrap()).unwrap();
            assert_eq!(claims["user_id"], fixture.id);
            client.credentials("Authorization", format!("Bearer {access}"));
            let greeting = json!({ "message": "Hello, authenticated user!", "user": fixture.ann });
            let response = client.get("/api/protected/").await;
            assert_eq!((response.status, response.json()), (200, greeting.clone()));

            let refresh = json!({ "refresh": tokens["refresh"] });
            assert_eq!(client.post("/api/token/refresh/", refresh.clone()).await.status, 200);
            let response = client.post("/api/token/refresh/", refresh).await;
            let blacklisted = json!({ "detail": "Token is blacklisted", "code": "token_not_valid" });
            assert_eq!((response.status, response.json()), (401, blacklisted.clone()));

            // The refresh tokens that Django issued: the first is valid, the second was blacklisted.
            let issued = texts(database, REFRESH_TOKENS);
            let response = client.post("/api/token/refresh/", json!({ "refresh": issued[1] })).await;
            assert_eq!((response.status, response.json()), (401, blacklisted));
            let response = client.post("/api/token/refresh/", json!({ "refresh": issued[0] })).await;
            assert_eq!(response.status, 200);
            let bearer = format!("Bearer {}", response.json()["access"].as_str().unwrap());
            client.credentials("Authorization", bearer);
            assert_eq!(client.get("/api/protected/").await.json(), greeting);
            // All are of the same user.
            assert_eq!(texts(database, OWNERS).len(), 1);
        }
    }

    async fn a_user_without_the_id_of_tokens_gets_none(db: TestDatabase) {
        let db = ACCOUNTS.database(&db);
        let apps = ACCOUNTS.apps(&db, &[("SIMPLE_JWT_USER_ID_FIELD", "member_number")]).unwrap();
        apps.migrations().run(apps.database().unwrap()).unwrap();
        let client = ACCOUNTS.client(&apps).await;
        assert_eq!(client.post("/api/token/", ACCOUNTS.credentials()).await.status, 200);
        db.connect().batch_execute("UPDATE accounts_user SET member_number = NULL").unwrap();
        let refusal = json!({ "detail": "No active account found with the given credentials" });
        for path in ["/api/token/", "/api/token/sliding/"] {
            let response = client.post(path, ACCOUNTS.credentials()).await;
            assert_eq!((response.status, response.json()), (401, refusal.clone()), "{path}");
        }
    }

    async fn the_other_apps_know_the_user(db: TestDatabase) {
        for fixture in ALL {
            let db = fixture.database(&db);
            let apps = fixture.apps(&db, &[]).unwrap();
            let mut client = fixture.client(&apps).await;
            client.credentials("Authorization", "Token 0123456789abcdef0123456789abcdef01234567");
            let response = client.get("/api/hello/token/").await;
            let greeting = format!("Hello, {}! You are authenticated with Token.", fixture.ann);
            assert_eq!((response.status, response.json()), (200, json!({ "message": greeting })));

            let response = client.post("/api-token-auth/", fixture.credentials()).await;
            assert_eq!(response.status, 200, "{}", response.text());
            let token = response.json()["token"].as_str().unwrap().to_owned();
            client.credentials("Authorization", format!("JWT {token}"));
            let greeting = json!({ "message": "Hello, authenticated user!", "user": fixture.ann });
            let response = client.get("/protected-url/").await;
            assert_eq!((response.status, response.json()), (200, greeting));
        }
    }
}
