//! `REFRESH_TOKEN_GRACE_PERIOD`: a client that loses a race gets the same successor.

use std::collections::HashSet;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use super::{
    assert_blacklisted, assert_calls, claims, client, counting_claims, ended_by, invalid, off, on, refresh, rotated,
    sessions, text,
};
use crate::support::{TestApp, TestDatabase, alice};

per_database! {
    async fn parallel_refreshes_on_two_instances_get_the_same_token(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let other = app.another(on).await;
        let mut token = text(&app.login(&alice()).await, "refresh");
        for round in 1..=8 {
            let volley = (0..16).map(|number| refresh(if number % 2 == 0 { &app } else { &other }, &token));
            let answers = join_all(volley).await;
            assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
            let tokens: HashSet<_> = answers.iter().map(|answer| text(&answer.json(), "refresh")).collect();
            assert_eq!(tokens.len(), 1);
            let accesses: HashSet<_> = answers.iter().map(|answer| text(&answer.json(), "access")).collect();
            assert_eq!(accesses.len(), 16);
            for answer in &answers {
                assert_eq!(client(&other, &answer.json()).get("/api/protected/").await.status, 200);
            }
            token = tokens.into_iter().next().unwrap();
            assert_eq!(app.count("token_blacklist_outstandingtoken").await, round + 1);
            assert_eq!(app.count("token_blacklist_blacklistedtoken").await, round);
            assert_eq!(app.count("family_token").await, round);
        }
        assert_eq!(app.count("family_activity WHERE reused_at IS NOT NULL").await, 0);
        assert_eq!(sessions(&app.client(&alice()).await).await.len(), 2);
    }

    async fn the_claims_hooks_run_once_per_refresh(db: TestDatabase) {
        let app = counting_claims(db, on).await;
        let old = text(&app.login(&alice()).await, "refresh");
        // The first answer rotates the token, the second repeats the successor.
        for _answer in 0..2 {
            let tokens = refresh(&app, &old).await.json();
            assert_calls(&text(&tokens, "refresh"), 2);
            assert_calls(&text(&tokens, "access"), 2);
        }
    }

    async fn the_window_does_not_move(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let old = text(&app.login(&alice()).await, "refresh");
        let new = rotated(&app, &old).await;
        for seconds in [4, 4] {
            app.advance(TimeDelta::seconds(seconds));
            assert_eq!(rotated(&app, &old).await, new);
        }
        app.advance(TimeDelta::microseconds(1_999_999));
        assert_eq!(rotated(&app, &old).await, new);
        app.advance(TimeDelta::microseconds(1));
        assert_blacklisted(&app, &old).await;
        assert_blacklisted(&app, &new).await;
        assert_eq!(ended_by(&app, "reuse").await, 1);
    }

    async fn only_the_direct_predecessor_has_a_grace_period(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let first = text(&app.login(&alice()).await, "refresh");
        let second = rotated(&app, &first).await;
        rotated(&app, &second).await;
        assert_blacklisted(&app, &first).await;
        assert_eq!(ended_by(&app, "reuse").await, 1);
    }

    async fn there_is_no_grace_once_the_successor_is_gone(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        // Logged out.
        let old = text(&app.login(&alice()).await, "refresh");
        let new = rotated(&app, &old).await;
        assert_eq!(app.anonymous().post("/api/token/blacklist/", json!({ "refresh": new })).await.status, 200);
        assert_blacklisted(&app, &old).await;
        // Rotated by Django.
        let old = text(&app.login(&alice()).await, "refresh");
        let new = rotated(&app, &old).await;
        let by_django = rotated(&app.another(off).await, &new).await;
        assert_blacklisted(&app, &old).await;
        app.advance(TimeDelta::minutes(1));
        assert_blacklisted(&app, &old).await;
        rotated(&app, &by_django).await;
        // The family has ended.
        let old = text(&app.login(&alice()).await, "refresh");
        let new = rotated(&app, &old).await;
        app.anonymous().post("/api/token/family/blacklist/", json!({ "refresh": new })).await;
        assert_blacklisted(&app, &old).await;
        // None of these cases is reuse.
        assert_eq!(app.count("family_activity WHERE reused_at IS NOT NULL").await, 0);
        assert_eq!(ended_by(&app, "logout").await, 1);
    }

    /// The current token is refused for the same reasons.
    async fn there_is_no_grace_after_the_end_of_the_family(db: TestDatabase) {
        let short = |settings: &mut actix_simplejwt::Settings| {
            on(settings);
            settings.simple_jwt.token_family.lifetime = Some(TimeDelta::seconds(5));
        };
        let app = TestApp::build(db, short).await;
        let old = text(&app.login(&alice()).await, "refresh");
        let new = rotated(&app, &old).await;
        app.advance(TimeDelta::seconds(5));
        assert_blacklisted(&app, &old).await;
        assert_eq!(refresh(&app, &new).await.json(), invalid("Token family has expired"));
        // By a server that knows families but does not know the successors of their tokens. With CHECK_REVOKE_TOKEN the blacklist
        // is read before the transaction.
        for check_revoke_token in [false, true] {
            let app = app.another(|settings| {
                short(settings);
                settings.simple_jwt.check_revoke_token = check_revoke_token;
            })
            .await;
            let old = text(&app.login(&alice()).await, "refresh");
            rotated(&app, &old).await;
            app.sql("INSERT INTO token_family_blacklistedtokenfamily (family_id, blacklisted_at) \
                     SELECT max(id), max(created_at) FROM token_family_tokenfamily").await;
            assert_blacklisted(&app, &old).await;
        }
        assert_eq!(app.count("family_activity WHERE reused_at IS NOT NULL").await, 0);
    }

    async fn a_grace_period_does_not_last_until_a_clock_that_was_set_back_has_caught_up(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let old = text(&app.login(&alice()).await, "refresh");
        app.advance(TimeDelta::hours(2));
        let new = rotated(&app, &old).await;
        app.advance(TimeDelta::minutes(-4));
        assert_eq!(rotated(&app, &old).await, new);
        app.advance(TimeDelta::minutes(-1));
        assert_blacklisted(&app, &old).await;
    }

    async fn a_user_who_is_deactivated_has_no_grace(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let old = text(&app.login(&alice()).await, "refresh");
        rotated(&app, &old).await;
        app.sql("UPDATE auth_user SET is_active = FALSE WHERE username = 'alice'").await;
        let response = refresh(&app, &old).await;
        assert_eq!(response.json(), json!({ "detail": "No active account found for the given token." }));
    }

    async fn parallel_refreshes_of_a_token_without_a_family_start_one(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let (django, other) = (app.another(off).await, app.another(on).await);
        for round in 1..=4 {
            let token = text(&django.login(&alice()).await, "refresh");
            let volley = (0..16).map(|number| refresh(if number % 2 == 0 { &app } else { &other }, &token));
            let answers = join_all(volley).await;
            assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
            let tokens: HashSet<_> = answers.iter().map(|answer| text(&answer.json(), "refresh")).collect();
            assert_eq!(tokens.len(), 1);
            for answer in &answers {
                let access = claims(&text(&answer.json(), "access"));
                assert_eq!(access["family_id"], claims(tokens.iter().next().unwrap())["family_id"]);
            }
            assert_eq!(app.count("token_family_tokenfamily").await, round);
        }
    }

    async fn without_a_grace_period_one_of_many_succeeds(db: TestDatabase) {
        let no_grace = |settings: &mut actix_simplejwt::Settings| {
            on(settings);
            settings.simple_jwt.token_family.refresh_token_grace_period = TimeDelta::zero();
            settings.simple_jwt.token_family.blacklist_on_reuse = false;
        };
        let app = TestApp::build(db, no_grace).await;
        let other = app.another(no_grace).await;
        for _round in 0..8 {
            let token = text(&app.login(&alice()).await, "refresh");
            let volley = (0..16).map(|number| refresh(if number % 2 == 0 { &app } else { &other }, &token));
            let (won, lost): (Vec<_>, Vec<_>) = join_all(volley).await.into_iter().partition(|a| a.status == 200);
            assert_eq!(won.len(), 1);
            for answer in lost {
                assert_eq!((answer.status, answer.json()), (401, invalid("Token is blacklisted")));
            }
            // Reuse is detected, but ends nothing here.
            rotated(&app, &text(&won[0].json(), "refresh")).await;
        }
        // Also not for a server whose clock is behind.
        let token = text(&other.login(&alice()).await, "refresh");
        app.advance(TimeDelta::seconds(1));
        rotated(&app, &token).await;
        assert_blacklisted(&other, &token).await;
        assert_eq!(app.count("family_activity WHERE reused_at IS NOT NULL").await, 9);
        assert_eq!(app.count("family_activity WHERE ended_at IS NOT NULL").await, 0);
    }

    async fn a_logout_against_refreshes_leaves_no_token_that_works(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let other = app.another(on).await;
        for _round in 0..12 {
            let token = text(&app.login(&alice()).await, "refresh");
            let body = json!({ "refresh": token });
            let clients = [app.anonymous(), other.anonymous()];
            let volley = (0..8).map(|number| {
                let path = if number < 2 { "/api/token/family/blacklist/" } else { "/api/token/refresh/" };
                clients[number % 2].post(path, body.clone())
            });
            let answers = join_all(volley).await;
            let ended = answers[..2].iter().any(|answer| answer.status == 200);
            for answer in &answers[2..] {
                assert!(matches!(answer.status, 200 | 401), "{answer:?}");
                if answer.status == 200 && ended {
                    assert_blacklisted(&app, &text(&answer.json(), "refresh")).await;
                }
            }
        }
        let living = app.client(&alice()).await;
        let ended = app.count("token_family_blacklistedtokenfamily").await;
        assert_eq!(sessions(&living).await.len() as i64, 13 - ended);
    }
}
