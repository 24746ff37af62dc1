//! A logout with a token that was rotated before.

use chrono::TimeDelta;
use serde_json::json;

use super::super::oauth2::{REVOKE, ask, with_client};
use super::{assert_blacklisted, ended_by, off, on, rotated, sessions, text};
use crate::support::{TestApp, TestDatabase, alice};

/// The status of the answer.
async fn log_out(app: &TestApp, path: &str, token: &str) -> u16 {
    match path {
        REVOKE => ask(app, path, &format!("token={token}")).await.status,
        _ => app.anonymous().post(path, json!({ "refresh": token })).await.status,
    }
}

per_database! {
    async fn a_client_that_logs_out_has_logged_out_although_its_token_was_just_replaced(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            with_client(settings);
        })
        .await;
        for path in ["/api/token/family/blacklist/", REVOKE] {
            let token = text(&app.login(&alice()).await, "refresh");
            let successor = rotated(&app, &token).await;
            assert_eq!(log_out(&app, path, &token).await, 200, "{path}");
            for token in [&token, &successor] {
                assert_blacklisted(&app, token).await;
            }
            assert_blacklisted(&app.another(off).await, &successor).await;
            // It is not valid any more, which is a success of a revocation (RFC 7009, section 2.2).
            assert_eq!(log_out(&app, path, &token).await, if path == REVOKE { 200 } else { 401 }, "{path}");
        }
        assert_eq!(sessions(&app.client(&alice()).await).await.len(), 1);
        assert_eq!((ended_by(&app, "logout").await, ended_by(&app, "reuse").await), (2, 0));
    }

    /// As in simplejwt, only one of a refresh and a blacklisting of the same token succeeds.
    async fn a_token_that_was_just_replaced_cannot_be_blacklisted(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let token = text(&app.login(&alice()).await, "refresh");
        let successor = rotated(&app, &token).await;
        assert_eq!(log_out(&app, "/api/token/blacklist/", &token).await, 401);
        rotated(&app, &successor).await;
    }

    async fn after_the_grace_period_a_replaced_token_logs_nobody_out(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            with_client(settings);
        })
        .await;
        let first = text(&app.login(&alice()).await, "refresh");
        let second = rotated(&app, &first).await;
        let third = rotated(&app, &second).await;
        for (path, status) in [("/api/token/blacklist/", 401), ("/api/token/family/blacklist/", 401), (REVOKE, 200)] {
            assert_eq!(log_out(&app, path, &first).await, status, "{path}");
        }
        app.advance(TimeDelta::seconds(10));
        for (path, status) in [("/api/token/blacklist/", 401), ("/api/token/family/blacklist/", 401), (REVOKE, 200)] {
            assert_eq!(log_out(&app, path, &second).await, status, "{path}");
        }
        assert_eq!(app.count("family_activity WHERE ended_at IS NOT NULL OR reused_at IS NOT NULL").await, 0);
        rotated(&app, &third).await;
    }
}
