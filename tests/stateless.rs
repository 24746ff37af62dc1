//! A service without a database, `examples/stateless_service.rs`. Runs in every build, so also in the one without
//! features.

use actix_simplejwt::conf::Environment;
use actix_simplejwt::core::clock::Clock;
use actix_simplejwt::core::jwt::{Algorithm, Claims, SigningKey, encode_with_headers};
use actix_simplejwt::rest_framework::middleware::{require, validator};
use actix_simplejwt::rest_framework::test::{ApiClient, ApiResponse};
use actix_simplejwt::simplejwt::authentication::JwtTokenUserAuthentication;
use actix_simplejwt::{
    Apps, Authenticated, IsAdminUser, IsAuthenticated, JwtStatelessUserAuthentication, MaybeAuthenticated, Settings,
};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use actix_web_httpauth::extractors::bearer::BearerAuth;
use actix_web_httpauth::middleware::HttpAuthentication;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

#[path = "../examples/stateless_service.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

const NOW: i64 = 1_800_000_000;

fn clock() -> Clock {
    Clock::manual(DateTime::from_timestamp(NOW, 0).unwrap())
}

/// A key pair in PEM form.
fn pem(name: &str) -> String {
    let keys: Value = serde_json::from_str(include_str!("fixtures/django/jwt/keys.json")).unwrap();
    keys[name].as_str().unwrap().to_owned()
}

/// The header with a token that the issuer has signed with these claims besides the usual ones.
fn issued(key: &str, algorithm: Algorithm, claims: Value) -> String {
    let mut all = json!({ "token_type": "access", "exp": NOW + 300, "jti": "1", "user_id": "7" });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let key = SigningKey::new(algorithm, &pem(key).into()).unwrap();
    let claims: Claims = all.as_object().unwrap().clone().into();
    format!("Bearer {}", encode_with_headers(&claims, &key, &[("kid", "first")]).unwrap())
}

async fn host(apps: &Apps, routes: fn(&mut ServiceConfig, &Apps)) -> ApiClient {
    let app = App::new().configure(|cfg| {
        apps.configure(cfg);
        routes(cfg, apps);
    });
    ApiClient::new(app).await
}

fn is_not_authenticated(response: &ApiResponse) {
    assert_eq!(response.status, 401);
    assert_eq!(response.header("WWW-Authenticate"), "Bearer realm=\"api\"");
    assert_eq!(response.json(), json!({ "detail": "Authentication credentials were not provided." }));
}

#[actix_web::test]
async fn only_a_public_key_is_needed() {
    let env: Environment =
        [("SIMPLE_JWT_ALGORITHM", "RS256".to_owned()), ("SIMPLE_JWT_VERIFYING_KEY", pem("rsa.spki"))]
            .into_iter()
            .collect();
    let clock = clock();
    let apps = example::set_up(&env).unwrap().clock(clock.clone()).build().unwrap();
    let mut client = host(&apps, example::configure).await;
    is_not_authenticated(&client.get("/whoami").await);
    is_not_authenticated(&client.get("/admin/statistics").await);

    client.credentials("Authorization", issued("rsa.pkcs8", Algorithm::RS256, json!({})));
    assert_eq!(client.get("/whoami").await.json(), json!({ "id": "7", "expires": NOW + 300 }));
    assert_eq!(client.get("/admin/statistics").await.status, 403);

    client.credentials("Authorization", issued("rsa.pkcs8", Algorithm::RS256, json!({ "is_staff": true })));
    assert_eq!(client.get("/admin/statistics").await.text(), "All is well.");

    clock.advance(TimeDelta::seconds(300));
    let expired = client.get("/whoami").await;
    assert_eq!(expired.status, 401);
    assert_eq!(expired.json()["messages"][0]["message"], "Token is expired");

    client.credentials("Authorization", issued("rsa-other.pkcs8", Algorithm::RS256, json!({ "exp": NOW + 900 })));
    let foreign = client.get("/whoami").await;
    assert_eq!(foreign.status, 401);
    assert_eq!(foreign.json()["messages"][0]["message"], "Token is invalid");
}

