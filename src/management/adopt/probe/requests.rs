//! The requests. None of them logs in, and none has a token that exists. So they cause no failed logins and blacklist nothing.

use chrono::Duration;

use super::super::export::Export;
use crate::core::clock::Clock;
use crate::core::crypto::{ALPHANUMERIC, SecretString, random_string};
use crate::core::jwt::{Algorithm, Claims, SigningKey, encode};

/// A request that is sent to both servers.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) what: String,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<(&'static str, String)>,
}

/// Where both servers have their views.
pub(super) struct Paths {
    obtain: String,
    refresh: String,
    verify: String,
    blacklist: Option<String>,
    protected: String,
}

const JSON: &str = "application/json";

impl Paths {
    /// The paths of the export, or else the usual ones. `protected` is a view that needs a logged-in user.
    pub(super) fn new(export: Option<&Export>, protected: &str) -> Self {
        let urls = export.map(Export::urls).unwrap_or_default();
        let of = |view: &str| {
            let url = urls.iter().find(|url| url.view == format!("rest_framework_simplejwt.views.{view}"));
            url.map(|url| format!("/{}", url.path))
        };
        let blacklist = of("TokenBlacklistView");
        Self {
            obtain: of("TokenObtainPairView").unwrap_or_else(|| "/api/token/".to_owned()),
            refresh: of("TokenRefreshView").unwrap_or_else(|| "/api/token/refresh/".to_owned()),
            verify: of("TokenVerifyView").unwrap_or_else(|| "/api/token/verify/".to_owned()),
            blacklist,
            protected: protected.to_owned(),
        }
    }
}

/// All requests, at the time of `clock`. The requests about CORS come from pages of `origin`.
pub(super) fn all(paths: &Paths, origin: &str, clock: &Clock) -> Vec<Probe> {
    let mut all = Vec::new();
    let mut add = |what: &str,
                   method: &'static str,
                   path: &str,
                   headers: Vec<(&'static str, String)>,
                   body: Option<(&'static str, &str)>| {
        let body = body.map(|(content_type, text)| (content_type, text.to_owned()));
        all.push(Probe { what: what.to_owned(), method, path: path.to_owned(), headers, body });
    };
    let tokens = [
        ("a word", "malformed".to_owned()),
        ("three words", "a.b.c".to_owned()),
        ("a forged access token", forged("access", Duration::minutes(5), clock)),
        ("a forged refresh token", forged("refresh", Duration::minutes(5), clock)),
        ("an expired forged token", forged("access", Duration::minutes(-5), clock)),
        ("a token without a signature", "eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoiMSJ9.".to_owned()),
    ];

    for (what, path) in [("obtain", &paths.obtain), ("refresh", &paths.refresh), ("verify", &paths.verify)] {
        let path = path.as_str();
        add(&format!("{what}: nothing"), "POST", path, vec![], Some((JSON, "")));
        add(&format!("{what}: no fields"), "POST", path, vec![], Some((JSON, "{}")));
        add(
            &format!("{what}: null and a list"),
            "POST",
            path,
            vec![],
            Some((JSON, r#"{"username": null, "token": [], "refresh": {}}"#)),
        );
        add(&format!("{what}: a list"), "POST", path, vec![], Some((JSON, "[1]")));
        add(&format!("{what}: no JSON"), "POST", path, vec![], Some((JSON, "{")));
        add(
            &format!("{what}: a form without fields"),
            "POST",
            path,
            vec![],
            Some(("application/x-www-form-urlencoded", "a=b")),
        );
        add(&format!("{what}: text"), "POST", path, vec![], Some(("text/plain", "hello")));
        add(&format!("{what}: GET"), "GET", path, vec![], None);
        add(&format!("{what}: OPTIONS"), "OPTIONS", path, vec![], None);
        add(&format!("{what}: without the last slash"), "GET", path.trim_end_matches('/'), vec![], None);
    }
    // A name without a password does not count as an attempt to log in.
    add(
        "obtain: a name alone",
        "POST",
        &paths.obtain,
        vec![],
        Some((JSON, r#"{"username": "probe", "email": "probe@example.org"}"#)),
    );
    for (what, token) in &tokens {
        let body = |field: &str| serde_json::json!({ field: token }).to_string();
        add(&format!("refresh: {what}"), "POST", &paths.refresh, vec![], Some((JSON, &body("refresh"))));
        add(&format!("verify: {what}"), "POST", &paths.verify, vec![], Some((JSON, &body("token"))));
        if let Some(path) = &paths.blacklist {
            add(&format!("blacklist: {what}"), "POST", path, vec![], Some((JSON, &body("refresh"))));
        }
    }

    let protected = paths.protected.as_str();
    for method in ["GET", "HEAD", "OPTIONS", "DELETE"] {
        add(&format!("protected: {method} without a token"), method, protected, vec![], None);
    }
    for (what, token) in &tokens {
        let header = vec![("Authorization", format!("Bearer {token}"))];
        add(&format!("protected: {what}"), "GET", protected, header, None);
    }
    for value in ["Bearer", "Bearer a b", "bearer malformed", "JWT malformed", "Token malformed", "Token", "Unknown x"]
    {
        add(
            &format!("protected: Authorization: {value}"),
            "GET",
            protected,
            vec![("Authorization", value.to_owned())],
            None,
        );
    }
    for accept in ["application/xml", "application/json; indent=4", "nonsense"] {
        add(&format!("protected: Accept: {accept}"), "GET", protected, vec![("Accept", accept.to_owned())], None);
    }
    add("protected: ?format=nonsense", "GET", &format!("{protected}?format=nonsense"), vec![], None);
    add("protected: without the last slash", "GET", protected.trim_end_matches('/'), vec![], None);

    for origin in [origin, "https://elsewhere.invalid"] {
        let from = |more: &[(&'static str, &str)]| {
            let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
            [("Origin", origin.to_owned())].into_iter().chain(more).collect::<Vec<_>>()
        };
        let asked = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization")];
        add(&format!("CORS: preflight from {origin}"), "OPTIONS", &paths.obtain, from(&asked), None);
        add(&format!("CORS: GET from {origin}"), "GET", protected, from(&[]), None);
    }
    add("a URL that does not exist", "GET", "/this-url-does-not-exist/", vec![], None);
    add("a URL that does not exist, without a slash", "GET", "/this-url-does-not-exist", vec![], None);
    add("a host of another site", "GET", protected, vec![("Host", "elsewhere.invalid".to_owned())], None);
    all
}

/// A token that is signed by a key that no server has.
fn forged(token_type: &str, valid_for: Duration, clock: &Clock) -> String {
    let claims = serde_json::json!({
        "token_type": token_type, "jti": random_string(32, ALPHANUMERIC), "user_id": "0", "iat": clock.now().timestamp() - 600,
        "exp": (clock.now() + valid_for).timestamp(),
    });
    let claims: Claims =
        claims.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
    let key = SigningKey::new(Algorithm::HS256, &SecretString::from(random_string(64, ALPHANUMERIC)));
    key.ok().and_then(|key| encode(&claims, &key).ok()).unwrap_or_default()
}
