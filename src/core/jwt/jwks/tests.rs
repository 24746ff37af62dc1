//! Against key sets written by PyJWT, time moved by hand and servers on this host that misbehave.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use serde_json::json;

use super::*;
use crate::core::jwt::tests::{fixture, now, secret, signing};
use crate::core::jwt::{Claims, JwtError, Rules, SigningKey, decode, encode_with_headers, key_id};

fn key_set() -> Vec<u8> {
    fixture("jwks").to_string().into_bytes()
}

/// A client whose issuer is a closure that is told the number of the request, from zero.
fn client(
    algorithm: Algorithm,
    issuer: impl Fn(usize) -> Result<Vec<u8>, FetchError> + Send + Sync + 'static,
) -> (JwkClient, Clock, Arc<AtomicUsize>) {
    let clock = Clock::manual(now());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    let source: Source = Box::new(move || issuer(counter.fetch_add(1, Ordering::SeqCst)));
    let mut client = JwkClient::with_source(algorithm, clock.clone(), source);
    // No test depends on how fast the machine is.
    client.patience = StdDuration::from_secs(3600);
    (client, clock, requests)
}

fn is_key(lookup: &Lookup) -> bool {
    matches!(lookup, Lookup::Key(_))
}

#[test]
fn a_set_holds_the_keys_that_fit_the_algorithm() {
    use Algorithm::*;
    for (algorithm, wanted) in [
        (RS256, vec!["rsa", "rsa-other"]),
        (PS512, vec!["rsa", "rsa-other"]),
        (ES256, vec!["ec256"]),
        (ES256K, vec!["ec256k"]),
        (ES384, vec!["ec384"]),
        (ES512, vec!["ec521"]),
        (ES521, vec!["ec521"]),
        (EdDSA, vec!["ed25519"]),
    ] {
        let keys = parse(&key_set(), algorithm).unwrap();
        let mut kids: Vec<_> = keys.keys().map(String::as_str).collect();
        kids.sort_unstable();
        assert_eq!(kids, wanted, "{algorithm}");
        let name = wanted[0];
        let token =
            encode_with_headers(&Claims::new(), &signing(algorithm, &format!("{name}.pkcs8")), &[("kid", name)]);
        let token = token.unwrap();
        let kid = key_id(&token).unwrap().unwrap();
        assert_eq!(decode(&token, &keys[&kid], &Rules::default(), now()), Ok(Claims::new()), "{algorithm}");
    }
    for algorithm in [HS256, HS384, HS512] {
        assert!(matches!(parse(&key_set(), algorithm), Err(FetchError::NoKeys)), "a secret that is published is none");
    }
}

#[test]
fn a_key_of_a_set_does_not_verify_an_hmac() {
    let keys = parse(&key_set(), Algorithm::RS256).unwrap();
    let secret = SigningKey::new(Algorithm::HS256, &secret()).unwrap();
    let token = encode_with_headers(&Claims::new(), &secret, &[("kid", "rsa")]).unwrap();
    assert_eq!(
        decode(&token, &keys["rsa"], &Rules::default(), now()),
        Err(JwtError::InvalidAlgorithm("The specified alg value is not allowed"))
    );
}

