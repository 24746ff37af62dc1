//! Limits on the number of requests. Python counterpart: DRF's `test_throttling`.

use actix_simplejwt::rest_framework::throttling::ThrottleRates;
use actix_simplejwt::settings::Settings;
use chrono::TimeDelta;
use serde_json::json;

use crate::support::{TestApp, TestDatabase, alice};

fn limit(settings: &mut Settings, class: &str, rates: &str) {
    settings.rest_framework.default_throttle_classes = vec![class.to_owned()];
    settings.rest_framework.default_throttle_rates = ThrottleRates::parse(rates).unwrap();
}

per_database! {
    async fn a_throttled_request_gets_the_time_to_wait(db: TestDatabase) {
        let app = TestApp::build(db, |settings| limit(settings, "AnonRateThrottle", "anon=3/min")).await;
        let verify = async || app.anonymous().post("/api/token/verify/", json!({ "token": "x" })).await;
        for _ in 0..3 {
            assert_eq!(verify().await.status, 401);
            app.advance(TimeDelta::milliseconds(10_500));
        }
        let refused = verify().await;
        assert_eq!(refused.status, 429);
        assert_eq!(
            refused.json(),
            json!({ "detail": "Request was throttled. Expected available in 29 seconds." })
        );
        assert_eq!(refused.header("Retry-After"), "29");
        app.advance(TimeDelta::milliseconds(28_499));
        let refused = verify().await;
        assert_eq!(refused.json(), json!({ "detail": "Request was throttled. Expected available in 1 second." }));
        app.advance(TimeDelta::milliseconds(1));
        assert_eq!(verify().await.status, 401);
        // DRF's `ObtainAuthToken` has no throttle classes.
        assert_eq!(app.anonymous().post("/api/authtoken/", json!({})).await.status, 400);
    }

    async fn each_user_has_a_rate_and_refused_requests_are_not_counted(db: TestDatabase) {
        let app = TestApp::build(db, |settings| limit(settings, "UserRateThrottle", "user=2/hour")).await;
        let client = app.client(&alice()).await;
        for _ in 0..3 {
            assert_eq!(app.anonymous().get("/api/protected/").await.status, 401);
        }
        assert_eq!(client.get("/api/protected/").await.status, 200);
        assert_eq!(client.get("/api/protected/").await.status, 200);
        assert_eq!(client.get("/api/protected/").await.status, 429);
        assert_eq!(app.anonymous().post("/api/token/verify/", json!({ "token": "x" })).await.status, 401);
    }

    async fn the_rate_of_login_applies_to_every_view_that_checks_passwords(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            limit(settings, "ScopedRateThrottle", "login=2/min");
            settings.rest_framework.num_proxies = Some(1);
        }).await;
        let login = async |address: &str| {
            let body = json!({ "username": "alice", "password": "guess" });
            app.anonymous().with_header("X-Forwarded-For", address).post("/api/authtoken/", body).await.status
        };
        assert_eq!(login("10.0.0.1").await, 400);
        assert_eq!(login("10.0.0.9, 10.0.0.1").await, 400);
        assert_eq!(login("10.0.0.8, 10.0.0.1").await, 429);
        assert_eq!(login("10.0.0.2").await, 400);
        assert_eq!(app.anonymous().get("/api/hello/token/").await.status, 401);
        let body = json!({ "username": "alice", "password": "guess" });
        for status in [401, 401, 429] {
            let client = app.anonymous().with_header("X-Forwarded-For", "10.0.0.9");
            assert_eq!(client.post("/api/token/", body.clone()).await.status, status);
        }
    }
}
