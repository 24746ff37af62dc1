//! The description of the API. Python counterpart: DRF's `schemas/test_openapi`.
//!
//! Every test checks the answers against it: `support/description.rs`.

use std::time::Duration;

use actix_simplejwt::simplejwt::oauth2::settings::OAuth2Client;
use actix_simplejwt::simplejwt::tokens::AuthToken;
use actix_simplejwt::urls;
use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::{TestApp, TestDatabase, alice};

async fn document(app: &TestApp) -> Value {
    app.anonymous().get("/api/schema/").await.json()
}

per_database! {
    async fn every_route_is_described_with_all_its_methods(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.simple_jwt.token_family.enabled = true;
            // Without a caller there is no introspection.
            let secret = settings.auth.password_hashers.encode("s3cret").unwrap().into();
            settings.oauth2.oauth2_clients = vec![OAuth2Client { id: "gateway".to_owned(), secret }];
        })
        .await;
        let document = document(&app).await;
        let described: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
        let routes: Vec<_> = urls::urlpatterns().iter().map(|route| route.path().to_owned()).collect();
        assert_eq!(described, routes);
        for (path, item) in document["paths"].as_object().unwrap() {
            let allow = &app.anonymous().send(Method::OPTIONS, path, None, b"").await.header("Allow").to_owned();
            let mut allowed: Vec<_> = allow.split(", ").map(str::to_lowercase).collect();
            let mut described: Vec<_> = item.as_object().unwrap().keys().filter(|k| *k != "parameters").collect();
            allowed.sort_unstable();
            described.sort_unstable();
            assert_eq!(described, allowed.iter().collect::<Vec<_>>(), "{path}");
        }
    }

    async fn operation_ids_are_unique_and_numbered_as_drf_spectacular_does(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let document = document(&app).await;
        let operations = document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
        let mut ids: Vec<_> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        for (path, id) in [
            ("/api-token-refresh/", "api_token_refresh_create"),
            ("/api/token/refresh/", "api_token_refresh_create_2"),
            ("/api-token-verify/", "api_token_verify_create"),
            ("/api/token/verify/", "api_token_verify_create_2"),
        ] {
            assert_eq!(document["paths"][path]["post"]["operationId"], id, "{path}");
        }
    }

    async fn json_is_the_only_described_media_type(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let document = document(&app).await;
        let login = &document["paths"]["/api/token/"]["post"]["requestBody"]["content"];
        assert_eq!(login.as_object().unwrap().keys().collect::<Vec<_>>(), ["application/json"]);
        for (name, response) in document["components"]["responses"].as_object().unwrap() {
            let media_types: Vec<_> = response["content"].as_object().into_iter().flat_map(|content| content.keys()).collect();
            assert!(media_types.iter().all(|media_type| *media_type == "application/json"), "{name}: {media_types:?}");
        }
    }

    async fn every_response_matches_its_description(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.legacy_jwt.allow_refresh = true).await;
        let user = alice();
        let credentials = json!({ "username": user.username, "password": user.password });
        let post = async |path: &str, body: Value| {
            let response = app.anonymous().post(path, body).await;
            assert_eq!(response.status, 200, "{path}: {}", response.body);
            response.json()
        };
        let pair = post("/api/token/", credentials.clone()).await;
        post("/access-token/", credentials.clone()).await;
        post("/api/token/verify/", json!({ "token": pair["access"] })).await;
        let refreshed = post("/api/token/refresh/", json!({ "refresh": pair["refresh"] })).await;
        post("/access-token/refresh/", json!({ "refresh": refreshed["refresh"] })).await;
        post("/api/token/blacklist/", json!({ "refresh": pair["refresh"] })).await;
        let sliding = post("/api/token/sliding/", credentials.clone()).await;
        post("/api/token/sliding/refresh/", sliding).await;
        let key = post("/api/authtoken/", credentials.clone()).await;
        let legacy = post("/api-token-auth/", credentials).await;
        post("/api-token-refresh/", legacy.clone()).await;
        post("/api-token-verify/", legacy.clone()).await;

        let text = |value: &Value| value.as_str().unwrap().to_owned();
        for (path, scheme, token) in [
            ("/api/protected/", "Bearer", text(&pair["access"])),
            ("/api/hello/jwt/", "Bearer", text(&pair["access"])),
            ("/api/hello/token/", "Token", text(&key["token"])),
            ("/protected-url/", "JWT", text(&legacy["token"])),
        ] {
            let caller = app.anonymous().with_header("Authorization", format!("{scheme} {token}"));
            for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
                assert_eq!(caller.send(method.clone(), path, None, b"").await.status, 200, "{method} {path}");
            }
            assert_eq!(caller.send(Method::DELETE, path, None, b"").await.status, 405, "{path}");
            let others = [String::new(), scheme.to_owned(), format!("{scheme} a b"), format!("{scheme} x.y.z")];
            for authorization in others {
                let stranger = app.anonymous().with_header("Authorization", authorization);
                for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST] {
                    assert_eq!(stranger.send(method.clone(), path, None, b"").await.status, 401, "{method} {path}");
                }
            }
        }
    }

    async fn operations_that_log_in_say_where_their_token_goes(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let jwt = json!({ "scheme": "jwtAuth", "token": "access", "prefix": "" });
        let token = json!({ "scheme": "tokenAuth", "token": "token", "prefix": "Token " });
        let legacy = json!({ "scheme": "legacyJwtAuth", "token": "token", "prefix": "JWT " });
        for (path, login) in [
            ("/api/token/", jwt.clone()),
            ("/access-token/", jwt),
            ("/api/authtoken/", token),
            ("/api-token-auth/", legacy),
            ("/api/token/sliding/", Value::Null),
            ("/api/token/refresh/", Value::Null),
            ("/api-token-refresh/", Value::Null),
        ] {
            assert_eq!(document(&app).await["paths"][path]["post"]["x-login"], login, "{path}");
        }
    }

    async fn the_form_offers_sliding_tokens_if_views_accept_them(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.simple_jwt.auth_token_classes = vec![AuthToken::Sliding];
            settings.simple_jwt.auth_header_types = vec!["JWT".to_owned()];
        })
        .await;
        let paths = &document(&app).await["paths"];
        assert_eq!(paths["/api/token/"]["post"]["x-login"], Value::Null);
        let sliding = json!({ "scheme": "jwtAuth", "token": "token", "prefix": "JWT " });
        assert_eq!(paths["/api/token/sliding/"]["post"]["x-login"], sliding);
    }

    async fn every_refusal_of_a_body_is_described(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.rest_framework.limits.body = 200).await;
        let large = "x".repeat(300);
        for route in urls::urlpatterns() {
            let path = route.path();
            if !app.anonymous().send(Method::OPTIONS, path, None, b"").await.header("Allow").contains("POST") {
                continue;
            }
            let bodies = [
                (400, "application/json", "{"),
                (400, "application/json", "null"),
                (400, "application/json", "[]"),
                (400, "application/json", "1.5"),
                (400, "application/json", "{}"),
                (400, "application/json", r#"{"token": null, "refresh": true, "username": "\u0000", "password": " "}"#),
                (400, "application/x-www-form-urlencoded", "token="),
                (400, "multipart/form-data", "x"),
                (413, "application/json", large.as_str()),
                (415, "text/plain", "x"),
            ];
            for (status, content_type, body) in bodies {
                let client = app.anonymous();
                let response = client.send(Method::POST, path, Some(content_type), body.as_bytes()).await;
                assert_eq!(response.status, status, "{path}: {body}: {}", response.body);
            }
            let unreadable = app.anonymous().with_header("Accept", "image/png");
            assert_eq!(unreadable.post(path, json!({})).await.status, 406);
            assert_eq!(app.anonymous().post(&format!("{path}?format=xml"), json!({})).await.status, 404);
            let html = app.anonymous().with_header("Accept", "text/html").post(path, json!({})).await;
            assert_eq!(html.status, if path == "/api/authtoken/" { 406 } else { 400 }, "{path}");
        }
    }

    async fn the_document_follows_the_settings(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.simple_jwt.auth_header_types = vec!["Api".to_owned()];
            settings.simple_jwt.rotate_refresh_tokens = false;
            settings.rest_framework.url_format_override = None;
            settings.rest_framework.default_throttle_classes = vec!["AnonRateThrottle".to_owned()];
        })
        .await;
        let document = document(&app).await;
        assert_eq!(
            document["components"]["securitySchemes"]["jwtAuth"],
            json!({
                "type": "apiKey",
                "in": "header",
                "name": "authorization",
                "description": "Token-based authentication with required prefix \"Api\"",
            })
        );
        assert_eq!(document["components"]["schemas"]["TokenRefreshResponse"]["required"], json!(["access"]));
        let refresh = &document["paths"]["/api/token/refresh/"];
        let statuses: Vec<_> = refresh["post"]["responses"].as_object().unwrap().keys().collect();
        assert_eq!(statuses, ["200", "400", "401", "405", "406", "408", "413", "415", "500", "503"]);
    }

    async fn a_limit_is_described_where_there_is_one(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            let rates = actix_simplejwt::rest_framework::throttling::ThrottleRates::parse("login=1/min");
            settings.rest_framework.default_throttle_rates = rates.unwrap();
        })
        .await;
        let document = document(&app).await;
        let login = document["paths"]["/api/authtoken/"]["post"]["responses"]["429"].clone();
        assert_eq!(login, json!({ "$ref": "#/components/responses/TooManyRequests" }));
        assert_eq!(document["paths"]["/api/protected/"]["get"]["responses"].get("429"), None);
        for status in [400, 429] {
            assert_eq!(app.anonymous().post("/api/authtoken/", json!({})).await.status, status);
        }
    }

    async fn failed_logins_and_late_bodies_are_described_where_they_are_limited(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.auth.login_failure_limit = Some(1);
            settings.rest_framework.limits.time = Duration::ZERO;
        })
        .await;
        let limited = document(&app).await;
        let unlimited = document(&app.another(|settings| settings.api_docs = Some(true)).await).await;
        let answers = |document: &Value, path: &str, method: &str, status: &str| {
            document["paths"][path][method]["responses"].get(status).is_some()
        };
        for path in ["/api/token/", "/api/token/sliding/", "/api/authtoken/", "/api-token-auth/"] {
            assert!(answers(&limited, path, "post", "429") && !answers(&unlimited, path, "post", "429"), "{path}");
            assert!(!answers(&limited, path, "options", "429"), "{path}");
            let guess = json!({ "username": "alice", "password": "guess" });
            let statuses = [app.anonymous().post(path, guess.clone()).await.status, app.anonymous().post(path, guess).await.status];
            assert_eq!(statuses[1], 429, "{path}: {statuses:?}");
        }
        for path in ["/api/token/refresh/", "/api/token/verify/", "/api/token/blacklist/", "/api-token-verify/"] {
            assert!(!answers(&limited, path, "post", "429"), "{path}");
            assert!(!answers(&limited, path, "post", "408") && answers(&unlimited, path, "post", "408"), "{path}");
        }
        assert!(!answers(&unlimited, "/api/protected/", "get", "408"));
    }

    async fn the_description_can_be_turned_off(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, |_| {}).await;
        for path in ["/api/schema/", "/api/docs/", "/api/docs/swagger-ui.css", "/api/schema"] {
            let response = app.anonymous().get(path).await;
            assert_eq!((response.status, response.header("Content-Type")), (404, "text/html; charset=utf-8"), "{path}");
        }
    }
}