#[test]
fn a_key_that_is_unfit_is_passed_over() {
    let set = fixture("jwks")["keys"].as_array().unwrap();
    let of = |kid: &str| set.iter().find(|key| key["kid"] == kid).unwrap().clone();
    let with = |kid: &str, name: &str, value: Value| {
        let mut key = of(kid);
        key[name] = value;
        key
    };
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    let (rsa, ec, ed) = (of("rsa"), of("ec256"), of("ed25519"));
    let (n, x, y) = (text(&rsa, "n"), text(&ec, "x"), text(&ec, "y"));

    for (algorithm, key) in [
        (Algorithm::RS256, with("rsa", "use", json!("sig"))),
        (Algorithm::RS256, with("rsa", "use", Value::Null)),
        (Algorithm::RS256, with("rsa", "alg", json!("RS256"))),
        (Algorithm::RS256, with("rsa", "alg", Value::Null)),
        (Algorithm::RS256, with("rsa", "e", json!("AQAB="))),
        // A zero byte in front, three bytes of base64 alone.
        (Algorithm::RS256, with("rsa", "e", json!("AAEAAQ"))),
        (Algorithm::ES256, ec.clone()),
        (Algorithm::ES256, with("ec256", "x", json!(format!("{x}=")))),
    ] {
        assert!(jwk::verifying_key(&key, algorithm).is_some(), "{key}");
    }
    for (algorithm, key) in [
        (Algorithm::RS256, with("rsa", "use", json!("enc"))),
        (Algorithm::RS256, with("rsa", "use", json!(1))),
        (Algorithm::RS256, with("rsa", "alg", json!("RS512"))),
        (Algorithm::RS256, with("rsa", "alg", json!("RSA-OAEP"))),
        (Algorithm::RS256, with("rsa", "kty", json!("oct"))),
        (Algorithm::RS256, with("rsa", "kty", Value::Null)),
        (Algorithm::RS256, with("rsa", "kid", Value::Null)),
        (Algorithm::RS256, with("rsa", "kid", json!(""))),
        (Algorithm::RS256, with("rsa", "kid", json!(1))),
        (Algorithm::RS256, with("rsa", "d", json!("AQAB"))),
        (Algorithm::RS256, with("rsa", "n", json!(""))),
        (Algorithm::RS256, with("rsa", "n", json!("AAAA"))),
        (Algorithm::RS256, with("rsa", "n", json!(format!("+{}", &n[1..])))),
        // An even modulus, and one beyond 8192 bits.
        (Algorithm::RS256, with("rsa", "n", json!(format!("{}A", &n[..n.len() - 1])))),
        (Algorithm::RS256, with("rsa", "n", json!(n.repeat(5)))),
        // e = 1 makes every signature good; 0, 2 and 2^64 + 1 are no exponents either.
        (Algorithm::RS256, with("rsa", "e", json!("AQ"))),
        (Algorithm::RS256, with("rsa", "e", json!("AA"))),
        (Algorithm::RS256, with("rsa", "e", json!("Ag"))),
        (Algorithm::RS256, with("rsa", "e", json!("AQAAAAAAAAAB"))),
        (Algorithm::RS256, with("rsa", "e", json!(65537))),
        (Algorithm::ES256, with("ec256", "crv", json!("P-384"))),
        (Algorithm::ES256, with("ec256", "crv", json!("secp256k1"))),
        (Algorithm::ES256K, ec.clone()),
        (Algorithm::ES384, ec.clone()),
        (Algorithm::RS256, ec.clone()),
        (Algorithm::ES256, with("ec256", "x", json!(y))),
        (Algorithm::ES256, with("ec256", "y", json!(x))),
        (Algorithm::ES256, with("ec256", "x", json!("AAAA"))),
        (Algorithm::ES256, with("ec256", "x", json!("A".repeat(43)))),
        (Algorithm::ES256, with("ec256", "y", Value::Null)),
        (Algorithm::EdDSA, with("ed25519", "crv", json!("X25519"))),
        (Algorithm::EdDSA, with("ed25519", "x", json!(text(&ed, "x")[..40]))),
        (Algorithm::EdDSA, of("ed448")),
        (Algorithm::RS256, json!([])),
        (Algorithm::RS256, json!("rsa")),
        (Algorithm::RS256, Value::Null),
    ] {
        assert!(jwk::verifying_key(&key, algorithm).is_none(), "{algorithm} {key}");
    }
}

