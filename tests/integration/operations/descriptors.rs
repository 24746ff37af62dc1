//! Connections that clients have abandoned do not keep file descriptors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::text;
use crate::support::process::{Process, post};
use crate::support::{TestApp, TestDatabase, alice, read_to_close};

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

/// A server, the number of its descriptors without clients, and a request that a server without free descriptors cannot answer.
async fn start(limit: &str) -> (TestApp, Process, usize, Value) {
    let app = TestApp::build(TestDatabase::sqlite(), |_| {}).await;
    let env = [
        ("PASSWORD_HASHERS", "MD5PasswordHasher"),
        ("ACTIX_WORKERS", "1"),
        ("ACTIX_KEEP_ALIVE", limit),
        ("ACTIX_CLIENT_REQUEST_TIMEOUT", limit),
        ("DATA_UPLOAD_TIMEOUT", limit),
    ];
    let server = Process::start(app.tables(), &env);
    // The connections to the database are open from now on.
    let login = json!({ "username": alice().username, "password": alice().password });
    let tokens = post(server.address, "/api/token/", &login).unwrap().1;
    let refresh = json!({ "refresh": text(&tokens, "refresh") });
    assert_eq!(post(server.address, "/api/token/refresh/", &refresh).unwrap().0, 200);
    // The connection of the last request may still be closing.
    let mut seen = usize::MAX;
    while server.descriptors() != seen {
        seen = server.descriptors();
        let mut stream = connect(&server, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
    (app, server, seen, refresh)
}

fn connect(server: &Process, beginning: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // A server with a short time limit may have closed the connection.
    let _ = stream.write_all(beginning.as_bytes());
    stream
}

fn connections(server: &Process) -> Vec<TcpStream> {
    (0..EACH).flat_map(|_| BEGINNINGS.iter().map(|beginning| connect(server, beginning))).collect()
}

fn wait_for(server: &Process, what: &str, is_it: impl Fn(usize) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_it(server.descriptors()) {
        assert!(Instant::now() < deadline, "{what}: {} descriptors are open", server.descriptors());
        std::thread::yield_now();
    }
}

/// Clients that disconnect, with a response unread or a request half sent. No time limit ends their connections.
#[actix_web::test]
async fn connections_whose_clients_have_disconnected_give_their_descriptors_back() {
    let (_app, server, before, refresh) = start("1h").await;
    let left = connections(&server);
    wait_for(&server, "not yet accepted", |open| open >= before + left.len());
    drop(left);
    wait_for(&server, "not given back", |open| open <= before);
    assert_eq!(post(server.address, "/api/token/refresh/", &refresh).unwrap().0, 401);
}

/// Clients that stay connected and send nothing more.
#[actix_web::test]
async fn connections_whose_clients_are_silent_give_their_descriptors_back() {
    let (_app, server, before, refresh) = start("1s").await;
    let mut kept = connections(&server);
    // The server has accepted and closed all of them.
    for stream in &mut kept {
        read_to_close(stream);
    }
    wait_for(&server, "not given back", |open| open <= before);
    assert_eq!(post(server.address, "/api/token/refresh/", &refresh).unwrap().0, 401);
    drop(kept);
}
