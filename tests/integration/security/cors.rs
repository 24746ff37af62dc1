//! Requests from pages of other sites. Python counterpart: the tests of django-cors-headers, with the same responses.

use actix_simplejwt::conf::Environment;
use actix_simplejwt::http::cors::CorsSettings;
use actix_web::http::Method;
use serde_json::json;

use crate::support::{Response, TestApp, TestDatabase, alice};

const FRIEND: &str = "https://app.example.org";
const FOREIGN: &str = "https://evil.example.net";

async fn app(pairs: &[(&str, &str)]) -> TestApp {
    let env: Environment = pairs.iter().copied().collect();
    let cors = CorsSettings::from_env(&env).unwrap();
    TestApp::build_undescribed(TestDatabase::sqlite(), |settings| settings.cors = cors).await
}

async fn preflight(app: &TestApp, path: &str, origin: &str) -> Response {
    let client = app.anonymous().with_header("Origin", origin).with_header("Access-Control-Request-Method", "POST");
    client.send(Method::OPTIONS, path, None, b"").await
}

/// Every header that a browser looks at, as `name: value`.
fn cors(response: &Response) -> Vec<String> {
    response.headers_with_prefix("access-control-")
}

fn allows(origin: &str) -> Vec<String> {
    vec![format!("access-control-allow-origin: {origin}")]
}

#[actix_web::test]
async fn without_a_setting_no_header_is_sent() {
    let app = app(&[]).await;
    let response = app.anonymous().with_header("Origin", FRIEND).get("/api/protected/").await;
    assert_eq!((response.status, response.header("Vary")), (401, "Accept"));
    assert_eq!(cors(&response), Vec::<String>::new());
    // The view's own `OPTIONS`, which requires a login.
    let response = preflight(&app, "/api/protected/", FRIEND).await;
    assert_eq!((response.status, response.header("Vary")), (401, "Accept"));
    assert_eq!(cors(&response), Vec::<String>::new());
}

#[actix_web::test]
async fn only_an_allowed_site_can_read_responses() {
    let app = app(&[("CORS_ALLOWED_ORIGINS", "https://APP.example.org,http://localhost:3000")]).await;
    let login = json!({ "username": "alice", "password": alice().password });
    let wrong = json!({ "username": "alice", "password": "guess" });
    let friend = app.anonymous().with_header("Origin", FRIEND);
    let foreign = app.anonymous().with_header("Origin", FOREIGN);
    for (client, expected) in [(&friend, allows(FRIEND)), (&foreign, Vec::new()), (&app.anonymous(), Vec::new())] {
        for (response, status, vary) in [
            (client.post("/api/token/", login.clone()).await, 200, "Accept, origin"),
            (client.post("/api/token/", wrong.clone()).await, 401, "Accept, origin"),
            (client.get("/api/token/").await, 405, "Accept, origin"),
            (client.get("/api/token").await, 301, "origin"),
            (client.get("/nowhere/").await, 404, "origin"),
        ] {
            assert_eq!((response.status, response.header("Vary")), (status, vary));
            assert_eq!(cors(&response), expected, "{status}");
        }
    }
    for near in
        ["http://app.example.org", "https://app.example.org:8443", "https://app.example.org.evil.net", "null", ""]
    {
        let response = app.anonymous().with_header("Origin", near).get("/api/protected/").await;
        assert_eq!((response.status, cors(&response)), (401, Vec::new()), "{near}");
    }
}

