//! HTTPS behind a proxy, and the headers of every answer. Python counterpart: Django's `middleware.test_security`.

use actix_simplejwt::conf::Environment;
use actix_simplejwt::http::cookies::SameSite;
use actix_simplejwt::http::security::SecuritySettings;
use serde_json::json;

use crate::support::{TestApp, TestDatabase};

const PROXY: (&str, &str) = ("SECURE_PROXY_SSL_HEADER", "HTTP_X_FORWARDED_PROTO,https");

async fn app(pairs: &[(&str, &str)]) -> TestApp {
    let env: Environment = pairs.iter().copied().collect();
    let security = SecuritySettings::from_env(&env).unwrap();
    TestApp::build_undescribed(TestDatabase::sqlite(), |settings| settings.security = security).await
}

#[actix_web::test]
async fn requests_by_http_are_redirected_to_https() {
    let app = app(&[PROXY, ("SECURE_SSL_REDIRECT", "true"), ("SECURE_REDIRECT_EXEMPT", "^api/token/$,hello")]).await;
    for (path, location) in [
        ("/api/protected/?a=1&b=%20", "https://testserver/api/protected/?a=1&b=%20"),
        ("/api/protected", "https://testserver/api/protected"),
        ("/nowhere/%D1%8F", "https://testserver/nowhere/%D1%8F"),
        ("//evil.example/", "https://testserver//evil.example/"),
    ] {
        let response = app.anonymous().get(path).await;
        assert_eq!((response.status, response.body.as_str()), (301, ""), "{path}");
        assert_eq!(response.header("Location"), location);
        assert_eq!(response.header("X-Frame-Options"), "DENY");
    }
    assert_eq!(app.anonymous().post("/api/token/verify/", json!({})).await.status, 301);
    // Exempt, and probes of an orchestrator.
    assert_eq!(app.anonymous().post("/api/token/", json!({})).await.status, 400);
    assert_eq!(app.anonymous().get("/api/hello/token/").await.status, 401);
    assert_eq!(app.anonymous().get("/healthz").await.status, 200);
    for (said, status) in [("https", 401), (" https , http", 401), ("http", 301), ("HTTPS", 301), ("http, https", 301)]
    {
        let client = app.anonymous().with_header("X-Forwarded-Proto", said);
        assert_eq!(client.get("/api/protected/").await.status, status, "{said}");
    }
}

#[actix_web::test]
async fn the_redirect_may_lead_to_another_host() {
    let app = app(&[PROXY, ("SECURE_SSL_REDIRECT", "true"), ("SECURE_SSL_HOST", "secure.example.org")]).await;
    let response = app.anonymous().with_header("X-Forwarded-Host", "evil.example").get("/api/token/").await;
    assert_eq!((response.status, response.header("Location")), (301, "https://secure.example.org/api/token/"));
}

#[actix_web::test]
async fn without_the_proxys_header_no_request_is_https() {
    let app = app(&[("SECURE_SSL_REDIRECT", "true"), ("SECURE_HSTS_SECONDS", "60")]).await;
    let response = app.anonymous().with_header("X-Forwarded-Proto", "https").get("/api/protected/").await;
    assert_eq!((response.status, response.header("Strict-Transport-Security")), (301, ""));
}

#[actix_web::test]
async fn hsts_is_sent_only_on_responses_by_https() {
    for (pairs, expected) in [
        (vec![], "max-age=3600"),
        (vec![("SECURE_HSTS_INCLUDE_SUBDOMAINS", "true")], "max-age=3600; includeSubDomains"),
        (
            vec![("SECURE_HSTS_INCLUDE_SUBDOMAINS", "true"), ("SECURE_HSTS_PRELOAD", "true")],
            "max-age=3600; includeSubDomains; preload",
        ),
    ] {
        let app = app(&[vec![PROXY, ("SECURE_HSTS_SECONDS", "3600")], pairs].concat()).await;
        let response = app.anonymous().with_header("X-Forwarded-Proto", "https").get("/api/protected/").await;
        assert_eq!((response.status, response.header("Strict-Transport-Security")), (401, expected));
        assert_eq!(app.anonymous().get("/api/protected/").await.header("Strict-Transport-Security"), "");
    }
}

