//! `LOGIN_FAILURE_LIMIT`. Threat 43.

use actix_simplejwt::conf::Environment;
use actix_simplejwt::settings::Settings;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use futures_util::future::{Either, join, join_all, select, select_all};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
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
    async fn after_the_limit_even_the_right_password_is_refused(db: TestDatabase) {
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

    async fn a_success_deletes_earlier_failures(db: TestDatabase) {
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

    async fn failures_of_every_view_that_logs_in_are_counted(db: TestDatabase) {
        let app = TestApp::build(db, limited).await;
        let client = from(&app, "192.0.2.1");
        for path in ["/api/token/", "/api/authtoken/", "/api-token-auth/"] {
            assert!(matches!(client.post(path, credentials("alice", "wrong")).await.status, 400 | 401));
        }
        for path in ["/api/token/", "/api/token/sliding/", "/access-token/", "/api/authtoken/", "/api-token-auth/"] {
            assert_eq!(client.post(path, credentials("alice", alice().password)).await.status, 429, "{path}");
        }
    }

    async fn a_locked_out_client_gets_the_same_answer_with_basic_authentication(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            limited(settings);
            settings.rest_framework.default_authentication_classes =
                vec!["JWTAuthentication".to_owned(), "BasicAuthentication".to_owned()];
        })
        .await;
        let with = |password: &str| {
            let basic = format!("Basic {}", STANDARD.encode(format!("alice:{password}")));
            from(&app, "192.0.2.1").with_header("Authorization", basic)
        };
        assert_eq!(with(alice().password).get("/api/protected/").await.status, 200);
        for _ in 0..3 {
            assert_eq!(with("wrong").get("/api/protected/").await.status, 401);
        }
        for client in [with("wrong"), with(alice().password)] {
            let refused = client.get("/api/protected/").await;
            assert_eq!((refused.status, refused.header("Retry-After")), (429, "900"));
            assert_eq!(
                refused.json(),
                json!({ "detail": "Request was throttled. Expected available in 900 seconds." })
            );
        }
        assert_eq!(log_in(&from(&app, "192.0.2.1"), "alice", alice().password).await.status, 429);
    }

    async fn an_address_counts_once_however_it_is_spelled(db: TestDatabase) {
        let app = TestApp::build(db, limited).await;
        for spellings in [
            ["192.0.2.1", "192.0.2.1:4711", "::ffff:192.0.2.1", "[::ffff:c000:201]:80"],
            ["2001:db8::1", "[2001:DB8::2]:443", "2001:db8:0:0:ffff::3", "2001:db8::4%eth0"],
        ] {
            let mut statuses = Vec::new();
            for spelling in spellings {
                statuses.push(log_in(&from(&app, spelling), "alice", "wrong").await.status);
            }
            assert_eq!(statuses, [401, 401, 401, 429], "{spellings:?}");
        }
        // The next network is another client.
        assert_eq!(log_in(&from(&app, "2001:db8:0:1::1"), "alice", alice().password).await.status, 200);
    }

    async fn the_size_of_a_network_is_a_setting(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            limited(settings);
            settings.rest_framework.ipv6_prefix = 128;
        })
        .await;
        for _ in 0..3 {
            log_in(&from(&app, "2001:db8::1"), "alice", "wrong").await;
        }
        assert_eq!(log_in(&from(&app, "2001:db8::1"), "alice", "wrong").await.status, 429);
        assert_eq!(log_in(&from(&app, "2001:db8::2"), "alice", alice().password).await.status, 200);
    }

    async fn one_password_on_many_names_is_limited_by_address(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            limited(settings);
            settings.auth.login_failure_limit_per_address = Some(5);
        })
        .await;
        let client = from(&app, "192.0.2.1");
        for number in 0..5 {
            app.advance(TimeDelta::minutes(1));
            assert_eq!(log_in(&client, &format!("user{number}"), "Spring2026").await.status, 401);
            // A successful login with another account does not help.
            assert_eq!(log_in(&client, "bob", crate::support::bob().password).await.status, if number < 4 { 200 } else { 429 });
        }
        for name in ["user5", "alice"] {
            let refused = log_in(&client, name, alice().password).await;
            assert_eq!((refused.status, refused.header("Retry-After")), (429, "660"), "{name}");
        }
        assert_eq!(log_in(&from(&app, "192.0.2.2"), "alice", alice().password).await.status, 200);
        // Counted from the first failure on, so that a few failures over a long time do not lock out a large network
        // for ever.
        app.advance(TimeDelta::minutes(11));
        assert_eq!(log_in(&client, "alice", alice().password).await.status, 200);
    }

    async fn a_login_that_the_full_queue_refuses_is_not_counted(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            limited(settings);
            settings.auth.hashing_threads = 1;
            settings.auth.hashing_queue = 1;
        })
        .await;
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let mut busy = Box::pin(app.auth().hash(move |_| wait.recv()));
        assert!((&mut busy).now_or_never().is_none());
        let client = from(&app, "192.0.2.1");
        // One of the logins gets the place in the queue. It is not counted before its turn.
        let log_in = |name: String| {
            let client = client.clone();
            Box::pin(async move { log_in(&client, &name, "wrong").await })
        };
        let mut logins: Vec<_> = (0..9).map(|n| log_in(format!("user{n}"))).collect();
        let mut refused = 0;
        while logins.len() > 1 {
            let (answer, _, others) = select_all(logins).await;
            assert_eq!((answer.status, answer.header("Retry-After")), (503, "1"));
            (logins, refused) = (others, refused + 1);
        }
        assert_eq!((refused, app.count("login_failures").await), (8, 0));
        release.send(()).unwrap();
        busy.await.unwrap().unwrap();
        assert_eq!(logins.pop().unwrap().await.status, 401);
        assert_eq!(app.count("login_failures").await, 1);
    }

    async fn many_logins_from_one_address_do_not_block_others(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            limited(settings);
            settings.auth.hashing_threads = 1;
            settings.auth.hashing_queue = 4;
        })
        .await;
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let mut busy = Box::pin(app.auth().hash(move |_| wait.recv()));
        assert!((&mut busy).now_or_never().is_none());
        // Addresses of one /64 are one client.
        let flood = |n: usize| {
            let client = from(&app, &format!("2001:db8::{n:x}"));
            async move { log_in(&client, &format!("user{n}"), "wrong").await.status }
        };
        let honest = |address: &str| {
            let client = from(&app, address);
            async move { log_in(&client, "alice", alice().password).await.status }
        };
        let mut flood: FuturesUnordered<_> = (0..20).map(flood).collect();
        for _ in 0..16 {
            assert_eq!(flood.next().await, Some(503));
        }
        // Each of these logins takes the place of a login of the first client.
        let mut honest = Box::pin(join_all([honest("192.0.2.1"), honest("2001:db8:0:1::1")]));
        for _ in 0..2 {
            match select(&mut honest, flood.next()).await {
                Either::Left((statuses, _)) => panic!("{statuses:?} before there was a thread"),
                Either::Right((status, _)) => assert_eq!(status, Some(503)),
            }
        }
        release.send(()).unwrap();
        busy.await.unwrap().unwrap();
        assert_eq!(join(honest, flood.collect::<Vec<_>>()).await, (vec![200, 200], vec![401, 401]));
    }

    async fn expired_counts_are_deleted_in_the_background(db: TestDatabase) {
        let app = TestApp::build(db, limited).await;
        let now = 1_800_000_000;
        for (key, since) in (0..250).map(|n| (format!("old{n}"), now - 900)).chain([("new".to_owned(), now - 899)]) {
            app.sql(&format!("INSERT INTO login_failures VALUES ('{key}', 1, {since})")).await;
        }
        assert_eq!(log_in(&from(&app, "192.0.2.1"), "alice", alice().password).await.status, 200);
        let mut left = app.count("login_failures").await;
        // The response did not wait for it.
        assert!(left > 1, "{left}");
        while left > 1 {
            left = app.count("login_failures").await;
        }
        assert_eq!(app.count("login_failures WHERE attempt = 'new'").await, 1);
    }

    async fn concurrent_guesses_get_no_additional_attempts(db: TestDatabase) {
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

/// On SQLite transactions that write do not overlap.
#[actix_web::test]
async fn a_login_is_not_locked_out_by_the_success_of_another() {
    // Another successful login or an administrator deletes the row. Other failed logins change it.
    let changes = [
        ("DELETE FROM login_failures", 200),
        ("UPDATE login_failures SET failures = failures + 1", 200),
        ("UPDATE login_failures SET failures = 3", 429),
    ];
    for (change, status) in changes {
        let Some(db) = TestDatabase::postgres() else { return };
        let app = TestApp::build(db, limited).await;
        let client = from(&app, "192.0.2.1");
        assert_eq!(log_in(&client, "alice", "wrong").await.status, 401);
        let answer = app.tables().meet_transaction(change, log_in(&client, "alice", alice().password)).await;
        assert_eq!(answer.status, status, "{change}");
        if status == 429 {
            assert_eq!(answer.header("Retry-After"), "900");
        }
    }
}
