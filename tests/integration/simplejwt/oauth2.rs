//! `POST /o/introspect/` and `POST /o/revoke_token/`, compared with the recorded answers of django-oauth-toolkit
//! (`tests/fixtures/django/oauth2/make.py`).

use actix_simplejwt::Settings;
use actix_simplejwt::rest_framework::throttling::ThrottleRates;
use actix_simplejwt::simplejwt::oauth2::settings::OAuth2Client;
use actix_web::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{claims, text};
use crate::support::{Response, TestApp, TestDatabase, alice, bob};

const FORM: &str = "application/x-www-form-urlencoded";
const INTROSPECT: &str = "/o/introspect/";
pub(super) const REVOKE: &str = "/o/revoke_token/";

/// `md5$salt$…` of `s3cret`.
pub(super) fn with_client(settings: &mut Settings) {
    let secret = settings.auth.password_hashers.encode("s3cret").unwrap();
    settings.oauth2.oauth2_clients = vec![OAuth2Client { id: "gateway".to_owned(), secret: secret.into() }];
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

pub(super) async fn ask(app: &TestApp, path: &str, body: &str) -> Response {
    let client = app.anonymous().with_header("Authorization", basic("gateway:s3cret"));
    client.send(Method::POST, path, Some(FORM), body.as_bytes()).await
}

async fn is_active(app: &TestApp, token: &str) -> Value {
    let answer = ask(app, INTROSPECT, &format!("token={token}")).await;
    assert_eq!((answer.status, answer.header("Content-Type")), (200, "application/json"), "{}", answer.body);
    answer.json()
}

/// The requests whose answers differ from django-oauth-toolkit, with the status here.
const DIFFERENCES: [(&str, &str, u16); 7] = [
    // The name of a scheme has no case (RFC 9110, section 11.1).
    (REVOKE, "authorization: lower case", 200),
    (INTROSPECT, "authorization: lower case", 200),
    // A token in a URL ends up in logs.
    (INTROSPECT, "GET", 405),
    // DRF's bodies.
    (REVOKE, "GET", 405),
    (REVOKE, "PUT", 405),
    (INTROSPECT, "PUT", 405),
    // Here a token must have a user.
    (INTROSPECT, "token of no user", 200),
];

per_database! {
    async fn the_answers_are_those_of_django_oauth_toolkit(db: TestDatabase) {
        let app = TestApp::build(db, with_client).await;
        let recorded: Vec<Value> =
            serde_json::from_str(include_str!("../../fixtures/django/oauth2/answers.json")).unwrap();
        let mut compared = 0;
        for case in &recorded {
            let name = format!("{} {}", text(case, "endpoint"), text(case, "name"));
            if text(case, "name") == "OPTIONS" || case["answers"].as_array().unwrap().len() > 1 {
                continue;
            }
            let recorded = &case["answers"][0];
            let tokens = app.login(&alice()).await;
            // An access token cannot be revoked here.
            let live = if case["endpoint"] == REVOKE { "refresh" } else { "access" };
            let live = text(&tokens, live);
            let fill = |body: &str| {
                let body = body.replace("token=access", &format!("token={live}")).replace("+access+", &format!("+{live}+"));
                let body = body.replace("token=clientless", &format!("token={live}"));
                body.replace("token=refresh", &format!("token={}", text(&tokens, "refresh")))
            };
            let request = recorded["request"].as_array().unwrap();
            let part = |at: usize| request.get(at).and_then(Value::as_str).unwrap_or_default();
            let mut client = app.anonymous();
            let authorization = match part(4) {
                "" | "right" => Some(basic("gateway:s3cret")),
                "none" => None,
                "wrong secret" => Some(basic("gateway:wrong")),
                "empty secret" => Some(basic("gateway:")),
                "unknown client" => Some(basic("nobody:s3cret")),
                "no colon" => Some(basic("gateway")),
                "not base64" => Some("Basic !!!".to_owned()),
                "no credentials" => Some("Basic".to_owned()),
                "lower case" => Some(basic("gateway:s3cret").replace("Basic", "basic")),
                "two spaces" => Some(basic("gateway:s3cret").replace("Basic", "Basic ")),
                "percent-encoded" => Some(basic("g%61teway:s3%63ret")),
                "another scheme" => Some("Bearer gateway".to_owned()),
                other => panic!("{other}"),
            };
            if let Some(authorization) = authorization {
                client = client.with_header("Authorization", authorization);
            }
            let method = part(0).parse::<Method>().unwrap();
            let content_type = if part(3).is_empty() { FORM } else { part(3) };
            let answer = client.send(method, &fill(part(1)), Some(content_type), fill(part(2)).as_bytes()).await;
            let difference = DIFFERENCES.iter().find(|(path, of, _)| case["endpoint"] == *path && case["name"] == *of);
            if let Some((_, _, status)) = difference {
                assert_eq!(answer.status, *status, "{name}");
                continue;
            }
            assert_eq!(u64::from(answer.status), recorded["status"], "{name}: {}", answer.body);
            for header in ["Content-Type", "WWW-Authenticate", "Pragma"] {
                assert_eq!(answer.header(header), recorded["headers"][header].as_str().unwrap_or(""), "{name}: {header}");
            }
            assert_eq!(answer.header("Cache-Control"), "no-store", "{name}");
            let expected: Value = serde_json::from_str(recorded["body"].as_str().unwrap()).unwrap_or_default();
            if expected["active"] == true {
                let claims = claims(&live);
                let (exp, sub) = (&claims["exp"], &claims["user_id"]);
                let ours = json!({ "active": true, "scope": "", "exp": exp, "username": "alice", "sub": sub });
                assert_eq!(answer.json(), ours, "{name}");
            } else {
                assert_eq!(answer.body.is_empty(), recorded["body"] == "", "{name}");
                assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap_or_default(), expected, "{name}");
            }
            compared += 1;
        }
        assert_eq!(compared, 67);
    }

    async fn a_token_is_active_where_protected_views_accept_it(db: TestDatabase) {
        let app = TestApp::build(db, with_client).await;
        let tokens = app.login(&alice()).await;
        let (access, refresh) = (text(&tokens, "access"), text(&tokens, "refresh"));
        let inactive = json!({ "active": false });
        assert_eq!(is_active(&app, &access).await["active"], true);
        assert_eq!(is_active(&app, &refresh).await, inactive);
        for token in ["", "a.b.c", &access[..access.len() - 2], &format!("{access}.x"), &"x".repeat(20_000)] {
            assert_eq!(is_active(&app, token).await, inactive, "{token}");
        }
        let bob_access = text(&app.login(&bob()).await, "access");
        app.sql("UPDATE auth_user SET is_active = FALSE WHERE username = 'bob'").await;
        assert_eq!(is_active(&app, &bob_access).await, inactive);
        app.advance(TimeDelta::hours(2));
        assert_eq!(is_active(&app, &access).await, inactive);
    }

    async fn a_revoked_refresh_token_is_blacklisted(db: TestDatabase) {
        let app = TestApp::build(db, with_client).await;
        let tokens = app.login(&alice()).await;
        let (access, refresh) = (text(&tokens, "access"), text(&tokens, "refresh"));
        let revoke = async |token: &str, hint: &str| {
            let answer = ask(&app, REVOKE, &format!("token={token}{hint}")).await;
            (answer.status, answer.body)
        };
        let nothing = || (200, String::new());
        // With any hint, and any number of times.
        assert_eq!(revoke(&refresh, "&token_type_hint=access_token").await, nothing());
        assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 1);
        assert_eq!(revoke(&refresh, "").await, nothing());
        assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 1);
        let refused = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
        assert_eq!((refused.status, &refused.json()["detail"]), (401, &json!("Token is blacklisted")));
        // An invalid token needs no revocation. A token that cannot be revoked gets an error.
        assert_eq!(revoke("a.b.c", "").await, nothing());
        let answer = ask(&app, REVOKE, &format!("token={access}")).await;
        assert_eq!((answer.status, answer.json()), (400, json!({ "error": "unsupported_token_type" })));
        assert_eq!(is_active(&app, &access).await["active"], true);
        let credentials = json!({ "username": "alice", "password": alice().password });
        let sliding = app.anonymous().post("/api/token/sliding/", credentials).await;
        let sliding = text(&sliding.json(), "token");
        assert_eq!(revoke(&sliding, "").await, nothing());
        let body = json!({ "token": sliding });
        assert_eq!(app.anonymous().post("/api/token/sliding/refresh/", body).await.status, 401);
    }

    /// RFC 7009, section 2.1: the access tokens of the same login end with the refresh token, if possible.
    async fn a_revoked_refresh_token_ends_its_family(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            with_client(settings);
            settings.simple_jwt.blacklist_after_rotation = true;
            settings.simple_jwt.token_family.enabled = true;
            settings.simple_jwt.token_family.check_on_access = true;
        })
        .await;
        let (tokens, other) = (app.login(&alice()).await, app.login(&alice()).await);
        let answer = ask(&app, REVOKE, &format!("token={}", text(&tokens, "refresh"))).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert_eq!(is_active(&app, &text(&tokens, "access")).await, json!({ "active": false }));
        assert_eq!(is_active(&app, &text(&other, "access")).await["active"], true);
        assert_eq!(app.count("family_activity WHERE ended_by = 'logout'").await, 1);
        let refused = app.anonymous().post("/api/token/refresh/", json!({ "refresh": tokens["refresh"] })).await;
        assert_eq!((refused.status, &refused.json()["detail"]), (401, &json!("Token is blacklisted")));
    }

    /// One gateway sends the requests of all users, from one address.
    async fn a_gateway_is_not_throttled(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            with_client(settings);
            settings.rest_framework.default_throttle_classes = vec!["AnonRateThrottle".to_owned()];
            settings.rest_framework.default_throttle_rates = ThrottleRates::parse("anon=2/min").unwrap();
        })
        .await;
        let tokens = app.login(&alice()).await;
        for _ in 0..4 {
            assert_eq!(is_active(&app, &text(&tokens, "access")).await["active"], true);
            assert_eq!(ask(&app, REVOKE, "token=a.b.c").await.status, 200);
        }
        // Other views have the limit.
        assert_eq!(app.anonymous().post("/api/token/verify/", json!({ "token": "x" })).await.status, 401);
        assert_eq!(app.anonymous().post("/api/token/verify/", json!({ "token": "x" })).await.status, 429);
    }

    async fn without_clients_there_are_no_endpoints(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        for path in [INTROSPECT, REVOKE] {
            assert_eq!(ask(&app, path, "token=x").await.status, 404, "{path}");
        }
        assert!(app.anonymous().get("/api/schema/").await.json()["paths"].get(INTROSPECT).is_none());
    }
}