#[actix_web::test]
async fn a_preflight_request_is_answered_without_the_view() {
    let app = app(&[("CORS_ALLOWED_ORIGINS", FRIEND)]).await;
    for path in ["/api/protected/", "/api/protected", "/nowhere/", "/healthz"] {
        let response = preflight(&app, path, FRIEND).await;
        assert_eq!((response.status, response.body.as_str()), (200, ""), "{path}");
        assert_eq!(response.header("Content-Type"), "text/html; charset=utf-8");
        assert_eq!(response.header("Vary"), "origin");
        assert_eq!(
            cors(&response),
            [
                "access-control-allow-headers: accept, authorization, content-type, user-agent, x-csrftoken, \
                 x-requested-with",
                "access-control-allow-methods: DELETE, GET, OPTIONS, PATCH, POST, PUT",
                "access-control-allow-origin: https://app.example.org",
                "access-control-max-age: 86400",
            ]
        );
        assert_eq!(response.header("X-Content-Type-Options"), "nosniff");
        assert_ne!(response.header("X-Request-ID"), "");

        let response = preflight(&app, path, FOREIGN).await;
        assert_eq!((response.status, response.body.as_str()), (200, ""), "{path}");
        assert_eq!(response.header("Vary"), "origin");
        assert_eq!(cors(&response), Vec::<String>::new());
    }
    // `OPTIONS` without a requested method goes to the view.
    let response =
        app.anonymous().with_header("Origin", FRIEND).send(Method::OPTIONS, "/api/protected/", None, b"").await;
    assert_eq!((response.status, cors(&response).len()), (401, 4));
}

/// Django has no probes. They are answered like a path of the project.
#[actix_web::test]
async fn a_preflight_request_to_a_probe_is_answered_as_to_any_path() {
    let headers = |response: &Response| ["Content-Type", "Vary", "Allow"].map(|name| response.header(name).to_owned());
    for path in ["/healthz", "/readyz"] {
        let without = preflight(&app(&[]).await, path, FRIEND).await;
        assert_eq!((without.status, without.body.as_str()), (405, ""), "{path}");
        assert_eq!(headers(&without), ["", "", "GET, HEAD"], "{path}");
        assert_eq!(cors(&without), Vec::<String>::new());

        let app = app(&[("CORS_ALLOWED_ORIGINS", FRIEND)]).await;
        let with = preflight(&app, path, FRIEND).await;
        assert_eq!((with.status, with.body.as_str()), (200, ""), "{path}");
        assert_eq!(headers(&with), ["text/html; charset=utf-8", "origin", ""], "{path}");
        assert_eq!(
            cors(&with),
            [
                "access-control-allow-headers: accept, authorization, content-type, user-agent, x-csrftoken, \
                 x-requested-with",
                "access-control-allow-methods: DELETE, GET, OPTIONS, PATCH, POST, PUT",
                "access-control-allow-origin: https://app.example.org",
                "access-control-max-age: 86400",
            ]
        );
        let answer = app.anonymous().with_header("Origin", FRIEND).get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"ok"}"#), "{path}");
        assert_eq!(headers(&answer), ["application/json", "origin", ""], "{path}");
        assert_eq!(cors(&answer), allows(FRIEND));
    }
}

#[actix_web::test]
async fn credentials_exposed_headers_and_lists_follow_the_settings() {
    let app = app(&[
        ("CORS_ALLOWED_ORIGINS", FRIEND),
        ("CORS_ALLOW_CREDENTIALS", "true"),
        ("CORS_EXPOSE_HEADERS", "X-Request-ID,Retry-After"),
        ("CORS_ALLOW_HEADERS", "authorization,X-Own"),
        ("CORS_ALLOW_METHODS", "POST,GET"),
        ("CORS_PREFLIGHT_MAX_AGE", "0"),
    ])
    .await;
    let response = preflight(&app, "/api/token/", FRIEND).await;
    assert_eq!(
        cors(&response),
        [
            "access-control-allow-credentials: true",
            "access-control-allow-headers: authorization, X-Own",
            "access-control-allow-methods: POST, GET",
            "access-control-allow-origin: https://app.example.org",
            "access-control-expose-headers: X-Request-ID, Retry-After",
        ]
    );
    let response = app.anonymous().with_header("Origin", FOREIGN).get("/api/protected/").await;
    assert_eq!((response.status, cors(&response)), (401, Vec::new()));
}

