//! Negotiation, methods and bodies. Python counterpart: DRF's `test_views`, `test_negotiation`, `test_parsers`.

use actix_web::http::Method;
use serde_json::json;

use crate::support::{TestApp, TestDatabase, alice};

per_database! {
    async fn authentication_comes_before_the_method(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let anonymous = app.anonymous().send(Method::POST, "/api/protected/", None, b"").await;
        assert_eq!(anonymous.status, 401);
        let alice = app.client(&alice()).await.send(Method::POST, "/api/protected/", None, b"").await;
        assert_eq!((alice.status, alice.json()), (405, json!({ "detail": "Method \"POST\" not allowed." })));
        assert_eq!(alice.header("Allow"), "GET, HEAD, OPTIONS");
    }

    async fn negotiation_comes_before_authentication(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let response = app.anonymous().with_header("Accept", "application/xml").get("/api/protected/").await;
        assert_eq!(
            (response.status, response.json()),
            (406, json!({ "detail": "Could not satisfy the request Accept header." }))
        );
        assert_eq!(response.header("WWW-Authenticate"), "");
    }

    async fn json_that_python_reads_and_rust_cannot_is_a_parse_error(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let deep = "[".repeat(129);
        for (body, problem) in [
            (r#"{"username":"a\ud800b","password":"x"}"#, "unexpected end of hex escape at line 1 column 21"),
            (&deep, "recursion limit exceeded at line 1 column 128"),
            (r#"{"username":1e999}"#, "number out of range at line 1 column 17"),
        ] {
            let response = app.anonymous().send(Method::POST, "/api/token/", Some("application/json"), body.as_bytes()).await;
            let expected = json!({ "detail": format!("JSON parse error - {problem}") });
            assert_eq!((response.status, response.json()), (400, expected));
        }
    }

    async fn views_of_credentials_take_small_bodies_and_forbid_caches(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let views = [
            ("/api/token/", 401),
            ("/api/token/refresh/", 401),
            ("/api/token/verify/", 401),
            ("/api/token/blacklist/", 401),
            ("/api/token/sliding/", 401),
            ("/api/token/sliding/refresh/", 401),
            ("/api/authtoken/", 400),
            ("/api-token-auth/", 400),
        ];
        for (path, status) in views {
            let body = |length| {
                let text = |length: usize| json!("a".repeat(length));
                json!({ "username": text(length), "password": "x", "refresh": text(length), "token": text(length) })
            };
            let response = app.anonymous().post(path, body(10_000)).await;
            assert_eq!((response.status, response.header("Cache-Control")), (status, "no-store"), "{path}");
            let response = app.anonymous().post(path, body(11_000)).await;
            assert_eq!(
                (response.status, response.json()),
                (413, json!({ "detail": "Request body exceeded 32768 bytes, the limit of this view." })),
                "{path}"
            );
        }
        for path in ["/api/token/", "/api/token/sliding/", "/api/authtoken/", "/api-token-auth/"] {
            let login = json!({ "username": "alice", "password": alice().password });
            let response = app.anonymous().post(path, login).await;
            assert_eq!((response.status, response.header("Cache-Control")), (200, "no-store"), "{path}");
        }
        // A public response has no such header.
        assert_eq!(app.anonymous().get("/api/protected/").await.header("Cache-Control"), "");
    }

    async fn a_query_with_too_many_parameters_is_a_page_for_400(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.rest_framework.limits.fields = 2).await;
        assert_eq!(app.anonymous().get("/api/protected/?a=1&b").await.status, 401);
        for query in ["a=1&b&c", "&&"] {
            let response = app.anonymous().get(&format!("/api/protected/?{query}")).await;
            assert_eq!((response.status, response.header("Content-Type")), (400, "text/html; charset=utf-8"));
            assert_eq!((response.header("Allow"), response.header("Vary")), ("", ""));
            assert!(response.body.contains("<h1>Bad Request (400)</h1>"), "{}", response.body);
        }
    }

    async fn a_path_without_its_last_slash_is_redirected(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        for (path, location) in [
            ("/api/token?a=1", "/api/token/?a=1"),
            ("/api/toke%6E", "/api/token/"),
            ("/api%2Ftoken", "/api/token/"),
        ] {
            let response = app.anonymous().get(path).await;
            assert_eq!((response.status, response.header("Location")), (301, location), "{path}");
        }
        assert_eq!(app.anonymous().get("/api/toke").await.status, 404);
    }

    async fn options_describe_the_view(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let response = app.anonymous().send(Method::OPTIONS, "/api/token/verify/", None, b"").await;
        assert_eq!(response.status, 200);
        assert_eq!(response.json()["name"], json!("Token Verify"));
        assert_eq!(
            response.json()["actions"],
            json!({ "POST": { "token": { "type": "string", "required": true, "read_only": false, "label": "Token" } } })
        );
    }

    async fn a_browser_gets_a_page(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let response = app.client(&alice()).await.with_header("Accept", "text/html").get("/api/protected/").await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("Content-Type"), "text/html; charset=utf-8");
        assert!(response.body.contains("Hello, authenticated user!"), "{}", response.body);
    }

    async fn forms_are_read_as_well_as_json(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let form = b"username=bob&username=alice&password=correct+horse+1";
        let uri = "/api/token/";
        let response =
            app.anonymous().send(Method::POST, uri, Some("application/x-www-form-urlencoded"), form).await;
        assert_eq!(response.status, 200);
        let response = app.anonymous().send(Method::POST, uri, Some("text/plain"), b"x").await;
        assert_eq!(
            (response.status, response.json()),
            (415, json!({ "detail": "Unsupported media type \"text/plain\" in request." }))
        );
    }
}