#[actix_web::test]
async fn keys_are_fetched_from_the_issuer() {
    let der = pem("ec256.spki").lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let der = STANDARD.decode(der).unwrap();
    // The point is the end of the structure: x and y, 32 bytes each.
    let (x, y) = der[der.len() - 64..].split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    let keys = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "first", "use": "sig", "x": x, "y": y }] });
    let issuer = HttpServer::new(move || {
        let keys = keys.clone();
        App::new().route("/jwks.json", web::get().to(move || std::future::ready(HttpResponse::Ok().json(&keys))))
    });
    let issuer = issuer.workers(1).bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}/jwks.json", issuer.addrs()[0]);
    let issuer = issuer.disable_signals().run();
    let handle = issuer.handle();
    let issuer = actix_web::rt::spawn(issuer);

    let env: Environment =
        [("SIMPLE_JWT_ALGORITHM", "ES256".to_owned()), ("SIMPLE_JWT_JWK_URL", url)].into_iter().collect();
    let apps = example::set_up(&env).unwrap().clock(clock()).build().unwrap();
    let mut client = host(&apps, example::configure).await;
    client.credentials("Authorization", issued("ec256.pkcs8", Algorithm::ES256, json!({})));
    assert_eq!(client.get("/whoami").await.json(), json!({ "id": "7", "expires": NOW + 300 }));

    // Another key is unknown, and this is the response of the issuer.
    let mut unknown = String::from("Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6InNlY29uZCJ9");
    let whole = issued("ec256.pkcs8", Algorithm::ES256, json!({}));
    unknown.push_str(&whole[whole.find('.').unwrap()..]);
    client.credentials("Authorization", unknown);
    assert_eq!(client.get("/whoami").await.status, 401);

    handle.stop(false).await;
    issuer.await.unwrap().unwrap();
    // A server that cannot ask the issuer does not know whether a token is valid. A 401 would make clients delete it.
    let apps = example::set_up(&env).unwrap().clock(clock()).build().unwrap();
    let mut client = host(&apps, example::configure).await;
    client.credentials("Authorization", whole);
    for _ in 0..2 {
        let unavailable = client.get("/whoami").await;
        assert_eq!((unavailable.status, unavailable.header("Retry-After")), (503, "10"));
        assert_eq!(unavailable.json(), json!({ "detail": "Service temporarily unavailable, try again later." }));
    }
}

fn stateless() -> Apps {
    let key = "a-test-secret-key-of-more-than-fifty-characters-0123456789";
    Apps::builder(Settings::new(key).stateless()).clock(clock()).build().unwrap()
}

fn token(apps: &Apps) -> String {
    let mut token = actix_simplejwt::AccessToken::new(apps.jwt().unwrap());
    token["user_id"] = "7".into();
    format!("Bearer {}", token.encode(apps.jwt().unwrap()).unwrap())
}

async fn id(auth: Authenticated) -> String {
    auth.user.attribute("id").unwrap().to_string()
}

async fn maybe(auth: MaybeAuthenticated<JwtTokenUserAuthentication>) -> String {
    auth.0.map_or_else(|| "anonymous".to_owned(), |auth| auth.user.id().to_string())
}

fn httpauth(cfg: &mut ServiceConfig, _apps: &Apps) {
    let whole = HttpAuthentication::with_fn(validator::<JwtStatelessUserAuthentication, Option<BearerAuth>>);
    let bearer = HttpAuthentication::bearer(validator::<JwtStatelessUserAuthentication, BearerAuth>);
    cfg.service(web::scope("/with-fn").wrap(whole).route("/id", web::get().to(id)))
        .service(web::scope("/bearer").wrap(bearer).route("/id", web::get().to(id)));
}

#[actix_web::test]
async fn the_middleware_of_httpauth_gives_the_same_answers() {
    let apps = stateless();
    let mut client = host(&apps, httpauth).await;
    is_not_authenticated(&client.get("/with-fn/id").await);
    // This middleware answers before it calls the validator, as its documentation says.
    assert_eq!(client.get("/bearer/id").await.status, 401);

    client.credentials("Authorization", "Bearer abc");
    for uri in ["/with-fn/id", "/bearer/id"] {
        let refused = client.get(uri).await;
        assert_eq!(refused.status, 401, "{uri}");
        assert_eq!(refused.header("WWW-Authenticate"), "Bearer realm=\"api\"", "{uri}");
        let message = json!({ "token_class": "AccessToken", "token_type": "access", "message": "Token is invalid" });
        let detail = "Given token not valid for any token type";
        let body = json!({ "detail": detail, "code": "token_not_valid", "messages": [message] });
        assert_eq!(refused.json(), body, "{uri}");
    }

    client.credentials("Authorization", token(&apps));
    for uri in ["/with-fn/id", "/bearer/id"] {
        assert_eq!(client.get(uri).await.text(), "\"7\"", "{uri}");
    }
}

fn scopes(cfg: &mut ServiceConfig, _apps: &Apps) {
    let own = require(IsAuthenticated).authentication(JwtTokenUserAuthentication);
    cfg.service(web::scope("/own").wrap(own).route("/id", web::get().to(id)))
        .service(
            web::scope("/both").wrap(require(IsAuthenticated).permission(IsAdminUser)).route("/id", web::get().to(id)),
        )
        .route("/maybe", web::get().to(maybe));
}

#[actix_web::test]
async fn a_scope_allows_only_users_whom_all_its_permissions_allow() {
    let apps = stateless();
    let mut client = host(&apps, scopes).await;
    is_not_authenticated(&client.get("/own/id").await);
    // A missing path is not revealed to anonymous clients either.
    is_not_authenticated(&client.get("/own/missing").await);
    assert_eq!(client.get("/maybe").await.text(), "anonymous");

    client.credentials("Authorization", token(&apps));
    assert_eq!(client.get("/own/id").await.text(), "\"7\"");
    assert_eq!(client.get("/own/missing").await.status, 404);
    assert_eq!(client.get("/maybe").await.text(), "\"7\"");
    assert_eq!(client.get("/both/id").await.status, 403);
}
