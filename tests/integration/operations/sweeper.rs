//! `TOKEN_SWEEP_INTERVAL`.

use std::time::{Duration, Instant};

use actix_simplejwt::server::sweeper::{LOCK, sweep};
use actix_simplejwt::simplejwt::token_blacklist::apps::EXPIRED_TOKENS;
use chrono::DateTime;
use futures_util::future::{join, join_all};
use serde_json::json;

use super::text;
use crate::support::process::Process;
use crate::support::{TestApp, TestDatabase, alice};

/// Two full batches and a part of a third.
const EXPIRED: usize = 2_100;

/// Inserts tokens that expired in 2020, every second one on the blacklist.
async fn add_expired_tokens(app: &TestApp) {
    let moment = "'2020-01-01 00:00:00'";
    app.sql(&format!(
        "INSERT INTO token_blacklist_outstandingtoken (jti, token, created_at, expires_at) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EXPIRED}) \
         SELECT 'old-' || i, 'x', {moment}, {moment} FROM n"
    ))
    .await;
    app.sql(&format!(
        "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
         SELECT id, {moment} FROM token_blacklist_outstandingtoken WHERE jti LIKE 'old-%' AND id % 2 = 0"
    ))
    .await;
}

per_database! {
    async fn expired_tokens_are_deleted_while_two_instances_serve_requests(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.blacklist_after_rotation = true).await;
        let other = app.another(|settings| settings.simple_jwt.blacklist_after_rotation = true).await;
        add_expired_tokens(&app).await;
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let rotations = async {
            let mut refresh = text(&app.login(&alice()).await, "refresh");
            for _rotation in 0..20 {
                let response = other.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
                assert_eq!(response.status, 200, "{}", response.body);
                refresh = text(&response.json(), "refresh");
            }
        };
        let sweeps = join_all([sweep(app.database(), EXPIRED_TOKENS, now), sweep(other.database(), EXPIRED_TOKENS, now)]);
        let (deleted, ()) = join(sweeps, rotations).await;
        let deleted: usize = deleted.into_iter().map(Result::unwrap).sum();
        assert_eq!(deleted, EXPIRED);
        assert_eq!(app.count("token_blacklist_outstandingtoken").await, 21);
        assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 20);
    }

    async fn a_server_deletes_expired_tokens_if_a_setting_says_so(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        add_expired_tokens(&app).await;
        let _server = Process::start(app.tables(), &[("TOKEN_SWEEP_INTERVAL", "1s")]);
        let deadline = Instant::now() + Duration::from_secs(60);
        while app.count("token_blacklist_outstandingtoken").await > 0 {
            assert!(Instant::now() < deadline, "nothing was deleted");
            actix_web::rt::task::yield_now().await;
        }
    }
}

#[actix_web::test]
async fn only_one_instance_at_a_time_deletes_expired_tokens() {
    let Some(db) = TestDatabase::postgres() else { return };
    let app = TestApp::build(db, |_| {}).await;
    add_expired_tokens(&app).await;
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let mut other = app.tables().connect();
    let lock = format!("SELECT pg_advisory_xact_lock(hashtext('{LOCK}'), hashtext(current_schema()))");
    other.batch_execute(&format!("BEGIN; {lock}")).unwrap();
    assert_eq!(sweep(app.database(), EXPIRED_TOKENS, now).await.unwrap(), 0);
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(sweep(app.database(), EXPIRED_TOKENS, now).await.unwrap(), EXPIRED);
}
