//! Requests that no HTTP library sends, on a real socket. Threats 32 to 35, 37 to 39.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use actix_simplejwt::settings::Settings;

use crate::support::{SocketApp, read_to_close, status};

/// Text that must not be in any response.
const SECRETS: [&str; 14] = [
    "src/",
    ".rs",
    "panicked",
    "stack backtrace",
    "diesel",
    "SELECT",
    "INSERT",
    "sqlite",
    "auth_user",
    "a-test-secret",
    "/tmp",
    "/home",
    "actix",
    "serde",
];

fn leaks(response: &str) -> Vec<&'static str> {
    SECRETS.into_iter().filter(|secret| response.contains(secret)).collect()
}

fn post(uri: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {uri} HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

const JSON: &str = "Content-Type: application/json\r\n";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

#[test]
fn a_body_beyond_the_limit_is_a_413_before_it_is_read() {
    let app = SocketApp::start(patient);
    let announced =
        "POST /api/token/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10485760\r\n\r\n";
    let response = app.exchange(announced);
    assert_eq!(status(&response), 413, "{response}");
    assert!(response.to_lowercase().contains("connection: close"), "{response}");

    // With chunks, the length is not known beforehand.
    let mut stream = app.connect();
    stream
        .write_all(b"POST /api/token/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        .unwrap();
    let mut writer = stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
        while writer.write_all(chunk.as_bytes()).is_ok() {}
    });
    // The body has no end, so this is the answer to a part of it.
    let mut response = [0; 12];
    stream.read_exact(&mut response).unwrap();
    assert_eq!(&response, b"HTTP/1.1 413");
    stream.shutdown(Shutdown::Both).unwrap();
    sending.join().unwrap();
    assert!(app.is_alive());
}

