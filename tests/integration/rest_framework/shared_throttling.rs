//! Limits that several servers share in a Redis. Python counterpart: DRF's throttles with `RedisCache`.

use std::time::Duration;

use actix_simplejwt::core::clock::Clock;
use actix_simplejwt::rest_framework::throttling::{
    CacheSettings, CacheUrl, Denial, Rate, ThrottleCache, ThrottleRates,
};
use actix_simplejwt::settings::Settings;
use chrono::{DateTime, TimeDelta};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Proxy, Response, TestApp, TestDatabase, TestRedis};

fn limit(cache: CacheSettings, rate: &str) -> impl FnOnce(&mut Settings) {
    let rates = ThrottleRates::parse(&format!("anon={rate}")).unwrap();
    move |settings| {
        settings.rest_framework.default_throttle_classes = vec!["AnonRateThrottle".to_owned()];
        settings.rest_framework.default_throttle_rates = rates;
        settings.rest_framework.cache = cache;
    }
}

async fn verify(app: &TestApp) -> Response {
    app.anonymous().post("/api/token/verify/", json!({ "token": "x" })).await
}

fn assert_unavailable(response: &Response) {
    assert_eq!(response.status, 503, "{}", response.body);
    assert_eq!(response.json(), json!({ "detail": "Service temporarily unavailable, try again later." }));
    assert_eq!(response.header("Retry-After"), "1");
}

#[actix_web::test]
async fn two_servers_share_one_rate() {
    let Some(redis) = TestRedis::start() else { return };
    let first = TestApp::build_undescribed(TestDatabase::sqlite(), limit(redis.settings(), "3/min")).await;
    let second = first.another(limit(redis.settings(), "3/min")).await;
    for app in [&first, &second, &first] {
        assert_eq!(verify(app).await.status, 401);
        first.advance(TimeDelta::seconds(10));
        second.advance(TimeDelta::seconds(10));
    }
    for app in [&first, &second] {
        let refused = verify(app).await;
        assert_eq!(refused.status, 429);
        assert_eq!(refused.json(), json!({ "detail": "Request was throttled. Expected available in 30 seconds." }));
        assert_eq!(refused.header("Retry-After"), "30");
    }
    second.advance(TimeDelta::seconds(30));
    assert_eq!(verify(&second).await.status, 401);
    first.advance(TimeDelta::seconds(30));
    assert_eq!(verify(&first).await.status, 429);
}

#[actix_web::test]
async fn concurrent_requests_do_not_exceed_the_rate() {
    let Some(redis) = TestRedis::start() else { return };
    let first = TestApp::build_undescribed(TestDatabase::sqlite(), limit(redis.settings(), "7/hour")).await;
    let second = first.another(limit(redis.settings(), "7/hour")).await;
    let answers = join_all((0..40).map(|n| verify(if n % 2 == 0 { &first } else { &second }))).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(401), count(429)), (7, 33));
}

#[actix_web::test]
async fn a_redis_counts_exactly_like_the_memory() {
    let Some(redis) = TestRedis::start() else { return };
    let shared = ThrottleCache::new(&redis.settings()).unwrap();
    let memory = ThrottleCache::default();
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let rate = |requests| Rate { requests, period: TimeDelta::minutes(1) };
    let (mut refused, mut without_time) = (0, 0);
    for step in 0..600_u32 {
        // Irregular steps of up to 13 seconds, three callers, and several rates: one is zero, and one becomes smaller.
        clock.advance(TimeDelta::microseconds(i64::from(step.wrapping_mul(2_654_435_761) % 13_000_001)));
        let (key, rate) = match step % 5 {
            0 | 1 => ("a", rate(5)),
            2 => ("b", rate(1)),
            3 => ("c", rate(0)),
            _ => ("a", rate(3)),
        };
        let expected = memory.allow_request(key, rate, clock.now()).await;
        assert_eq!(shared.allow_request(key, rate, clock.now()).await, expected, "{step}");
        refused += usize::from(expected.is_err());
        without_time += usize::from(matches!(expected, Err(Denial::TooMany(refusal)) if refusal.wait.is_none()));
    }
    assert!((200..500).contains(&refused) && without_time > 10, "{refused} {without_time}");
}