#[test]
fn of_two_keys_with_one_name_the_first_that_fits_counts() {
    let set = fixture("jwks")["keys"].as_array().unwrap();
    let named = |name: &str, alg: &str| {
        let mut key = set.iter().find(|key| key["kid"] == name).unwrap().clone();
        (key["kid"], key["alg"]) = (json!("same"), json!(alg));
        key
    };
    let body = json!({"keys": [named("ec256", "ES256"), named("rsa-other", "RS512"), named("rsa", "RS256"),
                               named("rsa-other", "RS256")]});
    let keys = parse(body.to_string().as_bytes(), Algorithm::RS256).unwrap();
    let token = encode_with_headers(&Claims::new(), &signing(Algorithm::RS256, "rsa.pkcs8"), &[]).unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(decode(&token, &keys["same"], &Rules::default(), now()), Ok(Claims::new()));
}

#[test]
fn a_body_that_is_no_set_has_no_keys() {
    for body in ["", "[]", "null", "<html>", "\"keys\"", "{\"keys\":[]", &format!("{{\"keys\":{}", "[".repeat(9999))] {
        assert!(matches!(parse(body.as_bytes(), Algorithm::RS256), Err(FetchError::NotJson)), "{body:.20}");
    }
    for body in ["{}", r#"{"keys":[]}"#, r#"{"keys":{}}"#, r#"{"keys":[1,null,{}]}"#, r#"{"keys":"x"}"#] {
        assert!(matches!(parse(body.as_bytes(), Algorithm::RS256), Err(FetchError::NoKeys)), "{body}");
    }
}

