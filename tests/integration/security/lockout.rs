//! `LOGIN_FAILURE_LIMIT`. Threat 43.

use actix_simplejwt::conf::Environment;
use actix_simplejwt::settings::Settings;
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Client, Response, TestApp, TestDatabase, alice};

fn limited(settings: &mut Settings) {
    settings.auth.login_failure_limit = Some(3);
    settings.auth.login_cooloff = TimeDelta::minutes(15);
    settings.rest_framework.num_proxies = Some(1);
}

fn from(app: &TestApp, address: &str) -> Client {
    app.anonymous().with_header("X-Forwarded-For", address)
}

fn credentials(username: &str, password: &str) -> Value {
    json!({ "username": username, "password": password })
}

async fn log_in(client: &Client, username: &str, password: &str) -> Response {
    client.post("/api/token/", credentials(username, password)).await
}

per_database! {
    async fn after_so_many_failures_even_the_right_password_waits(db: TestDatabase) {
        let app = TestApp::build(db, limited).await;
        let client = from(&app, "192.0.2.1");
        for _ in 0..3 {
            assert_eq!(log_in(&client, "alice", "wrong").await.status, 401);
        }
        let locked_out = log_in(&client, "alice", alice().password).await;
        assert_eq!(locked_out.status, 429);
        assert_eq!(locked_out.header("Retry-After"), "900");
        assert_eq!(
            locked_out.json(),
            json!({ "detail": "Request was throttled. Expected available in 900 seconds." })
        );
        app.advance(TimeDelta::seconds(899));
        assert_eq!(log_in(&client, "alice", alice().password).await.header("Retry-After"), "1");
        app.advance(TimeDelta::seconds(1));
        assert_eq!(log_in(&client, "alice", alice().password).await.status, 200);
        assert_eq!(app.count("login_failures").await, 0);
    }

    async fn a_success_forgives_what_came_before(db: TestDatabase) {
        let app = TestApp::build(db, limited).await;
        let client = from(&app, "192.0.2.1");
        for _ in 0..3 {
            for _ in 0..2 {
                assert_eq!(log_in(&client, "alice", "wrong").await.status, 401);
            }
            assert_eq!(log_in(&client, "alice", alice().password).await.status, 200);
        }
    }

    async fn failures_of_one_client_do_not_lock_out_others(db: TestDatabase) {
        let app = TestApp::build(db, limited).await;
        for _ in 0..4 {
            log_in(&from(&app, "192.0.2.1"), "alice", "wrong").await;
        }
        assert_eq!(log_in(&from(&app, "192.0.2.1"), "alice", "wrong").await.status, 429);
        assert_eq!(log_in(&from(&app, "192.0.2.2"), "alice", alice().password).await.status, 200);
        assert_eq!(log_in(&from(&app, "192.0.2.1"), "bob", "wrong").await.status, 401);
        // A client can only add values in front; the proxy's own value is the last.
        assert_eq!(log_in(&from(&app, "198.51.100.7, 192.0.2.1"), "alice", "wrong").await.status, 429);
    }

    async fn an_unknown_name_is_locked_out_as_well(db: TestDatabase) {
        let app = TestApp::build(db, limited).await;
        let client = from(&app, "192.0.2.1");
        for name in ["alice", "nobody", "ivan"] {
            let mut statuses = Vec::new();
            for _ in 0..5 {
                statuses.push(log_in(&client, name, "wrong").await.status);
            }
            assert_eq!(statuses, [401, 401, 401, 429, 429], "{name}");
        }
    }

    async fn every_way_to_log_in_counts(db: TestDatabase) {
        let app = TestApp::build(db, limited).await;
        let client = from(&app, "192.0.2.1");
        for path in ["/api/token/", "/api/authtoken/", "/api-token-auth/"] {
            assert!(matches!(client.post(path, credentials("alice", "wrong")).await.status, 400 | 401));
        }
        for path in ["/api/token/", "/api/token/sliding/", "/access-token/", "/api/authtoken/", "/api-token-auth/"] {
            assert_eq!(client.post(path, credentials("alice", alice().password)).await.status, 429, "{path}");
        }
    }

    async fn of_many_guesses_at_once_only_so_many_are_looked_at(db: TestDatabase) {
        let app = TestApp::build(db, limited).await;
        let client = from(&app, "192.0.2.1");
        let answers = join_all((0..24).map(|_| log_in(&client, "alice", "wrong"))).await;
        let count = |status| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!((count(401), count(429)), (3, 21));
    }

    async fn without_the_setting_nothing_is_counted(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        for _ in 0..20 {
            assert_eq!(log_in(&app.anonymous(), "alice", "wrong").await.status, 401);
        }
        assert_eq!(app.count("login_failures").await, 0);
    }
}

#[test]
fn the_limit_is_read_and_checked() {
    let read = |value: &str| {
        let env = Environment::default().with("LOGIN_FAILURE_LIMIT", value);
        Settings::from_env(&env).map(|settings| settings.auth.login_failure_limit).map_err(|error| error.to_string())
    };
    assert_eq!(read("5"), Ok(Some(5)));
    assert_eq!(read("none"), Ok(None));
    for value in ["0", "-1", "x", "1.5", "65536"] {
        let expected = format!("LOGIN_FAILURE_LIMIT: {value:?} is not none, or a whole number from 1 to 65535");
        assert_eq!(read(value), Err(expected));
    }
}