#[cfg(feature = "swagger-ui")]
#[actix_web::test]
async fn swagger_ui_is_served_without_other_sites() {
    let app = TestApp::build(TestDatabase::sqlite(), |_| {}).await;
    let page = app.anonymous().get("/api/docs/").await;
    assert_eq!((page.status, page.header("Content-Type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("Content-Security-Policy").starts_with("default-src 'none'; script-src 'self';"));
    assert!(page.body.contains("data-schema=\"../schema/\""), "{}", page.body);
    assert!(!page.body.contains("http"), "{}", page.body);
    let files = [
        ("swagger-ui-bundle.js", "gzip"),
        ("swagger-ui.css", "gzip"),
        ("login.js", ""),
        ("login.css", ""),
        ("initialize.js", ""),
    ];
    for (name, encoding) in files {
        assert!(page.body.contains(&format!("\"{name}\"")), "{name}");
        let file = app.anonymous().send(Method::HEAD, &format!("/api/docs/{name}"), None, b"").await;
        assert_eq!((file.status, file.header("Content-Encoding")), (200, encoding), "{name}");
    }
    let plain = app.anonymous().with_header("Accept-Encoding", "identity").get("/api/docs/swagger-ui.css").await;
    assert_eq!((plain.status, plain.body.as_str()), (406, "This file is available only with gzip.\n"));
}
