//! The tests move the clock, and use faulty servers on this host.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use serde_json::json;

use super::*;
use crate::core::jwt::tests::{fixture, now};

fn key_set() -> Vec<u8> {
    fixture("jwks").to_string().into_bytes()
}

/// A client whose issuer is a closure. Its argument is the number of the request, from zero.
fn client(
    algorithm: Algorithm,
    issuer: impl Fn(usize) -> Result<Vec<u8>, FetchError> + Send + Sync + 'static,
) -> (JwkClient, Clock, Arc<AtomicUsize>) {
    let clock = Clock::manual(now());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    let source: FetchFn = Box::new(move || issuer(counter.fetch_add(1, Ordering::SeqCst)));
    let mut client = JwkClient::with_source(algorithm, clock.clone(), source);
    // A long time, so that no test depends on the speed of the machine.
    client.max_wait = StdDuration::from_secs(3600);
    (client, clock, requests)
}

fn is_key(cached: &CachedKey) -> bool {
    matches!(cached, CachedKey::Known(_))
}

#[test]
fn a_set_is_fetched_once_and_kept_for_its_lifespan() {
    let (client, clock, requests) = client(Algorithm::RS256, |_| Ok(key_set()));
    assert!(matches!(client.cached("rsa"), CachedKey::MustFetch));
    assert_eq!(requests.load(Ordering::SeqCst), 0, "`cached` sends no request");
    assert!(client.fetch("rsa").is_some());
    clock.advance(LIFESPAN - Duration::microseconds(1));
    assert!(is_key(&client.cached("rsa")));
    assert!(client.fetch("rsa-other").is_some());
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    clock.advance(Duration::microseconds(1));
    assert!(matches!(client.cached("rsa"), CachedKey::MustFetch));
    assert!(client.fetch("rsa").is_some());
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

#[test]
fn unknown_key_ids_cause_one_request_per_cooldown() {
    let (client, clock, requests) = client(Algorithm::RS256, |_| Ok(key_set()));
    for round in 1..=3 {
        for kid in ["nine", "ten", "../../etc/passwd", "' OR 1=1 --", ""] {
            assert!(client.fetch(kid).is_none(), "{kid}");
            assert!(matches!(client.cached(kid), CachedKey::Unknown), "{kid}");
        }
        assert_eq!(requests.load(Ordering::SeqCst), round);
        assert!(is_key(&client.cached("rsa")));
        clock.advance(COOLDOWN);
        assert!(matches!(client.cached("nine"), CachedKey::MustFetch));
    }
}

#[test]
fn a_new_key_is_found_after_the_cooldown() {
    let (client, clock, _) = client(Algorithm::RS256, |request| {
        let keys = fixture("jwks")["keys"].as_array().unwrap();
        Ok(json!({"keys": &keys[..=request.min(1)]}).to_string().into_bytes())
    });
    assert!(client.fetch("rsa-other").is_none());
    clock.advance(COOLDOWN);
    assert!(client.fetch("rsa-other").is_some());
}

#[test]
fn known_keys_stay_valid_for_a_limited_time_while_the_issuer_fails() {
    let (client, clock, requests) =
        client(Algorithm::RS256, |request| if request == 0 { Ok(key_set()) } else { Err(FetchError::Status(503)) });
    assert!(client.fetch("rsa").is_some());
    clock.advance(LIFESPAN);
    for _ in 0..5 {
        assert!(client.fetch("rsa").is_some(), "the request fails, the key stays");
        assert!(is_key(&client.cached("rsa")));
    }
    assert_eq!(requests.load(Ordering::SeqCst), 2, "the cooldown also holds after a failure");
    clock.advance(COOLDOWN);
    assert!(client.fetch("rsa").is_some());
    assert_eq!(requests.load(Ordering::SeqCst), 3);
    clock.advance(MAX_AGE);
    assert!(client.fetch("rsa").is_none());
    assert!(matches!(client.cached("rsa"), CachedKey::Unavailable));
}

#[test]
fn an_issuer_that_has_never_answered_gets_requests_at_the_same_rate() {
    let (client, clock, requests) = client(Algorithm::RS256, |request| {
        if request < 2 { Err(FetchError::KeySet(JwkSetError::NotJson)) } else { Ok(key_set()) }
    });
    for wanted in [1, 1, 1] {
        assert!(client.fetch("rsa").is_none());
        assert!(matches!(client.cached("rsa"), CachedKey::Unavailable));
        assert_eq!(requests.load(Ordering::SeqCst), wanted);
    }
    clock.advance(COOLDOWN);
    assert!(client.fetch("rsa").is_none());
    clock.advance(COOLDOWN);
    assert!(client.fetch("rsa").is_some());
    assert_eq!(requests.load(Ordering::SeqCst), 3);
}

#[test]
fn a_set_without_a_usable_key_makes_tokens_invalid() {
    let (client, clock, requests) = client(Algorithm::RS256, |request| match request {
        0 | 2 => Ok(br#"{"keys":[]}"#.to_vec()),
        _ => Ok(key_set()),
    });
    assert!(client.fetch("rsa").is_none());
    assert!(matches!(client.cached("rsa"), CachedKey::Unknown));
    clock.advance(COOLDOWN);
    assert!(client.fetch("rsa").is_some());
    // Keys that were known before stay in use.
    clock.advance(LIFESPAN);
    assert!(client.fetch("rsa").is_some());
    assert!(is_key(&client.cached("rsa")));
    assert_eq!(requests.load(Ordering::SeqCst), 3);
}

#[test]
fn a_clock_that_is_set_back_costs_one_request_and_loses_no_key() {
    let (client, clock, requests) = client(Algorithm::RS256, |_| Ok(key_set()));
    assert!(client.fetch("rsa").is_some());
    clock.advance(-Duration::days(1));
    assert!(matches!(client.cached("rsa"), CachedKey::MustFetch));
    assert!(client.fetch("rsa").is_some());
    assert!(is_key(&client.cached("rsa")));
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

/// Returns when the client is in this state.
fn until(client: &JwkClient, is_reached: impl Fn(&JwkCache) -> bool) {
    let deadline = Instant::now() + StdDuration::from_secs(60);
    while !is_reached(&client.state()) {
        assert!(Instant::now() < deadline, "{} callers wait", client.state().waiting);
        thread::yield_now();
    }
}

#[test]
fn callers_share_one_request() {
    let (answer, answers) = mpsc::channel::<()>();
    let answers = Mutex::new(answers);
    let (client, _, requests) = client(Algorithm::RS256, move |_| {
        answers.lock().unwrap().recv().unwrap();
        Ok(key_set())
    });
    let client = &client;
    // `answer` is dropped if this fails, so that the threads end.
    thread::scope(move |scope| {
        let callers: Vec<_> = (0..20).map(|_| scope.spawn(move || client.fetch("rsa").is_some())).collect();
        let other = scope.spawn(move || client.fetch("nine").is_none());
        until(client, |state| state.waiting >= 20);
        assert!(matches!(client.cached("rsa"), CachedKey::MustFetch));
        answer.send(()).unwrap();
        assert!(callers.into_iter().all(|caller| caller.join().unwrap()));
        assert!(other.join().unwrap());
    });
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    assert_eq!(client.state().waiting, 0);
    assert!(!client.state().fetching);
}

#[test]
fn known_keys_are_served_while_the_set_is_renewed() {
    let (answer, answers) = mpsc::channel::<()>();
    let answers = Mutex::new(answers);
    let (client, clock, _) = client(Algorithm::RS256, move |request| {
        if request > 0 {
            answers.lock().unwrap().recv().unwrap();
        }
        Ok(key_set())
    });
    assert!(client.fetch("rsa").is_some());
    clock.advance(LIFESPAN);
    let client = &client;
    // `answer` is dropped if this fails, so that the threads end.
    thread::scope(move |scope| {
        let renewal = scope.spawn(move || client.fetch("rsa").is_some());
        until(client, |state| state.fetching);
        clock.advance(COOLDOWN);
        assert!(is_key(&client.cached("rsa")), "only one caller waits");
        answer.send(()).unwrap();
        assert!(renewal.join().unwrap());
    });
}

#[test]
fn the_number_of_waiting_callers_is_limited() {
    let (client, _, requests) = client(Algorithm::RS256, |_| Ok(key_set()));
    client.state().fetching = true;
    client.state().waiting = MAX_WAITING;
    assert!(client.fetch("rsa").is_none());
    assert_eq!(client.state().waiting, MAX_WAITING);
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[test]
fn the_waiting_time_is_limited() {
    let (mut client, _, requests) = client(Algorithm::RS256, |_| Ok(key_set()));
    client.max_wait = StdDuration::ZERO;
    client.state().fetching = true;
    assert!(client.fetch("rsa").is_none());
    assert_eq!(client.state().waiting, 0);
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[test]
fn requests_continue_after_a_panic_in_one() {
    let (client, clock, _) = client(Algorithm::RS256, |request| {
        assert!(request > 0, "the first request panics");
        Ok(key_set())
    });
    let client = Arc::new(client);
    let panicking = Arc::clone(&client);
    assert!(thread::spawn(move || panicking.fetch("rsa").is_some()).join().is_err());
    assert!(matches!(client.cached("rsa"), CachedKey::Unavailable));
    clock.advance(COOLDOWN);
    assert!(client.fetch("rsa").is_some());
}

/// A server that sends the next response on each connection, byte for byte, and closes the connection.
fn serve(answers: Vec<Vec<u8>>) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/jwks.json?a=b", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                request.extend(byte);
            }
            // The client closes the connection early if the response is too long.
            let _ = stream.write_all(&answer);
            requests.push(String::from_utf8(request).unwrap());
        }
        requests
    });
    (url, server)
}

