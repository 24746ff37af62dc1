//! The Redis of `CACHE_URL`, under load.

use std::time::Duration;

use actix_simplejwt::rest_framework::throttling::ThrottleRates;
use futures_util::future::{join, join_all};
use serde_json::json;

use super::assert_unavailable;
use crate::support::{Proxy, Response, TestApp, TestDatabase, TestRedis};

/// A time limit that a test can wait for. A machine that stalls for so long would cause 503s as well.
const PASSES: Duration = Duration::from_secs(5);
/// A time limit that no test reaches.
const NEVER: Duration = Duration::from_secs(60);

/// A server that counts in a Redis behind a proxy; `None` if the test is skipped.
async fn behind_proxy(limit: Duration) -> Option<(TestApp, Proxy, TestRedis)> {
    let redis = TestRedis::start()?;
    let proxy = Proxy::to(redis.address());
    let mut cache = redis.at(proxy.address());
    cache.socket_timeout = limit;
    let app = TestApp::build_undescribed(TestDatabase::sqlite(), |settings| {
        settings.rest_framework.default_throttle_classes = vec!["AnonRateThrottle".to_owned()];
        settings.rest_framework.default_throttle_rates = ThrottleRates::parse("anon=1000/min").unwrap();
        settings.rest_framework.cache = cache;
    })
    .await;
    Some((app, proxy, redis))
}

async fn all_at_once(app: &TestApp) -> Vec<Response> {
    let client = app.anonymous();
    join_all((0..20).map(|_| client.post("/api/token/verify/", json!({ "token": "x" })))).await
}

#[actix_web::test]
async fn a_connection_that_stays_open_without_its_redis_is_replaced() {
    let Some((app, proxy, _redis)) = behind_proxy(PASSES).await else { return };
    for _ in 0..2 {
        for response in all_at_once(&app).await {
            assert_eq!(response.status, 401, "{}", response.body);
        }
        proxy.swallow();
        all_at_once(&app).await.iter().for_each(assert_unavailable);
    }
    for response in all_at_once(&app).await {
        assert_eq!(response.status, 401, "{}", response.body);
    }
}

#[actix_web::test]
async fn a_redis_that_does_not_answer_is_503_until_it_does() {
    let Some((app, proxy, _redis)) = behind_proxy(PASSES).await else { return };
    proxy.silence();
    all_at_once(&app).await.iter().for_each(assert_unavailable);
    proxy.restore();
    for response in all_at_once(&app).await {
        assert_eq!(response.status, 401, "{}", response.body);
    }
}

#[actix_web::test]
async fn a_redis_that_restarts_under_load_is_503_at_most() {
    let Some((app, proxy, _redis)) = behind_proxy(NEVER).await else { return };
    let (during, ()) = join(all_at_once(&app), async {
        proxy.cut();
        proxy.restore();
    })
    .await;
    during.iter().filter(|response| response.status != 401).for_each(assert_unavailable);
    for response in all_at_once(&app).await {
        assert_eq!(response.status, 401, "{}", response.body);
    }
}