#[actix_web::test]
async fn the_headers_follow_the_settings() {
    const NAMES: [&str; 4] =
        ["X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy"];
    for (pairs, expected) in [
        (vec![], ["DENY", "nosniff", "same-origin", "same-origin"]),
        (
            vec![
                ("X_FRAME_OPTIONS", "sameorigin"),
                ("SECURE_CONTENT_TYPE_NOSNIFF", "false"),
                ("SECURE_REFERRER_POLICY", "no-referrer, strict-origin"),
                ("SECURE_CROSS_ORIGIN_OPENER_POLICY", "unsafe-none"),
            ],
            ["SAMEORIGIN", "", "no-referrer,strict-origin", "unsafe-none"],
        ),
        (
            vec![("SECURE_REFERRER_POLICY", "none"), ("SECURE_CROSS_ORIGIN_OPENER_POLICY", "none")],
            ["DENY", "nosniff", "", ""],
        ),
    ] {
        let response = app(&pairs).await.anonymous().get("/api/protected/").await;
        assert_eq!(NAMES.map(|name| response.header(name)), expected);
    }
}

#[actix_web::test]
async fn a_login_cookie_is_secure_if_the_request_came_by_https() {
    let env: Environment = [PROXY].into_iter().collect();
    let security = SecuritySettings::from_env(&env).unwrap();
    for (secure, site, by_http, by_https) in [
        (None, None, "", "; Secure"),
        (Some(true), Some(SameSite::Strict), "; SameSite=Strict; Secure", "; SameSite=Strict; Secure"),
        (Some(false), Some(SameSite::Lax), "; SameSite=Lax", "; SameSite=Lax"),
    ] {
        let security = security.clone();
        let app = TestApp::build_undescribed(TestDatabase::sqlite(), |settings| {
            settings.security = security;
            settings.legacy_jwt.auth_cookie = Some("token".to_owned());
            settings.legacy_jwt.auth_cookie_secure = secure;
            settings.legacy_jwt.auth_cookie_samesite = site;
        })
        .await;
        for (scheme, attributes) in [("http", by_http), ("https", by_https)] {
            let client = app.anonymous().with_header("X-Forwarded-Proto", scheme);
            let body = json!({ "username": "alice", "password": crate::support::alice().password });
            let response = client.post("/api-token-auth/", body).await;
            assert_eq!(response.status, 200, "{}", response.body);
            let token = response.json()["token"].as_str().unwrap().to_owned();
            let line = format!(
                "token={token}; expires=Fri, 15 Jan 2027 08:05:00 GMT; HttpOnly; Max-Age=300; Path=/{attributes}"
            );
            assert_eq!(response.header("Set-Cookie"), line, "{scheme}, {secure:?}");
        }
    }
}

#[actix_web::test]
async fn a_login_cookie_with_a_token_that_has_expired_has_no_negative_age() {
    let app = TestApp::build_undescribed(TestDatabase::sqlite(), |settings| {
        settings.legacy_jwt.auth_cookie = Some("token".to_owned());
        settings.legacy_jwt.expiration_delta = chrono::Duration::seconds(-5);
    })
    .await;
    let body = json!({ "username": "alice", "password": crate::support::alice().password });
    let response = app.anonymous().post("/api-token-auth/", body).await;
    let token = response.json()["token"].as_str().unwrap().to_owned();
    let line = format!("token={token}; expires=Fri, 15 Jan 2027 08:00:00 GMT; HttpOnly; Max-Age=0; Path=/");
    assert_eq!((response.status, response.header("Set-Cookie")), (200, line.as_str()));
}
