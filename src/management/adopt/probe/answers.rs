//! Sends a request and compares two answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{Request, Response};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use super::requests::Probe;

/// Headers that describe the connection or the time, and the request id, which Django does not have.
const MASKED: &[&str] = &[
    "date",
    "server",
    "connection",
    "keep-alive",
    "content-length",
    "transfer-encoding",
    "x-request-id",
    "via",
    "alt-svc",
    "set-cookie",
];

/// Headers that Django leaves out of some redirects, pages and answers to preflight requests, depending on the order of
/// `MIDDLEWARE`. This server always sends them; see docs/COMPATIBILITY.md.
const SECURITY: &[&str] = &[
    "x-frame-options",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "strict-transport-security",
];

/// The largest number of bytes that are read of an answer.
const MAX_BODY: u64 = 1024 * 1024;

/// A server to ask.
pub(super) struct Server {
    agent: Agent,
    /// Scheme, host and port.
    base: String,
    /// Headers of every request.
    headers: Vec<(String, String)>,
}

/// The answer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Server {
    pub(super) fn new(base: &str, headers: Vec<(String, String)>) -> Self {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::WebPki)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(Duration::from_secs(10)))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent("manage-adopt")
            // Idle connections may be closed by a server at any moment.
            .max_idle_connections(0)
            .build();
        Self { agent: config.into(), base: base.trim_end_matches('/').to_owned(), headers }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// Returns the reason if there is no answer.
    pub(super) fn ask(&self, probe: &Probe) -> Result<Answer, String> {
        let mut request = Request::builder().method(probe.method).uri(format!("{}{}", self.base, probe.path));
        let own = |name: &str| probe.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        for (name, value) in self.headers.iter().filter(|(name, _)| !own(name)) {
            request = request.header(name, value);
        }
        for (name, value) in &probe.headers {
            request = request.header(*name, value);
        }
        let response = match &probe.body {
            Some((content_type, text)) => {
                let request = request.header("Content-Type", *content_type).body(text.as_str());
                request
                    .map_err(|error| error.to_string())
                    .and_then(|request| self.agent.run(request).map_err(|e| e.to_string()))
            }
            None => {
                let request = request.body(());
                request
                    .map_err(|error| error.to_string())
                    .and_then(|request| self.agent.run(request).map_err(|e| e.to_string()))
            }
        };
        Answer::read(response?)
    }
}

impl Answer {
    fn read(response: Response<Body>) -> Result<Self, String> {
        let (parts, mut body) = response.into_parts();
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &parts.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            let all = headers.entry(name.as_str().to_owned()).or_default();
            *all = if all.is_empty() { value.into_owned() } else { format!("{all}, {value}") };
        }
        let body = body.with_config().limit(MAX_BODY).read_to_vec().map_err(|error| error.to_string())?;
        Ok(Self { status: parts.status.as_u16(), headers, body })
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn is_page(&self) -> bool {
        self.header("content-type").starts_with("text/html")
    }

    fn is_from_middleware(&self) -> bool {
        (300..400).contains(&self.status) || self.is_page() || self.body.is_empty()
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok().map(normal_json)
    }
}

/// The differences, one line each. The texts of pages are not compared.
pub(super) fn differences(django: &Answer, here: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |what: &str, theirs: &str, ours: &str| {
        if theirs != ours {
            let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("{text:?}") };
            found.push(format!("{what}: Django {}, here {}", shown(theirs), shown(ours)));
        }
    };
    compare("status", &django.status.to_string(), &here.status.to_string());
    let names: std::collections::BTreeSet<_> = django.headers.keys().chain(here.headers.keys()).collect();
    // Views that take credentials send `no-store` here; see docs/COMPATIBILITY.md.
    let is_no_store = |name: &str| name == "cache-control" && here.header(name) == "no-store";
    let is_left_out = |name: &str| {
        let may_be = is_no_store(name) || (SECURITY.contains(&name) && django.is_from_middleware());
        may_be && django.header(name).is_empty()
    };
    for name in names.into_iter().filter(|name| !MASKED.contains(&name.as_str()) && !is_left_out(name)) {
        compare(name, &normal(name, django.header(name)), &normal(name, here.header(name)));
    }
    if !(django.is_page() && here.is_page()) {
        let is_same = match (django.json(), here.json()) {
            (Some(theirs), Some(ours)) => theirs == ours,
            _ => django.body == here.body,
        };
        if !is_same {
            let text = |answer: &Answer| String::from_utf8_lossy(&answer.body).chars().take(300).collect::<String>();
            compare("body", &text(django), &text(here));
        }
    }
    found
}

