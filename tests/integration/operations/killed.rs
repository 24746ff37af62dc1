//! `kill -9` and SIGTERM. `stress/kills.py` does the same for longer.

use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use serde_json::json;

use super::text;
use crate::support::process::{Process, post, receive, send};
use crate::support::{TestApp, TestDatabase, alice, bob};

const KILLS: usize = 3;
const CLIENTS: usize = 4;
/// Rotations between two kills.
const ROTATIONS: usize = 40;

/// The slow hasher is first, so that a login hashes the password again.
const HASHERS: (&str, &str) = ("PASSWORD_HASHERS", "ScryptPasswordHasher,MD5PasswordHasher");
const FAST: (&str, &str) = ("PASSWORD_HASHERS", "MD5PasswordHasher");

/// Rotates tokens until the server has ended, and reports every acknowledged rotation. Returns the token of the request
/// that got no response.
fn rotate(address: SocketAddr, mut token: String, acknowledged: &Sender<(String, String)>) -> String {
    while let Ok((status, answer)) = post(address, "/api/token/refresh/", &json!({ "refresh": token })) {
        assert_eq!(status, 200, "{answer}");
        let successor = text(&answer, "refresh");
        acknowledged.send((token, successor.clone())).unwrap();
        token = successor;
    }
    token
}

per_database! {
    async fn what_was_acknowledged_survives_kill_9(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let login = json!({ "username": alice().username, "password": alice().password });
        let mut logins = 0;
        for kill in 0..KILLS {
            let mut server = Process::start(app.tables(), &[FAST]);
            let mut tokens = (0..=CLIENTS).map(|_| text(&post(server.address, "/api/token/", &login).unwrap().1, "refresh"));
            let ended = tokens.next().unwrap();
            let tokens: Vec<_> = tokens.collect();
            logins += CLIENTS as i64 + 1;
            let (acknowledged, rotations) = channel();
            let clients: Vec<_> = tokens
                .into_iter()
                .map(|token| {
                    let (address, acknowledged) = (server.address, acknowledged.clone());
                    thread::spawn(move || rotate(address, token, &acknowledged))
                })
                .collect();
            drop(acknowledged);
            let mut seen: Vec<_> = rotations.iter().take(ROTATIONS + kill).collect();
            assert_eq!(post(server.address, "/api/token/blacklist/", &json!({ "refresh": ended })).unwrap().0, 200);
            server.kill();
            let in_flight: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
            seen.extend(rotations.iter());

            // A rotation happens completely or not at all: it blacklists one token and makes one, so only logins and
            // logouts change the number of valid tokens. (In one statement, because PostgreSQL may still run a commit
            // of the killed server.)
            let spent = "EXISTS (SELECT 1 FROM token_blacklist_blacklistedtoken b WHERE b.token_id = o.id)";
            let live = format!("token_blacklist_outstandingtoken o WHERE NOT {spent}");
            assert_eq!(app.count(&live).await, logins - (kill as i64 + 1));
            for (old, new) in &seen {
                let row = |token: &str| format!("token_blacklist_outstandingtoken o WHERE o.token = '{token}'");
                assert_eq!(app.count(&format!("{} AND {spent}", row(old))).await, 1);
                assert_eq!(app.count(&row(new)).await, 1);
            }
            // A token whose rotation was not acknowledged is either valid or blacklisted. A token that was logged out
            // stays blacklisted.
            let server = Process::start(app.tables(), &[FAST]);
            for token in in_flight {
                let (status, answer) = post(server.address, "/api/token/refresh/", &json!({ "refresh": token })).unwrap();
                assert!(status == 200 || answer["detail"] == "Token is blacklisted", "{status} {answer}");
            }
            assert_eq!(post(server.address, "/api/token/refresh/", &json!({ "refresh": ended })).unwrap().0, 401);
        }
        if app.tables().url.starts_with("sqlite") {
            assert_eq!(app.count("pragma_integrity_check WHERE integrity_check = 'ok'").await, 1);
        }
    }

    async fn a_rehashed_password_survives_kill_9(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let login = json!({ "username": bob().username, "password": bob().password });
        assert_eq!(app.count("auth_user WHERE username = 'bob' AND password LIKE 'md5$%'").await, 1);
        let mut server = Process::start(app.tables(), &[HASHERS]);
        assert_eq!(post(server.address, "/api/token/", &login).unwrap().0, 200);
        server.kill();
        assert_eq!(app.count("auth_user WHERE username = 'bob' AND password LIKE 'scrypt$%'").await, 1);
    }

    async fn sigterm_answers_the_requests_in_flight(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let env = [
            FAST,
            ("METRICS_ADDRESS", "127.0.0.1:0"),
            ("ACTIX_SHUTDOWN_TIMEOUT", "1h"),
            ("DATABASE_STATEMENT_TIMEOUT", "1h"),
            ("DATABASE_POOL_TIMEOUT", "1h"),
            ("SQLITE_BUSY_TIMEOUT", "1h"),
        ];
        let mut server = Process::start(app.tables(), &env);
        let login = json!({ "username": alice().username, "password": alice().password });
        let tokens: Vec<_> = (0..6).map(|_| text(&post(server.address, "/api/token/", &login).unwrap().1, "refresh")).collect();
        // Every write waits for this transaction.
        let mut other = app.tables().connect();
        let is_sqlite = app.tables().url.starts_with("sqlite");
        let lock = if is_sqlite { "BEGIN EXCLUSIVE" } else { "BEGIN; LOCK TABLE token_blacklist_outstandingtoken" };
        other.batch_execute(lock).unwrap();
        let in_flight: Vec<_> = tokens
            .iter()
            .map(|token| json!({ "refresh": token }).to_string())
            .map(|body| send(server.address, "POST", "/api/token/blacklist/", &body).unwrap())
            .collect();
        server.wait_for_queue(6);
        server.terminate();
        server.wait_for_closed_port();
        other.batch_execute("ROLLBACK").unwrap();
        for connection in in_flight {
            assert_eq!(receive(connection).unwrap(), (200, "{}".to_owned()));
        }
        assert!(server.wait().success());
    }
}
