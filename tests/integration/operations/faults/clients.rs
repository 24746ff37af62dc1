//! Clients that disconnect, and too many clients, with the real program.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use serde_json::json;

use super::text;
use crate::support::process::{Process, get, post};
use crate::support::{Proxy, TestApp, TestDatabase, alice};

/// Time limits that are too long for this test.
const PATIENT: [(&str, &str); 4] = [
    ("DATABASE_STATEMENT_TIMEOUT", "1h"),
    ("DATABASE_POOL_TIMEOUT", "1h"),
    ("METRICS_ADDRESS", "127.0.0.1:0"),
    ("PASSWORD_HASHERS", "MD5PasswordHasher"),
];

fn ask(address: SocketAddr, access: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /api/protected/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {access}\r\n\r\n")
        .unwrap();
    stream
}

#[actix_web::test]
async fn a_request_ends_when_its_client_disconnects_while_the_database_does_not_answer() {
    let Some(mut db) = TestDatabase::postgres() else { return };
    let proxy = Proxy::to(db.address());
    db.url = db.url_at(&proxy.address().to_string());
    let app = TestApp::build(db, |_| {}).await;
    let server = Process::start(app.tables(), &PATIENT);
    let login = json!({ "username": alice().username, "password": alice().password });
    let access = text(&post(server.address, "/api/token/", &login).unwrap().1, "access");
    proxy.freeze();
    let stays = ask(server.address, &access);
    let goes: Vec<_> = (0..100).map(|_| ask(server.address, &access)).collect();
    server.wait_for_queue(101);
    drop(goes);
    server.wait_for_queue(1);
    proxy.thaw();
    server.wait_for_queue(0);
    drop(stays);
}

#[actix_web::test]
async fn a_server_without_free_descriptors_recovers_when_some_are_closed() {
    let app = TestApp::build(TestDatabase::sqlite(), |_| {}).await;
    let server = Process::start_with_descriptors(256, app.tables(), &[("ACTIX_WORKERS", "1")]);
    for _ in 0..2 {
        // Each takes two descriptors, so that not all of them can be accepted.
        let idle: Vec<_> = (0..300).map(|_| TcpStream::connect(server.address).unwrap()).collect();
        drop(idle);
        assert_eq!(get(server.address, "/readyz").unwrap().0, 200);
    }
}