#[actix_web::test]
async fn an_allowed_site_can_ask_for_a_private_network() {
    const ALLOW: &str = "access-control-allow-private-network: true";
    let on = [("CORS_ALLOWED_ORIGINS", FRIEND), ("CORS_ALLOW_PRIVATE_NETWORK", "true")];
    for (settings, origin, asked, is_allowed) in [
        (&on[..], FRIEND, "true", true),
        (&on[..], FRIEND, "false", false),
        (&on[..], FRIEND, "True", false),
        (&on[..], FOREIGN, "true", false),
        (&on[..1], FRIEND, "true", false),
    ] {
        let app = app(settings).await;
        let client = app.anonymous().with_header("Origin", origin);
        let client = client.with_header("Access-Control-Request-Private-Network", asked);
        // As in django-cors-headers, every answer has it.
        let response = client.get("/api/protected/").await;
        let name = format!("{} {origin} {asked}", settings.len());
        assert_eq!((response.status, cors(&response).contains(&ALLOW.to_owned())), (401, is_allowed), "{name}");
        let client = client.with_header("Access-Control-Request-Method", "POST");
        let response = client.send(Method::OPTIONS, "/api/token/", None, b"").await;
        assert_eq!((response.status, cors(&response).contains(&ALLOW.to_owned())), (200, is_allowed), "{name}");
    }
    let app = app(&on).await;
    let response = app.anonymous().with_header("Origin", FRIEND).get("/api/protected/").await;
    assert_eq!(cors(&response), allows(FRIEND));
}

#[actix_web::test]
async fn all_origins_are_answered_with_a_star() {
    let app = app(&[("CORS_ALLOW_ALL_ORIGINS", "true")]).await;
    let response = app.anonymous().with_header("Origin", FOREIGN).get("/api/protected/").await;
    assert_eq!((response.status, response.header("Vary")), (401, "Accept, origin"));
    assert_eq!(cors(&response), allows("*"));
    assert_eq!(cors(&app.anonymous().get("/api/protected/").await), Vec::<String>::new());
}

#[actix_web::test]
async fn an_expression_is_compared_with_the_whole_origin() {
    let app = app(&[("CORS_ALLOWED_ORIGIN_REGEXES", r"https://\w+\.example\.org,^http://localhost:\d{2,5}$")]).await;
    for (origin, is_allowed) in [
        (FRIEND, true),
        ("http://localhost:3000", true),
        ("https://app.example.org.evil.net", false),
        ("https://a.b.example.org", false),
        ("http://localhost:3", false),
        ("x-https://app.example.org", false),
    ] {
        let response = app.anonymous().with_header("Origin", origin).get("/api/protected/").await;
        assert_eq!(cors(&response), if is_allowed { allows(origin) } else { Vec::new() }, "{origin}");
    }
}

#[actix_web::test]
async fn a_foreign_host_is_refused_before_cors() {
    let mut cors = CorsSettings::default();
    cors.allowed_origins = vec![FRIEND.to_owned()];
    let app = TestApp::build_undescribed(TestDatabase::sqlite(), |settings| {
        settings.cors = cors;
        settings.http.allowed_hosts = vec!["elsewhere.example".to_owned()];
    })
    .await;
    assert_eq!(preflight(&app, "/api/token/", FRIEND).await.status, 400);
}

#[actix_web::test]
async fn paths_that_the_expression_does_not_match_get_no_headers() {
    let app = app(&[("CORS_ALLOWED_ORIGINS", FRIEND), ("CORS_URLS_REGEX", "^/api/token/")]).await;
    assert_eq!(preflight(&app, "/api/token/", FRIEND).await.status, 200);
    assert_eq!(preflight(&app, "/api/%74oken/refresh/", FRIEND).await.status, 200);
    let response = preflight(&app, "/api/protected/", FRIEND).await;
    assert_eq!((response.status, response.header("Vary")), (401, "Accept"));
    assert_eq!(cors(&response), Vec::<String>::new());
}