#[test]
fn a_body_in_chunks_is_read() {
    let app = SocketApp::start(|_| {});
    let body = r#"{"username":"nobody","password":"x"}"#;
    let (first, second) = body.split_at(10);
    let request = format!(
        "POST /api/token/ HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n\
         a\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        second.len()
    );
    let response = app.exchange(request);
    assert_eq!(status(&response), 401, "{response}");
    assert!(response.ends_with(r#"{"detail":"No active account found with the given credentials"}"#), "{response}");
}

#[test]
fn large_and_deep_bodies_are_refused_in_time() {
    let app = SocketApp::start(|settings| settings.rest_framework.limits.fields = 500);
    let deep = "[".repeat(30_000);
    let deep_object = "{\"a\":".repeat(6_000);
    let closed = format!("{{\"username\":{}{}}}", "[".repeat(15_000), "]".repeat(15_000));
    let fields: String = (0..3_500).map(|n| format!("f{n}=1&")).collect();
    let names: String = (0..2_500).map(|n| format!("\"f{n}\":1,")).collect();
    let parts: String =
        (0..550).map(|n| format!("--B\r\nContent-Disposition: form-data; name=\"f{n}\"\r\n\r\n1\r\n")).collect();
    let multipart = "Content-Type: multipart/form-data; boundary=B\r\n";
    let long = format!("{{\"username\":\"{}\",\"password\":\"x\"}}", "u".repeat(30_000));
    let big = format!("{{\"username\":\"{}\",\"password\":\"x\"}}", "u".repeat(1 << 20));
    for (name, headers, body, expected) in [
        ("deep list", JSON, &deep, 400),
        ("deep object", JSON, &deep_object, 400),
        ("deep and closed", JSON, &closed, 400),
        ("many fields", FORM, &fields, 400),
        ("many names", JSON, &format!("{{{names}\"username\":\"u\"}}"), 400),
        ("many parts", multipart, &parts, 400),
        ("30 KB of a name", JSON, &long, 401),
        ("a megabyte of a name", JSON, &big, 413),
    ] {
        let start = Instant::now();
        let response = app.exchange(post("/api/token/", headers, body));
        assert_eq!(status(&response), expected, "{name}: {response}");
        assert!(start.elapsed() < Duration::from_secs(60), "{name} took {:?}", start.elapsed());
        assert_eq!(leaks(&response), [""; 0], "{name}: {response}");
    }
    assert!(app.is_alive());
}

/// gzip of `{"username":"alice","password":"correct horse 1"}`, which would be a login if it were decompressed.
#[test]
fn a_compressed_body_is_not_decompressed() {
    const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x2a\x2d\x4e\x2d\xca\x4b\xcc\x4d\x55\xb2\x52\x4a\xcc\xc9\x4c\x4e\
        \x55\xd2\x51\x2a\x48\x2c\x2e\x2e\xcf\x2f\x4a\x01\x0a\x25\xe7\x17\x15\xa5\x26\x97\x28\x64\xe4\x17\x15\xa7\x2a\x18\
        \x2a\xd5\x02\x00\xfb\xdb\x1f\x42\x31\x00\x00\x00";
    let app = SocketApp::start(|_| {});
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        let mut request = format!(
            "POST /api/token/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{JSON}Content-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
            GZIP.len()
        )
        .into_bytes();
        request.extend_from_slice(GZIP);
        let response = app.exchange(&request);
        assert_eq!(status(&response), 400, "{encoding}: {response}");
        assert!(response.contains("JSON parse error"), "{encoding}: {response}");
    }
}

#[test]
fn malformed_requests_get_one_error_or_a_closed_connection() {
    let app = SocketApp::start(|_| {});
    let many: String = (0..2_000).map(|n| format!("X-{n}: 1\r\n")).collect();
    let long = "a".repeat(300_000);
    let requests: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", b"\r\n\r\n\r\n\r\n".to_vec()),
        ("binary", (0..=255).cycle().take(2048).collect()),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".iter().copied().cycle().take(600).collect()),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("HTTP/0.9", b"GET /api/protected/\r\n\r\n".to_vec()),
        ("HTTP/3.0", b"GET / HTTP/3.0\r\nHost: a\r\n\r\n".to_vec()),
        ("no version", b"GET / HTTP\r\nHost: a\r\n\r\n".to_vec()),
        ("lower case", b"GET / http/1.1\r\nHost: a\r\n\r\n".to_vec()),
        ("no path", b"GET HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        ("space in the path", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        ("NUL in the path", b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        ("strange method", b"G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        ("long path", format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()),
        ("long header", format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n").into_bytes()),
        ("long name", format!("GET / HTTP/1.1\r\nHost: a\r\n{long}: x\r\n\r\n").into_bytes()),
        ("many headers", format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n").into_bytes()),
        ("no colon", b"GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n".to_vec()),
        ("no name", b"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n".to_vec()),
        ("space before the colon", b"GET / HTTP/1.1\r\nHost: a\r\nX : x\r\n\r\n".to_vec()),
        ("NUL in a header", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n".to_vec()),
        ("folded header", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n".to_vec()),
        ("bare CR", b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n".to_vec()),
        ("no host", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("two hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_vec()),
    ];
    for (name, request) in requests {
        let mut stream = app.connect();
        let _ = stream.write_all(&request);
        let _ = stream.shutdown(Shutdown::Write);
        let response = read_to_close(&mut stream);
        assert!(matches!(status(&response), 0 | 400..=499), "{name}: {response}");
        assert!(response.matches("HTTP/1.1 ").count() <= 1, "{name}: {response}");
        assert_eq!(leaks(&response), [""; 0], "{name}: {response}");
        assert!(app.is_alive(), "{name}");
    }
}

/// A message that a proxy reads as one request must not be two requests here, or another client would get the second response.
#[test]
fn a_request_with_two_lengths_is_at_most_one_request() {
    let app = SocketApp::start(|_| {});
    const HIDDEN: &str = "GET /api/hello/jwt/ HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = HIDDEN.len();
    for (name, headers, body) in [
        (
            "CL and TE",
            format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", length + 5),
            format!("0\r\n\r\n{HIDDEN}"),
        ),
        (
            "TE and CL",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n".to_owned(),
            format!("5c\r\n{HIDDEN}\r\n0\r\n\r\n"),
        ),
        ("two CL", format!("Content-Length: 0\r\nContent-Length: {length}\r\n"), HIDDEN.to_owned()),
        ("CL list", format!("Content-Length: 0, {length}\r\n"), HIDDEN.to_owned()),
        ("CL with a plus", format!("Content-Length: +{length}\r\n"), HIDDEN.to_owned()),
        ("CL with a minus", "Content-Length: -1\r\n".to_owned(), HIDDEN.to_owned()),
        ("CL hexadecimal", "Content-Length: 0x0\r\n".to_owned(), HIDDEN.to_owned()),
        ("CL empty", "Content-Length:\r\n".to_owned(), HIDDEN.to_owned()),
        ("CL huge", "Content-Length: 18446744073709551616\r\n".to_owned(), HIDDEN.to_owned()),
        ("CL with a letter", "Content-Length: 0a\r\n".to_owned(), HIDDEN.to_owned()),
        ("TE unknown", "Transfer-Encoding: xchunked\r\n".to_owned(), HIDDEN.to_owned()),
        ("TE identity", "Transfer-Encoding: identity\r\n".to_owned(), HIDDEN.to_owned()),
        ("TE not last", "Transfer-Encoding: chunked, identity\r\n".to_owned(), format!("0\r\n\r\n{HIDDEN}")),
        (
            "TE twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned(),
            format!("0\r\n\r\n{HIDDEN}"),
        ),
        ("TE with a tab", "Transfer-Encoding:\x0bchunked\r\n".to_owned(), format!("0\r\n\r\n{HIDDEN}")),
        ("TE space colon", "Transfer-Encoding : chunked\r\n".to_owned(), format!("0\r\n\r\n{HIDDEN}")),
        ("chunk with 0x", "Transfer-Encoding: chunked\r\n".to_owned(), format!("0x0\r\n\r\n{HIDDEN}")),
        ("chunk with a minus", "Transfer-Encoding: chunked\r\n".to_owned(), format!("-1\r\n\r\n{HIDDEN}")),
        ("chunk too long", "Transfer-Encoding: chunked\r\n".to_owned(), format!("FFFFFFFFFFFFFFFFF\r\n{HIDDEN}")),
        ("chunk without a length", "Transfer-Encoding: chunked\r\n".to_owned(), format!("\r\n{HIDDEN}")),
        (
            "chunk longer than it says",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("1\r\naXX0\r\n\r\n{HIDDEN}"),
        ),
    ] {
        let mut stream = app.connect();
        let request = format!("POST /api/token/ HTTP/1.1\r\nHost: a\r\n{JSON}{headers}\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let response = read_to_close(&mut stream);
        let answers = response.matches("HTTP/1.1 ").count();
        assert!(answers <= 1 && matches!(status(&response), 0 | 400..=499), "{name}: {response}");
        assert_eq!(leaks(&response), [""; 0], "{name}: {response}");
    }
    assert!(app.is_alive());
}

/// Time limits that a test can wait for. A machine that stalls for so long would make a quick client slow.
fn short(settings: &mut Settings) {
    settings.server.client_request_timeout = Duration::from_secs(5);
    settings.server.keep_alive = Duration::from_secs(1);
    settings.rest_framework.limits.time = Duration::from_secs(5);
}

/// Time limits that no test reaches.
fn patient(settings: &mut Settings) {
    settings.server.client_request_timeout = Duration::from_secs(3600);
    settings.server.keep_alive = Duration::from_secs(3600);
    settings.rest_framework.limits.time = Duration::from_secs(3600);
}

#[test]
fn slow_clients_are_disconnected_and_do_not_delay_others() {
    // No time limit disconnects a slow client here.
    let patient = SocketApp::start(patient);
    let app = SocketApp::start(short);
    let whole = "GET /api/protected/ HTTP/1.1\r\nHost: a\r\n\r\n";
    let second = format!("{whole}GET /api/pro");
    let openings = [
        ("says nothing", ""),
        ("half a line", "POST /api/tok"),
        ("half a head", "POST /api/token/ HTTP/1.1\r\nHost: a\r\nX-"),
        (
            "half a body",
            "POST /api/token/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"us",
        ),
        (
            "half a chunk",
            "POST /api/token/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
        ),
        (
            "half a form",
            "POST /api-auth/login/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 100\r\n\r\nusername=",
        ),
        ("a body that is not read", "GET /api/protected/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx"),
        (
            "a chunked body that is not read",
            "GET /api/protected/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nx",
        ),
        ("stays after its answer", whole),
        ("half a second head", &second),
    ];
    let open = |server: &SocketApp, each: usize| {
        let mut slow = Vec::new();
        for _ in 0..each {
            for (name, opening) in openings {
                let mut stream = server.connect();
                stream.write_all(opening.as_bytes()).unwrap();
                slow.push((name, stream));
            }
        }
        slow
    };
    let slow = open(&patient, 30);
    for _ in 0..10 {
        assert!(patient.is_alive());
    }
    drop(slow);
    for (name, mut stream) in open(&app, 10) {
        let response = read_to_close(&mut stream);
        let expected: &[u16] = match name {
            "half a body" | "half a chunk" => &[408],
            "says nothing" => &[0, 408],
            "a body that is not read"
            | "a chunked body that is not read"
            | "stays after its answer"
            | "half a second head" => &[401],
            _ => &[408],
        };
        assert!(expected.contains(&status(&response)), "{name}: {response}");
    }
    assert!(app.is_alive());
}

#[test]
fn a_foreign_host_is_refused_and_not_repeated() {
    let app = SocketApp::start(|settings| settings.http.allowed_hosts = vec!["good.example".to_owned()]);
    let get =
        |uri: &str, headers: &str| app.exchange(format!("GET {uri} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n"));
    assert_eq!(status(&get("/api/protected/", "Host: good.example\r\n")), 401);
    for host in [
        "evil.example",
        "good.example.evil.example",
        "evil.example:80",
        "good.example@evil.example",
        "evil.example#good.example",
        "good.example, evil.example",
        "127.0.0.1",
        "[::1]",
        "localhost",
        "good.example:abc",
        "",
        " ",
        "a\"><script>",
    ] {
        for uri in ["/api/protected/", "/api/protected", "/nowhere/"] {
            let response = get(uri, &format!("Host: {host}\r\nX-Forwarded-Host: good.example\r\n"));
            assert_eq!(status(&response), 400, "{host}: {response}");
            assert!(!response.contains("evil.example") && !response.contains("<script>"), "{host}: {response}");
        }
    }
    let forwarded = get("/api/protected", "Host: good.example\r\nX-Forwarded-Host: evil.example\r\n");
    assert_eq!(status(&forwarded), 301);
    assert!(!forwarded.contains("evil.example"), "{forwarded}");
    // An absolute target has its own host, which has precedence over the header (RFC 9112, 3.2.2).
    let absolute = get("http://evil.example/api/protected/", "Host: good.example\r\n");
    assert!(matches!(status(&absolute), 400 | 401) && !absolute.contains("evil.example"), "{absolute}");
}

/// The bytes of Django 5.2 with `DEBUG` off and without templates of the project.
#[test]
fn the_pages_for_unknown_paths_and_hosts_are_djangos() {
    let app = SocketApp::start(|settings| settings.http.allowed_hosts = vec!["good.example".to_owned()]);
    let page = |title: &str, details: &str| {
        format!(
            "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>{title}</title>\n</head>\n<body>\n  \
             <h1>{title}</h1><p>{details}</p>\n</body>\n</html>\n"
        )
    };
    let not_found = page("Not Found", "The requested resource was not found on this server.");
    for (host, code, body) in [("good.example", 404, not_found), ("evil.example", 400, page("Bad Request (400)", ""))] {
        for method in ["GET", "POST", "HEAD"] {
            let response =
                app.exchange(format!("{method} /nowhere/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
            let (head, found) = response.split_once("\r\n\r\n").unwrap();
            let lines: Vec<_> = head.lines().map(str::to_lowercase).collect();
            assert_eq!(status(&response), code, "{method} {host}");
            for line in [format!("content-length: {}", body.len()), "content-type: text/html; charset=utf-8".to_owned()]
            {
                assert!(lines.contains(&line), "{method} {host}: {line} is not in {head}");
            }
            assert_eq!(found, if method == "HEAD" { "" } else { body.as_str() }, "{method} {host}");
        }
    }
}

#[test]
fn clients_are_told_how_long_an_idle_connection_is_kept() {
    let request = |connection: &str| format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{connection}\r\n");
    let answers = |seconds| {
        let app = SocketApp::start(|settings| settings.server.keep_alive = Duration::from_secs(seconds));
        // The second request ends the connection.
        let both = app.exchange(request("") + &request("Connection: close\r\n")).to_lowercase();
        both.matches("keep-alive: ").count() + both.matches(&format!("keep-alive: timeout={}\r\n", seconds - 1)).count()
    };
    assert_eq!((answers(5), answers(1)), (2, 0));
}
