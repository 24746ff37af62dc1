//! Authentication and throttle classes of a host application that have arguments. Python counterpart: DRF's
//! `test_authentication.py` and `test_throttling.py`.

use actix_simplejwt::contrib::auth::{AbstractUser, SharedUser, UserId};
use actix_simplejwt::core::clock::Clock;
use actix_simplejwt::core::crypto::constant_time_eq;
use actix_simplejwt::http::headers::header_bytes;
use actix_simplejwt::rest_framework::authentication::{Authentication, Found};
use actix_simplejwt::rest_framework::exceptions::ApiError;
use actix_simplejwt::rest_framework::middleware::require;
use actix_simplejwt::rest_framework::throttling::{Rate, Throttle};
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::{Apps, Authenticated, IsAuthenticated, JwtAuthentication, Permitted, TokenAuthentication};
use actix_web::HttpRequest;
use actix_web::web::{self, ServiceConfig};
use chrono::{DateTime, Duration};
use serde_json::{Value, json};

use super::{bearer, create_user, host, settings};
use crate::support::TestDatabase;

/// A key that a machine sends in a header.
struct ApiKey {
    header: &'static str,
    key: &'static str,
}

impl Default for ApiKey {
    fn default() -> Self {
        Self { header: "X-Second", key: "two" }
    }
}

#[derive(Debug)]
struct Machine;

impl AbstractUser for Machine {
    fn pk(&self) -> Option<UserId> {
        None
    }

    fn username(&self) -> &str {
        "machine"
    }

    fn attribute(&self, _name: &str) -> Option<Value> {
        None
    }
}

impl Authentication for ApiKey {
    type User = SharedUser;
    type Credential = ();

    async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
        match header_bytes(req, self.header) {
            None => Ok(None),
            Some(key) if constant_time_eq(&key, self.key.as_bytes()) => Ok(Some((SharedUser::new(Machine), ()))),
            Some(_) => Err(ApiError::authentication_failed("Invalid API key.")),
        }
    }

    fn challenge(&self, _req: &HttpRequest) -> Option<String> {
        Some(format!("ApiKey header=\"{}\"", self.header))
    }
}

struct BurstRateThrottle {
    per_minute: usize,
}

impl Throttle for BurstRateThrottle {
    fn scope(&self, _view: Option<&'static str>) -> Option<&str> {
        Some("burst")
    }

    fn rate(&self) -> Option<Rate> {
        Some(Rate { requests: self.per_minute, period: Duration::minutes(1) })
    }
}

async fn whoami(auth: Authenticated) -> String {
    auth.user.username().to_owned()
}

fn routes(cfg: &mut ServiceConfig, _apps: &Apps) {
    let first = || ApiKey { header: "X-First", key: "one" };
    let second = || ApiKey { header: "X-Second", key: "two" };
    cfg.service(path("/view/", ApiView::new("View").authentication(first()).authentication(second()).get(whoami)))
        .service(path("/tuple/", ApiView::new("Tuple").authentication((first(), second())).get(whoami)))
        .service(
            web::scope("/scope")
                .wrap(require(IsAuthenticated).authentication(first()).authentication(second()))
                .route("/whoami", web::get().to(whoami)),
        )
        .service(
            web::scope("/first")
                .wrap(require(IsAuthenticated).authentication(first()))
                .route("/then-second", web::get().to(by_second_key)),
        )
        .service(path("/claims/view/", ApiView::new("Claims").get(by_default)))
        .service(path("/claims/machine/", ApiView::new("Machine").authentication(second()).get(by_default)))
        .route("/claims/default", web::get().to(by_default))
        .route("/claims/jwt", web::get().to(by_jwt))
        .route("/claims/either", web::get().to(by_either))
        .route("/claims/permitted", web::get().to(by_permission))
        .service(path(
            "/burst/",
            ApiView::new("Burst").public().throttle(BurstRateThrottle { per_minute: 2 }).get(fine),
        ));
}

/// Requires the second key, even if the scope has accepted another one.
async fn by_second_key(auth: Authenticated<ApiKey>) -> String {
    auth.user.username().to_owned()
}

fn id_in_token<A: Authentication>(auth: &Authenticated<A>) -> String {
    auth.claim("user_id").map_or_else(|| "no token".to_owned(), Value::to_string)
}

