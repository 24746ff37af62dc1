//! `LOGIN_FAILURE_LIMIT` in a host application.

use actix_simplejwt::core::clock::Clock;
use actix_simplejwt::{Apps, simplejwt};
use actix_web::web::{self, ServiceConfig};
use chrono::DateTime;
use serde_json::json;

use super::{create_user, env, host, settings_from};
use crate::support::TestDatabase;

fn routes(cfg: &mut ServiceConfig, apps: &Apps) {
    cfg.service(web::scope("/auth").configure(|cfg| simplejwt::urls::configure(cfg, apps)));
}

per_database! {
    async fn failed_logins_are_refused_and_then_locked_out(db: TestDatabase) {
        let settings = settings_from(&db, &env().with("LOGIN_FAILURE_LIMIT", "2"));
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let (apps, client) = host(Apps::builder(settings).clock(clock), routes).await;
        create_user(&apps, "alice").await;
        for _ in 0..2 {
            let refused = client.post("/auth/token/", json!({ "username": "alice", "password": "wrong" })).await;
            let body = json!({ "detail": "No active account found with the given credentials" });
            assert_eq!((refused.status, refused.json()), (401, body));
        }
        let locked = client.post("/auth/token/", json!({ "username": "alice", "password": "correct-horse" })).await;
        let body = json!({ "detail": "Request was throttled. Expected available in 900 seconds." });
        assert_eq!((locked.status, locked.json()), (429, body));
        assert_eq!(locked.header("Retry-After"), "900");
    }
}