fn http(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn a_set_is_fetched_over_http() {
    let (url, server) = serve(vec![http("200 OK\r\nContent-Type: application/json", &key_set())]);
    let client = JwkClient::new(&url, Algorithm::ES256, Clock::manual(now())).unwrap();
    assert!(client.fetch("ec256").is_some());
    let requests = server.join().unwrap();
    assert!(requests[0].starts_with("GET /jwks.json?a=b HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(requests[0].to_ascii_lowercase().contains("accept: application/json\r\n"), "{}", requests[0]);
}

#[test]
fn unusable_responses_are_errors() {
    let get = |answer: Vec<u8>| {
        let (url, server) = serve(vec![answer]);
        let body = get(&agent(), &url);
        server.join().unwrap();
        body
    };
    let limit = usize::try_from(MAX_BODY).unwrap();
    assert_eq!(get(http("200 OK", b"anything")).unwrap(), b"anything");
    assert_eq!(get(http("200 OK", &vec![b' '; limit - 1])).unwrap().len(), limit - 1);
    for status in [201, 204, 301, 302, 307, 404, 500, 503] {
        let answer = http(&format!("{status} X\r\nLocation: http://127.0.0.1:1/"), &key_set());
        assert!(matches!(get(answer), Err(FetchError::Status(given)) if given == status), "{status}");
    }
    for answer in [
        http("200 OK", &vec![b' '; limit + 1]),
        [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &vec![b' '; limit + 1]].concat(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort".to_vec(),
        b"SSH-2.0-OpenSSH\r\n".to_vec(),
        Vec::new(),
    ] {
        assert!(matches!(get(answer), Err(FetchError::Http(_))));
    }
}

#[test]
fn a_server_without_tls_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 3];
        stream.read_exact(&mut hello).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        hello
    });
    assert!(matches!(get(&agent(), &url), Err(FetchError::Http(_))));
    assert_eq!(server.join().unwrap()[..2], [0x16, 3], "a TLS handshake was started");
}

#[test]
fn only_http_and_https_urls_are_accepted() {
    let new = |url: &str| JwkClient::new(url, Algorithm::RS256, Clock::system()).map(|_| ());
    for url in ["http://issuer.example/jwks.json", "HTTPS://issuer.example:8443/a?b=c", "http://[::1]:80/"] {
        assert_eq!(new(url), Ok(()), "{url}");
    }
    for (url, scheme) in
        [("file:///etc/passwd", "file"), ("ftp://a/b", "ftp"), ("data:,{}", "data"), ("localhost:80", "localhost")]
    {
        assert_eq!(new(url), Err(JwkUrlError::Scheme(scheme.to_owned())));
    }
    for url in ["", "jwks.json", "http://", "http://a:99999/"] {
        assert!(matches!(new(url), Err(JwkUrlError::Malformed(_))), "{url}");
    }
}