/// JSON without the differences that are expected: line breaks in texts, and the message of a parser about a body that is not
/// JSON.
fn normal_json(value: Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("JSON parse error - ") => "JSON parse error".into(),
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" ").into(),
        Value::Array(items) => items.into_iter().map(normal_json).collect(),
        Value::Object(entries) => entries.into_iter().map(|(name, value)| (name, normal_json(value))).collect(),
        other => other,
    }
}

/// The value of a header in which neither the order nor the case of a list matters.
fn normal(name: &str, value: &str) -> String {
    let is_list = name == "vary" || name == "allow" || name.starts_with("access-control-");
    if !is_list {
        return value.to_owned();
    }
    let mut parts: Vec<_> = value.split(',').map(|part| part.trim().to_ascii_lowercase()).collect();
    parts.sort_unstable();
    parts.dedup();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn what_must_differ_and_the_order_of_lists_do_not_count() {
        let django = answer(
            401,
            &[("date", "now"), ("vary", "Accept, origin"), ("content-type", "application/json")],
            r#"{"a": 1}"#,
        );
        let here = answer(
            401,
            &[("x-request-id", "7"), ("vary", "origin, accept"), ("content-type", "application/json")],
            r#"{"a":1}"#,
        );
        assert_eq!(differences(&django, &here), Vec::<String>::new());
    }

    #[test]
    fn status_headers_and_bodies_are_compared() {
        let django = answer(401, &[("www-authenticate", "Bearer")], "x");
        let here = answer(403, &[("allow", "GET")], "y");
        assert_eq!(
            differences(&django, &here),
            [
                r#"status: Django "401", here "403""#,
                r#"allow: Django nothing, here "get""#,
                r#"www-authenticate: Django "Bearer", here nothing"#,
                r#"body: Django "x", here "y""#,
            ]
        );
    }

    #[test]
    fn how_texts_are_wrapped_and_what_a_parser_says_does_not_count() {
        for (theirs, ours) in [
            (r#"{"description": "a\nb"}"#, r#"{"description": "a b"}"#),
            (r#"{"detail": "JSON parse error - Expecting value"}"#, r#"{"detail": "JSON parse error - EOF"}"#),
        ] {
            assert_eq!(differences(&answer(400, &[], theirs), &answer(400, &[], ours)), Vec::<String>::new());
        }
        assert_eq!(differences(&answer(400, &[], r#""a""#), &answer(400, &[], r#""b""#)).len(), 1);
    }

    #[test]
    fn a_security_header_more_counts_unless_middleware_has_answered() {
        let here = |status| answer(status, &[("x-frame-options", "DENY")], "x");
        assert_eq!(differences(&answer(301, &[], "x"), &here(301)), Vec::<String>::new());
        assert_eq!(
            differences(&answer(200, &[], "x"), &here(200)),
            [r#"x-frame-options: Django nothing, here "DENY""#]
        );
    }

    #[test]
    fn no_store_counts_only_against_another_value() {
        let here = answer(200, &[("cache-control", "no-store")], "x");
        assert_eq!(differences(&answer(200, &[], "x"), &here), Vec::<String>::new());
        let theirs = answer(200, &[("cache-control", "max-age=60")], "x");
        assert_eq!(differences(&theirs, &here), [r#"cache-control: Django "max-age=60", here "no-store""#]);
    }

    #[test]
    fn the_texts_of_pages_are_not_compared() {
        let page = |text: &str| answer(404, &[("content-type", "text/html; charset=utf-8")], text);
        assert_eq!(differences(&page("a"), &page("b")), Vec::<String>::new());
    }
}