async fn by_default(auth: Authenticated) -> String {
    id_in_token(&auth)
}

async fn by_jwt(auth: Authenticated<JwtAuthentication>) -> String {
    id_in_token(&auth)
}

async fn by_either(auth: Authenticated<(TokenAuthentication, JwtAuthentication)>) -> String {
    id_in_token(&auth)
}

async fn by_permission(by: Permitted<IsAuthenticated>) -> String {
    by.claim("user_id").map_or_else(|| "no token".to_owned(), Value::to_string)
}

async fn fine() -> &'static str {
    "fine"
}

per_database! {
    async fn an_authentication_class_can_have_arguments(db: TestDatabase) {
        let (_apps, mut client) = host(Apps::builder(settings(&db)), routes).await;
        for uri in ["/view/", "/tuple/", "/scope/whoami"] {
            client.logout();
            let missing = client.get(uri).await;
            assert_eq!(missing.status, 401, "{uri}");
            assert_eq!(missing.header("WWW-Authenticate"), "ApiKey header=\"X-First\"", "{uri}");
            let detail = "Authentication credentials were not provided.";
            assert_eq!(missing.json(), json!({ "detail": detail }), "{uri}");

            client.credentials("X-Second", "one");
            let invalid = client.get(uri).await;
            assert_eq!(invalid.status, 401, "{uri}");
            assert_eq!(invalid.header("WWW-Authenticate"), "ApiKey header=\"X-First\"", "{uri}");
            assert_eq!(invalid.json(), json!({ "detail": "Invalid API key." }), "{uri}");

            client.credentials("X-Second", "two");
            assert_eq!(client.get(uri).await.text(), "machine", "{uri}");
        }
    }

    async fn another_value_of_a_class_looks_for_its_own_credential(db: TestDatabase) {
        let (_apps, mut client) = host(Apps::builder(settings(&db)), routes).await;
        client.credentials("X-First", "one");
        let missing = client.get("/first/then-second").await;
        assert_eq!(missing.status, 401);
        assert_eq!(missing.header("WWW-Authenticate"), "ApiKey header=\"X-Second\"");
        client.credentials("X-Second", "two");
        assert_eq!(client.get("/first/then-second").await.text(), "machine");
    }

    async fn the_claims_of_a_token_are_available_with_every_class(db: TestDatabase) {
        let (apps, mut client) = host(Apps::builder(settings(&db)), routes).await;
        let alice = create_user(&apps, "alice").await;
        client.credentials("Authorization", bearer(&apps, &alice));
        for uri in ["/claims/view/", "/claims/default", "/claims/jwt", "/claims/either", "/claims/permitted"] {
            assert_eq!(client.get(uri).await.text(), format!("\"{}\"", alice.id), "{uri}");
        }
        client.credentials("X-Second", "two");
        assert_eq!(client.get("/claims/machine/").await.text(), "no token");
    }

    async fn a_setting_can_name_a_throttle_class(db: TestDatabase) {
        let mut settings = settings(&db);
        settings.rest_framework.default_throttle_classes = vec!["BurstRateThrottle".to_owned()];
        let unknown = Apps::builder(settings.clone()).build().unwrap_err().to_string();
        assert!(unknown.starts_with("REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES: "), "{unknown}");
        let builder = Apps::builder(settings).throttle_class(BurstRateThrottle { per_minute: 2 });
        let (_apps, mut client) = host(builder, routes).await;
        client.credentials("X-Second", "two");
        for status in [200, 200, 429] {
            assert_eq!(client.get("/view/").await.status, status);
        }
    }

    async fn a_throttle_class_can_have_its_own_rate(db: TestDatabase) {
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let (_apps, client) = host(Apps::builder(settings(&db)).clock(clock.clone()), routes).await;
        for _ in 0..2 {
            assert_eq!(client.get("/burst/").await.text(), "fine");
        }
        let refused = client.get("/burst/").await;
        assert_eq!(refused.status, 429);
        let detail = "Request was throttled. Expected available in 60 seconds.";
        assert_eq!(refused.json(), json!({ "detail": detail }));
        clock.advance(Duration::minutes(1));
        assert_eq!(client.get("/burst/").await.text(), "fine");
    }
}