#[test]
fn a_set_is_fetched_once_and_kept_for_its_lifespan() {
    let (client, clock, requests) = client(Algorithm::RS256, |_| Ok(key_set()));
    assert!(matches!(client.cached("rsa"), Lookup::Fetch));
    assert_eq!(requests.load(Ordering::SeqCst), 0, "a look-up asks nobody");
    assert!(client.fetch("rsa").is_some());
    clock.advance(LIFESPAN - Duration::microseconds(1));
    assert!(is_key(&client.cached("rsa")));
    assert!(client.fetch("rsa-other").is_some());
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    clock.advance(Duration::microseconds(1));
    assert!(matches!(client.cached("rsa"), Lookup::Fetch));
    assert!(client.fetch("rsa").is_some());
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

#[test]
fn unknown_names_cause_one_request_per_cooldown() {
    let (client, clock, requests) = client(Algorithm::RS256, |_| Ok(key_set()));
    for round in 1..=3 {
        for kid in ["nine", "ten", "../../etc/passwd", "' OR 1=1 --", ""] {
            assert!(client.fetch(kid).is_none(), "{kid}");
            assert!(matches!(client.cached(kid), Lookup::Unknown), "{kid}");
        }
        assert_eq!(requests.load(Ordering::SeqCst), round);
        assert!(is_key(&client.cached("rsa")));
        clock.advance(COOLDOWN);
        assert!(matches!(client.cached("nine"), Lookup::Fetch));
    }
}

#[test]
fn a_new_key_is_found_as_soon_as_the_issuer_may_be_asked_again() {
    let (client, clock, _) = client(Algorithm::RS256, |request| {
        let keys = fixture("jwks")["keys"].as_array().unwrap();
        Ok(json!({"keys": &keys[..=request.min(1)]}).to_string().into_bytes())
    });
    assert!(client.fetch("rsa-other").is_none());
    clock.advance(COOLDOWN);
    assert!(client.fetch("rsa-other").is_some());
}

#[test]
fn known_keys_outlive_an_issuer_that_is_gone_but_not_for_ever() {
    let (client, clock, requests) =
        client(Algorithm::RS256, |request| if request == 0 { Ok(key_set()) } else { Err(FetchError::Status(503)) });
    assert!(client.fetch("rsa").is_some());
    clock.advance(LIFESPAN);
    for _ in 0..5 {
        assert!(client.fetch("rsa").is_some(), "the request fails, the key stays");
        assert!(is_key(&client.cached("rsa")));
    }
    assert_eq!(requests.load(Ordering::SeqCst), 2, "an issuer that fails is left alone too");
    clock.advance(COOLDOWN);
    assert!(client.fetch("rsa").is_some());
    assert_eq!(requests.load(Ordering::SeqCst), 3);
    clock.advance(MAX_AGE);
    assert!(client.fetch("rsa").is_none());
    assert!(matches!(client.cached("rsa"), Lookup::Unknown));
}

#[test]
fn an_issuer_that_was_never_there_is_asked_at_the_same_rate() {
    let (client, clock, requests) =
        client(Algorithm::RS256, |request| if request < 2 { Err(FetchError::NotJson) } else { Ok(key_set()) });
    for wanted in [1, 1, 1] {
        assert!(client.fetch("rsa").is_none());
        assert_eq!(requests.load(Ordering::SeqCst), wanted);
    }
    clock.advance(COOLDOWN);
    assert!(client.fetch("rsa").is_none());
    clock.advance(COOLDOWN);
    assert!(client.fetch("rsa").is_some());
    assert_eq!(requests.load(Ordering::SeqCst), 3);
}

#[test]
fn a_clock_that_is_set_back_costs_one_request_and_no_key() {
    let (client, clock, requests) = client(Algorithm::RS256, |_| Ok(key_set()));
    assert!(client.fetch("rsa").is_some());
    clock.advance(-Duration::days(1));
    assert!(matches!(client.cached("rsa"), Lookup::Fetch));
    assert!(client.fetch("rsa").is_some());
    assert!(is_key(&client.cached("rsa")));
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

/// Waits, without a sleep, until so many callers wait for the request under way.
fn until_waiting(client: &JwkClient, callers: usize) {
    while client.state().waiting < callers {
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
    thread::scope(|scope| {
        let callers: Vec<_> = (0..20).map(|_| scope.spawn(|| client.fetch("rsa").is_some())).collect();
        let stranger = scope.spawn(|| client.fetch("nine").is_none());
        until_waiting(&client, 20);
        assert!(matches!(client.cached("rsa"), Lookup::Fetch));
        answer.send(()).unwrap();
        assert!(callers.into_iter().all(|caller| caller.join().unwrap()));
        assert!(stranger.join().unwrap());
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
    thread::scope(|scope| {
        let renewal = scope.spawn(|| client.fetch("rsa").is_some());
        while !client.state().fetching {
            thread::yield_now();
        }
        clock.advance(COOLDOWN);
        assert!(is_key(&client.cached("rsa")), "one caller waits, the others need not");
        answer.send(()).unwrap();
        assert!(renewal.join().unwrap());
    });
}

#[test]
fn no_more_callers_wait_than_may() {
    let (client, _, requests) = client(Algorithm::RS256, |_| Ok(key_set()));
    client.state().fetching = true;
    client.state().waiting = MAX_WAITING;
    assert!(client.fetch("rsa").is_none());
    assert_eq!(client.state().waiting, MAX_WAITING);
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[test]
fn nobody_waits_for_ever() {
    let (mut client, _, requests) = client(Algorithm::RS256, |_| Ok(key_set()));
    client.patience = StdDuration::ZERO;
    client.state().fetching = true;
    assert!(client.fetch("rsa").is_none());
    assert_eq!(client.state().waiting, 0);
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

#[test]
fn a_panic_in_a_request_does_not_end_all_requests() {
    let (client, clock, _) = client(Algorithm::RS256, |request| {
        assert!(request > 0, "the first request panics");
        Ok(key_set())
    });
    let client = Arc::new(client);
    let panicking = Arc::clone(&client);
    assert!(thread::spawn(move || panicking.fetch("rsa").is_some()).join().is_err());
    assert!(matches!(client.cached("rsa"), Lookup::Unknown));
    clock.advance(COOLDOWN);
    assert!(client.fetch("rsa").is_some());
}

/// A server on a port of its own that gives each connection the next of the answers, as it is, and hangs up.
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
            // The client may have hung up already, when the answer is too long.
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
fn answers_that_are_no_key_set_are_errors() {
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
fn a_server_without_tls_is_an_error_and_no_panic() {
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
    assert_eq!(server.join().unwrap()[..2], [0x16, 3], "a TLS handshake was begun");
}

#[test]
fn only_web_addresses_are_asked() {
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
