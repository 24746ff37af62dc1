//! The whole server in process: any request.

use actix_simplejwt::server;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use actix_web::test::TestRequest;

use super::site::{Called, Site, Tokens, settings};
use super::support::{first_line, signed};

/// A request as text: method and path on the first line, then headers, an empty line and the body. Names of alice's
/// tokens are filled in. A line `sign {…}` is not sent: `$signed` is then a token of those claims.
pub fn check(data: &[u8]) {
    thread_local! {
        static SERVER: (Site, Called, Tokens) = {
            let site = Site::start(settings()).unwrap();
            let called = site.serve(server::app(&site.served));
            let tokens = site.log_in();
            (site, called, tokens)
        };
    }
    SERVER.with(|(site, called, tokens)| {
        if let Some(request) = request(&tokens.fill_in(data)) {
            site.call(called, request).assert_is_sound();
        }
    });
}

/// The request. `None` if HTTP cannot carry it.
fn request(text: &[u8]) -> Option<TestRequest> {
    let (line, mut rest) = first_line(text);
    let space = line.iter().position(|byte| *byte == b' ')?;
    let method = Method::from_bytes(&line[..space]).ok()?;
    let uri = Uri::try_from(&line[space + 1..]).ok()?;
    let mut request = TestRequest::default().method(method).uri(&uri.to_string());
    let mut token = None;
    let named = |text: &[u8], token: &Option<String>| match token {
        Some(token) => replace(text, b"$signed", token.as_bytes()),
        None => text.to_vec(),
    };
    request = request.insert_header(("Host", "localhost"));
    loop {
        let (line, after) = first_line(rest);
        rest = after;
        if line.is_empty() {
            break;
        }
        if let Some(claims) = line.strip_prefix(b"sign ") {
            token = Some(signed(br#"{"alg":"HS256","typ":"JWT"}"#, claims));
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = named(line[colon + 1..].trim_ascii(), &token);
        request = request.append_header((name, HeaderValue::from_bytes(&value).ok()?));
    }
    Some(request.set_payload(named(rest, &token)))
}

fn replace(text: &[u8], name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(name) {
            replaced.extend_from_slice(value);
            at += name.len();
        } else {
            replaced.push(text[at]);
            at += 1;
        }
    }
    replaced
}
