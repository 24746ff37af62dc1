//! A clock that jumps, for example because of a wrong time server or a suspended virtual machine.

use actix_simplejwt::rest_framework::throttling::ThrottleRates;
use chrono::TimeDelta;
use serde_json::json;

use super::text;
use crate::support::{TestApp, TestDatabase, alice};

per_database! {
    async fn tokens_from_the_future_are_refused_until_the_clock_has_reached_them(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.simple_jwt.rotate_refresh_tokens = true;
            settings.simple_jwt.blacklist_after_rotation = true;
        })
        .await;
        let anonymous = app.anonymous();
        let old = app.login(&alice()).await;
        let with = |access: &str| anonymous.clone().with_header("Authorization", format!("Bearer {access}"));
        let refresh = |token: String| anonymous.post("/api/token/refresh/", json!({ "refresh": token }));

        app.advance(TimeDelta::hours(-1));
        assert_eq!(with(&text(&old, "access")).get("/api/protected/").await.status, 401);
        assert_eq!(refresh(text(&old, "refresh")).await.status, 401);
        // Everything works with tokens of the new time.
        let new = app.login(&alice()).await;
        assert_eq!(with(&text(&new, "access")).get("/api/protected/").await.status, 200);
        assert_eq!(refresh(text(&new, "refresh")).await.status, 200);

        app.advance(TimeDelta::hours(1));
        assert_eq!(with(&text(&old, "access")).get("/api/protected/").await.status, 200);
        assert_eq!(with(&text(&new, "access")).get("/api/protected/").await.status, 401);
        // A blacklisted token stays blacklisted at every time.
        assert_eq!(refresh(text(&new, "refresh")).await.status, 401);
        assert_eq!(refresh(text(&old, "refresh")).await.status, 200);

        // Far ahead, and back.
        app.advance(TimeDelta::days(400));
        assert_eq!(refresh(text(&old, "refresh")).await.status, 401);
        assert_eq!(with(&text(&app.login(&alice()).await, "access")).get("/api/protected/").await.status, 200);
        app.advance(TimeDelta::days(-400));
        assert_eq!(with(&text(&old, "access")).get("/api/protected/").await.status, 200);
        assert_eq!(refresh(text(&old, "refresh")).await.status, 401);
    }
}

#[actix_web::test]
async fn a_throttle_keeps_its_requests_when_the_clock_goes_back() {
    let app = TestApp::build_undescribed(TestDatabase::sqlite(), |settings| {
        settings.rest_framework.default_throttle_classes = vec!["AnonRateThrottle".to_owned()];
        settings.rest_framework.default_throttle_rates = ThrottleRates::parse("anon=2/min").unwrap();
    })
    .await;
    let client = app.anonymous();
    let verify = || client.post("/api/token/verify/", json!({ "token": "x" }));
    assert_eq!(verify().await.status, 401);
    assert_eq!(verify().await.status, 401);
    app.advance(TimeDelta::seconds(-30));
    let refused = verify().await;
    // DRF's rule: until a minute after the first of the two requests.
    assert_eq!((refused.status, refused.header("Retry-After")), (429, "90"));
    app.advance(TimeDelta::seconds(90));
    assert_eq!(verify().await.status, 401);
}
