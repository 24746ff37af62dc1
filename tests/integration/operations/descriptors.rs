//! Connections that clients have abandoned do not keep file descriptors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::text;
use crate::support::process::{Process, post};
use crate::support::{TestApp, TestDatabase, alice};

const EACH: usize = 40;

/// The bytes that the client has sent before it abandons the connection.
const BEGINNINGS: [&str; 6] = [
    "",
    "POST /api/tok",
    "POST /api/token/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"us",
    "GET /api/protected/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nx",
    "GET /api/protected/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /api/protected/ HTTP/1.1\r\nHost: a\r\n\r\nGET /api/pro",
];

#[cfg(target_os = "linux")]
#[actix_web::test]
async fn abandoned_connections_give_their_descriptors_back() {
    let app = TestApp::build(TestDatabase::sqlite(), |_| {}).await;
    let env = [
        ("PASSWORD_HASHERS", "MD5PasswordHasher"),
        ("ACTIX_WORKERS", "1"),
        ("ACTIX_KEEP_ALIVE", "1s"),
        ("ACTIX_CLIENT_REQUEST_TIMEOUT", "1s"),
        ("DATA_UPLOAD_TIMEOUT", "1s"),
    ];
    let server = Process::start(app.tables(), &env);
    // The connections to the database are open from now on.
    let login = json!({ "username": alice().username, "password": alice().password });
    let tokens = post(server.address, "/api/token/", &login).unwrap().1;
    let refresh = json!({ "refresh": text(&tokens, "refresh") });
    assert_eq!(post(server.address, "/api/token/refresh/", &refresh).unwrap().0, 200);
    let connect = |beginning: &&str| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(beginning.as_bytes()).unwrap();
        stream
    };
    let wait_for = |what: &str, is_it: &dyn Fn(usize) -> bool| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !is_it(server.descriptors()) {
            assert!(Instant::now() < deadline, "{what}: {} descriptors are open", server.descriptors());
            std::thread::yield_now();
        }
    };
    // The connection of the last request may still be closing.
    let mut seen = usize::MAX;
    while server.descriptors() != seen {
        seen = server.descriptors();
        let mut stream = connect(&"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
    let before = seen;
    // Some clients disconnect, with a response unread or a request half sent. The others stay connected and send
    // nothing more.
    let kept: Vec<_> = (0..EACH).flat_map(|_| BEGINNINGS.iter().map(connect)).collect();
    let left: Vec<_> = (0..EACH).flat_map(|_| BEGINNINGS.iter().map(connect)).collect();
    wait_for("not yet accepted", &|open| open >= before + kept.len());
    drop(left);
    wait_for("not given back", &|open| open <= before);
    assert_eq!(post(server.address, "/api/token/refresh/", &refresh).unwrap().0, 401);
    drop(kept);
}
