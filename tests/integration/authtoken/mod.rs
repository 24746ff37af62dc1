//! `Authorization: Token …`. Python counterpart: DRF's `test_authtoken`.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use actix_simplejwt::authtoken::management::drf_create_token;
use actix_simplejwt::authtoken::models::Token;
use actix_simplejwt::contrib::auth::UserId;
use actix_simplejwt::contrib::auth::models::{DjangoUsers, NewUser, User};
use actix_simplejwt::core::clock::Clock;
use actix_simplejwt::db::{Database, DatabaseError, DbConnection, transaction};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{TestApp, TestDatabase, alice, ivan};

per_database! {
    async fn concurrent_first_logins_get_the_same_key(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let body = json!({ "username": "alice", "password": alice().password });
        let client = app.anonymous();
        let responses = join_all((0..16).map(|_| client.post("/api/authtoken/", body.clone()))).await;
        let first = responses[0].json();
        for response in &responses {
            assert_eq!((response.status, response.json()), (200, first.clone()));
        }
        assert_eq!(app.count("authtoken_token").await, 1);
        let client = app.anonymous().with_header("Authorization", format!("Token {}", first["token"].as_str().unwrap()));
        let hello = client.get("/api/hello/token/").await;
        assert_eq!(hello.json(), json!({ "message": "Hello, alice! You are authenticated with Token." }));
    }

    async fn the_command_makes_gets_and_resets_a_token(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let texts = app.write(|conn| {
            let now = Clock::system().now();
            let mut run = |username: &str, reset: bool| {
                transaction(conn, |conn| {
                    let text = drf_create_token(conn, &DjangoUsers, username, reset, now);
                    Ok::<_, DatabaseError>(text.unwrap_or_else(|error| error.to_string()))
                })
            };
            let texts = [run("alice", false), run("alice", false), run("alice", true), run("nobody", false)];
            Ok(texts.map(|text| text.unwrap_or_default()))
        }).await;
        let key = texts[0].strip_prefix("Generated token ").and_then(|text| text.strip_suffix(" for user alice"));
        assert_eq!(key.map(str::len), Some(40), "{}", texts[0]);
        assert_eq!(texts[1], texts[0]);
        assert_ne!(texts[2], texts[0]);
        assert_eq!(texts[3], "Cannot create the Token: user nobody does not exist");
        assert_eq!(app.count("authtoken_token").await, 1);
    }

    async fn an_inactive_user_is_refused_at_once(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.sql(
            "INSERT INTO authtoken_token (key, created, user_id) \
             SELECT '0123456789abcdef0123456789abcdef01234567', '2024-01-01 00:00:00', id FROM auth_user WHERE username = 'ivan'",
        ).await;
        let client = app.anonymous().with_header("Authorization", "Token 0123456789abcdef0123456789abcdef01234567");
        let response = client.get("/api/hello/token/").await;
        assert_eq!((response.status, response.json()), (401, json!({ "detail": "User inactive or deleted." })));
        assert_eq!(response.header("WWW-Authenticate"), "Token");
        let login = json!({ "username": "ivan", "password": ivan().password });
        let response = app.anonymous().post("/api/authtoken/", login).await;
        assert_eq!(
            (response.status, response.json()),
            (400, json!({ "non_field_errors": ["Unable to log in with provided credentials."] }))
        );
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    n: i32,
}

fn number(conn: &mut DbConnection, query: &str) -> i32 {
    sql_query(query).get_result::<Number>(conn).unwrap().n
}

/// On SQLite transactions that write do not overlap.
#[test]
fn a_concurrent_transaction_gets_the_key_that_the_first_has_made() {
    let Some(kept) = TestDatabase::postgres() else { return };
    let database = Database::open(&kept.settings).unwrap();
    let now = Clock::system().now();
    let new = NewUser { username: "alice", ..NewUser::default() };
    let user_id = UserId::Integer(User::create(&mut database.connection().unwrap(), &new, now).unwrap().id);

    let (tell_pid, pid) = mpsc::channel();
    let rival = {
        let database = database.clone();
        move || {
            let mut conn = database.connection().unwrap();
            transaction(&mut conn, |conn| {
                tell_pid.send(number(conn, "SELECT pg_backend_pid() AS n")).unwrap();
                let token = Token::get_or_create(conn, user_id, now)?;
                // The failed statement has not aborted the transaction.
                let found = Token::find_by_user(conn, user_id)?;
                assert_eq!(found.as_ref(), Some(&token));
                Ok::<_, DatabaseError>(token)
            })
        }
    };
    let mut rival_thread = None;
    let winner = transaction(&mut database.connection().unwrap(), |conn| {
        let winner = Token::get_or_create(conn, user_id, now)?;
        rival_thread = Some(std::thread::spawn(rival));
        let waits =
            format!("SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND pid = {}", pid.recv().unwrap());
        let deadline = Instant::now() + Duration::from_secs(60);
        while number(conn, &waits) == 0 {
            assert!(Instant::now() < deadline, "the rival does not wait for the first transaction");
            std::thread::yield_now();
        }
        Ok::<_, DatabaseError>(winner)
    })
    .unwrap();
    assert_eq!(rival_thread.unwrap().join().unwrap().unwrap(), winner);
    assert_eq!(winner.key.len(), 40);
}

#[actix_web::test]
async fn a_user_who_is_deleted_before_the_commit_gets_no_key() {
    let Some(db) = TestDatabase::postgres() else { return };
    let app = TestApp::build(db, |_| {}).await;
    let client = app.anonymous();
    let login = client.post("/api/authtoken/", json!({ "username": "alice", "password": alice().password }));
    let answer = app.tables().meet_transaction("DELETE FROM auth_user WHERE username = 'alice'", login).await;
    let refusal = json!({ "non_field_errors": ["Unable to log in with provided credentials."] });
    assert_eq!((answer.status, answer.json()), (400, refusal));
    assert_eq!(app.count("authtoken_token").await, 0);
}
