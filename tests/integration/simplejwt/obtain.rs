//! `POST /api/token/`. Python counterpart: `TestTokenObtainPairView`.

use serde_json::json;

use super::{claims, text};
use crate::support::{TestApp, TestDatabase, alice, ivan};

per_database! {
    async fn a_login_returns_a_pair_and_records_the_refresh_token(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let response =
            app.anonymous().post("/api/token/", json!({ "username": "alice", "password": "correct horse 1" })).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("Allow"), "POST, OPTIONS");
        assert_eq!(response.header("Vary"), "Accept");
        assert_eq!(response.header("Content-Type"), "application/json");
        let body = response.json();
        assert_eq!(body.as_object().unwrap().len(), 2);
        let (refresh, access) = (claims(&text(&body, "refresh")), claims(&text(&body, "access")));
        for (token, token_type, lifetime) in [(&refresh, "refresh", 86_400), (&access, "access", 3_600)] {
            assert_eq!(token["token_type"], token_type);
            let user_id = token["user_id"].as_str().unwrap();
            assert_eq!(app.count(&format!("auth_user WHERE username = 'alice' AND id = {user_id}")).await, 1);
            assert_eq!(token["iat"], 1_800_000_000);
            assert_eq!(token["exp"], 1_800_000_000 + lifetime);
        }
        assert_ne!(refresh["jti"], access["jti"]);
        assert_eq!(app.count("token_blacklist_outstandingtoken").await, 1);
        assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 0);
    }

    async fn every_refused_login_gets_the_same_answer(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        for (username, password) in
            [("alice", "nope"), ("nobody", "nope"), ("Alice", alice().password), ("ivan", ivan().password)]
        {
            let body = json!({ "username": username, "password": password });
            let response = app.anonymous().post("/api/token/", body).await;
            assert_eq!(response.status, 401, "{username}");
            assert_eq!(response.header("WWW-Authenticate"), r#"Bearer realm="api""#);
            assert_eq!(
                response.json(),
                json!({ "detail": "No active account found with the given credentials" }),
                "{username}"
            );
        }
        assert_eq!(app.count("token_blacklist_outstandingtoken").await, 0);
    }

    async fn invalid_fields_are_named(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let response = app.anonymous().post("/api/token/", json!({ "username": null, "password": " " })).await;
        assert_eq!(response.status, 400);
        assert_eq!(
            response.json(),
            json!({ "username": ["This field may not be null."], "password": ["This field may not be blank."] })
        );
    }

    async fn a_password_of_another_hasher_is_rehashed(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.auth.password_hashers =
                actix_simplejwt::contrib::auth::hashers::PasswordHashers::from_names(&["BCryptSHA256PasswordHasher", "MD5PasswordHasher"])
                    .unwrap();
        })
        .await;
        assert_eq!(app.count("auth_user WHERE password LIKE 'md5$%' AND username = 'alice'").await, 1);
        app.login(&alice()).await;
        assert_eq!(app.count("auth_user WHERE password LIKE 'bcrypt_sha256$%' AND username = 'alice'").await, 1);
        app.login(&alice()).await;
    }

    async fn update_last_login_writes_the_last_login(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.update_last_login = true).await;
        assert_eq!(app.count("auth_user WHERE last_login IS NULL").await, 3);
        app.login(&alice()).await;
        assert_eq!(app.count("auth_user WHERE last_login IS NULL").await, 2);
    }
}

/// On SQLite transactions that write do not overlap.
#[actix_web::test]
async fn a_login_that_meets_the_end_of_all_logins_gets_no_token() {
    for update_last_login in [false, true] {
        for (change, ends) in
            [("password = 'md5$x$y'", true), ("is_active = FALSE", true), ("first_name = 'Al'", false)]
        {
            let Some(db) = TestDatabase::postgres() else { return };
            let app = TestApp::build(db, |settings| settings.simple_jwt.update_last_login = update_last_login).await;
            // As the admin site does.
            let end = format!(
                "UPDATE auth_user SET {change} WHERE username = 'alice'; \
                 SELECT pg_advisory_xact_lock(hashtext('logins of user ' || id), hashtext(current_schema())) \
                 FROM auth_user WHERE username = 'alice'"
            );
            let client = app.anonymous();
            let login = client.post("/api/token/", json!({ "username": "alice", "password": alice().password }));
            let answer = app.tables().meet_transaction(&end, login).await;
            if ends {
                let refusal = json!({ "detail": "No active account found with the given credentials" });
                assert_eq!((answer.status, answer.json()), (401, refusal), "{change}");
            } else {
                assert_eq!(answer.status, 200, "{change}");
            }
            assert_eq!(app.count("token_blacklist_outstandingtoken").await, i64::from(!ends), "{change}");
        }
    }
}