#[actix_web::test]
async fn keys_have_a_prefix_a_maximum_length_and_an_expiry() {
    let Some(redis) = TestRedis::start() else { return };
    let app = TestApp::build_undescribed(TestDatabase::sqlite(), limit(redis.settings(), "3/min")).await;
    let client = app.anonymous().with_header("X-Forwarded-For", "10.0.0.7");
    assert_eq!(client.post("/api/token/verify/", json!({ "token": "x" })).await.status, 401);
    let client = app.anonymous().with_header("X-Forwarded-For", "7".repeat(4_000));
    assert_eq!(client.post("/api/token/verify/", json!({ "token": "x" })).await.status, 401);
    let keys = redis.keys();
    let names: Vec<_> = keys.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [":throttle:pOV-R62Fj4tuzkxd47OC7ogV9n0pJbt1KTIx_TIXFGs", ":throttle_anon_addr:10.0.0.7"]);
    for (name, left) in keys {
        assert!((1..=60_001).contains(&left), "{name}: {left}");
    }
}

#[actix_web::test]
async fn a_redis_that_is_down_is_503_until_it_is_back() {
    let Some(redis) = TestRedis::start() else { return };
    let proxy = Proxy::to(redis.address());
    let app = TestApp::build_undescribed(TestDatabase::sqlite(), limit(redis.at(proxy.address()), "2/min")).await;
    assert_eq!(verify(&app).await.status, 401);

    proxy.cut();
    assert_unavailable(&verify(&app).await);
    assert_unavailable(&verify(&app).await);
    // Without throttle classes, as in DRF.
    assert_eq!(app.anonymous().post("/api/authtoken/", json!({})).await.status, 400);

    proxy.restore();
    assert_eq!(verify(&app).await.status, 401);
    assert_eq!(verify(&app).await.status, 429);
}

#[actix_web::test]
async fn a_redis_that_stops_answering_is_503_within_the_time_limit() {
    let Some(redis) = TestRedis::start() else { return };
    let proxy = Proxy::to(redis.address());
    let mut cache = redis.at(proxy.address());
    // A machine that stalls for so long would cause 503s as well.
    cache.socket_timeout = Duration::from_secs(5);
    let app = TestApp::build_undescribed(TestDatabase::sqlite(), limit(cache, "100/min")).await;
    assert_eq!(verify(&app).await.status, 401);

    proxy.freeze();
    // They share the connection that does not answer, and wait at the same time.
    for response in join_all((0..20).map(|_| verify(&app))).await {
        assert_unavailable(&response);
    }
    // These wait for a new one.
    for response in join_all((0..20).map(|_| verify(&app))).await {
        assert_unavailable(&response);
    }

    proxy.thaw();
    assert_eq!(verify(&app).await.status, 401);
}

#[actix_web::test]
async fn a_connection_that_redis_closed_is_replaced_without_an_error() {
    let Some(redis) = TestRedis::start() else { return };
    let proxy = Proxy::to(redis.address());
    let app = TestApp::build_undescribed(TestDatabase::sqlite(), limit(redis.at(proxy.address()), "2/min")).await;
    assert_eq!(verify(&app).await.status, 401);
    proxy.cut();
    proxy.restore();
    assert_eq!(verify(&app).await.status, 401);
    assert_eq!(verify(&app).await.status, 429);
}

#[actix_web::test]
async fn a_server_without_its_redis_serves_views_without_a_rate() {
    let mut cache = CacheSettings::default();
    // No server listens on that port.
    cache.url = CacheUrl::parse("redis://127.0.0.1:1/0").unwrap();
    let app = TestApp::build_undescribed(TestDatabase::sqlite(), limit(cache, "2/min")).await;
    assert_eq!(app.anonymous().get("/healthz").await.status, 200);
    assert_eq!(app.anonymous().post("/api/authtoken/", json!({})).await.status, 400);
    assert_unavailable(&verify(&app).await);
}
