//! `POST /api/token/refresh/`. Python counterpart: `TestTokenRefreshView`, `TestTokenBlacklist`.

use actix_simplejwt::Settings;
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{assert_calls, claims, counting_claims, invalid, signed, text};
use crate::support::{TestApp, TestDatabase, alice};

/// A refresh token with this `user_id`.
fn refresh_token(user_id: &Value) -> String {
    signed(json!({ "token_type": "refresh", "exp": 1_800_000_060, "jti": user_id.to_string(), "user_id": user_id }))
}

per_database! {
    async fn a_rotated_refresh_token_cannot_be_used_again(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.blacklist_after_rotation = true).await;
        let old = text(&app.login(&alice()).await, "refresh");

        let first = app.anonymous().post("/api/token/refresh/", json!({ "refresh": old })).await;
        assert_eq!(first.status, 200);
        let new = text(&first.json(), "refresh");
        assert_ne!(new, old);

        let second = app.anonymous().post("/api/token/refresh/", json!({ "refresh": old })).await;
        assert_eq!(second.status, 401);
        assert_eq!(second.header("WWW-Authenticate"), r#"Bearer realm="api""#);
        assert_eq!(second.json(), invalid("Token is blacklisted"));
        assert_eq!(app.anonymous().post("/api/token/refresh/", json!({ "refresh": new })).await.status, 200);
        assert_eq!(app.count("token_blacklist_outstandingtoken").await, 3);
        assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 2);
    }

    async fn one_of_many_concurrent_refreshes_succeeds(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.blacklist_after_rotation = true).await;
        for _round in 0..8 {
            let refresh = text(&app.login(&alice()).await, "refresh");
            let client = app.anonymous();
            let volley = (0..16).map(|_| client.post("/api/token/refresh/", json!({ "refresh": refresh })));
            let answers = join_all(volley).await;
            let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
            assert_eq!(won.len(), 1);
            for answer in lost {
                assert_eq!((answer.status, answer.json()), (401, invalid("Token is blacklisted")));
            }
        }
        assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 8);
        assert_eq!(app.count("token_blacklist_outstandingtoken").await, 16);
    }

    async fn one_of_a_concurrent_refresh_and_logout_succeeds(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.blacklist_after_rotation = true).await;
        for _round in 0..16 {
            let refresh = text(&app.login(&alice()).await, "refresh");
            let client = app.anonymous();
            let both = ["/api/token/refresh/", "/api/token/blacklist/"]
                .map(|uri| client.post(uri, json!({ "refresh": refresh })));
            let won = join_all(both).await.into_iter().filter(|answer| answer.status == 200).count();
            assert_eq!(won, 1);
            assert_eq!(client.post("/api/token/refresh/", json!({ "refresh": refresh })).await.status, 401);
        }
    }

    async fn without_rotation_only_an_access_token_is_returned(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.rotate_refresh_tokens = false).await;
        let refresh = text(&app.login(&alice()).await, "refresh");
        let response = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
        assert_eq!(response.status, 200);
        assert_eq!(response.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["access"]);
        assert_eq!(app.count("token_blacklist_outstandingtoken").await, 1);
    }

    async fn the_claims_hooks_run_once_per_refresh(db: TestDatabase) {
        let app = counting_claims(db, |settings| settings.simple_jwt.blacklist_after_rotation = true).await;
        let mut tokens = app.login(&alice()).await;
        for calls in 1..=3 {
            assert_calls(&text(&tokens, "refresh"), calls);
            assert_calls(&text(&tokens, "access"), calls);
            let body = json!({ "refresh": tokens["refresh"] });
            tokens = app.anonymous().post("/api/token/refresh/", body).await.json();
        }
    }

    async fn the_claims_hooks_run_once_per_refresh_without_rotation(db: TestDatabase) {
        let app = counting_claims(db, |settings| settings.simple_jwt.rotate_refresh_tokens = false).await;
        let refresh = text(&app.login(&alice()).await, "refresh");
        for _refresh in 0..2 {
            let response = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
            assert_calls(&text(&response.json(), "access"), 2);
        }
    }

    async fn an_id_that_is_false_in_python_is_not_looked_up(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.rotate_refresh_tokens = false).await;
        let rotating = app.another(|_| {}).await;
        for (id, is_key) in [(json!(null), true), (json!(0), true), (json!(""), false), (json!([]), false), (json!({}), false)] {
            let token = refresh_token(&id);
            let body = || json!({ "refresh": token });
            let response = app.anonymous().post("/api/token/refresh/", body()).await;
            assert_eq!(response.status, 200, "{id}");
            assert_eq!(claims(&text(&response.json(), "access"))["user_id"], id);
            // simplejwt looks it up when it records or blacklists the token, and crashes on an id that cannot be a key.
            let refusal = invalid("Token is invalid");
            let response = rotating.anonymous().post("/api/token/refresh/", body()).await;
            assert_eq!(response.status, if is_key { 200 } else { 401 }, "{id}");
            assert!(is_key || response.json() == refusal);
            let response = app.anonymous().post("/api/token/blacklist/", body()).await;
            let expected = if is_key { (200, json!({})) } else { (401, refusal) };
            assert_eq!((response.status, response.json()), expected, "{id}");
            // The token is blacklisted in any case.
            let response = app.anonymous().post("/api/token/refresh/", body()).await;
            assert_eq!((response.status, response.json()), (401, invalid("Token is blacklisted")), "{id}");
        }
    }

    /// Python writes the key `None` as `null`, and a token that was read has this text as a second key, whose value comes last.
    async fn without_a_type_claim_a_refresh_copies_the_claim_null(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.token_type_claim = None).await;
        let pair = app.login(&alice()).await;
        assert_eq!(claims(&text(&pair, "access"))["null"], "access");
        let refreshed = app.anonymous().post("/api/token/refresh/", json!({ "refresh": pair["refresh"] })).await;
        assert_eq!(claims(&text(&refreshed.json(), "access"))["null"], "refresh");
    }

    async fn a_refresh_token_expires_at_exp(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let refresh = text(&app.login(&alice()).await, "refresh");
        app.advance(TimeDelta::days(1));
        let response = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
        assert_eq!(response.status, 401);
        assert_eq!(response.json(), invalid("Token is expired"));
    }

    async fn an_inactive_or_deleted_user_cannot_refresh(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let refresh = text(&app.login(&alice()).await, "refresh");
        let refusal = json!({ "detail": "No active account found for the given token." });
        app.sql("UPDATE auth_user SET is_active = FALSE WHERE username = 'alice'").await;
        let inactive = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
        assert_eq!((inactive.status, inactive.json()), (401, refusal.clone()));
        app.sql("UPDATE token_blacklist_outstandingtoken SET user_id = NULL").await;
        app.sql("DELETE FROM auth_user WHERE username = 'alice'").await;
        let gone = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
        assert_eq!((gone.status, gone.json()), (401, refusal));
    }

    async fn check_revoke_token_blacklists_the_token_after_a_password_change(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.check_revoke_token = true).await;
        let refresh = text(&app.login(&alice()).await, "refresh");
        app.sql("UPDATE auth_user SET password = 'md5$x$y' WHERE username = 'alice'").await;
        let first = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
        assert_eq!((first.status, first.json()), (401, json!({ "detail": "The user's password has been changed." })));
        // The 401 has not undone the blacklisting.
        let second = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
        assert_eq!((second.status, second.json()), (401, invalid("Token is blacklisted")));
    }
}

/// On SQLite transactions that write do not overlap.
#[actix_web::test]
async fn a_user_who_is_deleted_before_the_commit_cannot_refresh() {
    let Some(db) = TestDatabase::postgres() else { return };
    let app = TestApp::build(db, |settings| settings.simple_jwt.blacklist_after_rotation = true).await;
    let refresh = text(&app.login(&alice()).await, "refresh");
    let delete =
        "UPDATE token_blacklist_outstandingtoken SET user_id = NULL; DELETE FROM auth_user WHERE username = 'alice'";
    let client = app.anonymous();
    let answer = client.post("/api/token/refresh/", json!({ "refresh": refresh }));
    let answer = app.tables().meet_transaction(delete, answer).await;
    let refusal = json!({ "detail": "No active account found for the given token." });
    assert_eq!((answer.status, answer.json()), (401, refusal));
    assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 0);
}

/// The new token of a rotation is not yet visible when the end of all logins looks for tokens.
#[actix_web::test]
async fn a_refresh_waits_for_the_end_of_all_logins() {
    for (families, blacklist) in [(false, false), (false, true), (true, false), (true, true)] {
        let Some(db) = TestDatabase::postgres() else { return };
        let app = TestApp::build(db, |_| {}).await;
        // A token without a family.
        let refresh = text(&app.login(&alice()).await, "refresh");
        let adjust = |settings: &mut Settings| {
            settings.simple_jwt.token_family.enabled = families;
            settings.simple_jwt.blacklist_after_rotation = blacklist;
        };
        let app = app.another(adjust).await;
        let end = "SELECT pg_advisory_xact_lock(hashtext('logins of user ' || id), hashtext(current_schema())) \
                   FROM auth_user WHERE username = 'alice'; \
                   INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
                   SELECT id, now() FROM token_blacklist_outstandingtoken";
        let client = app.anonymous();
        let answer = client.post("/api/token/refresh/", json!({ "refresh": refresh }));
        let answer = app.tables().meet_transaction(end, answer).await;
        assert_eq!((answer.status, answer.json()), (401, invalid("Token is blacklisted")));
        assert_eq!(app.count("token_blacklist_outstandingtoken").await, 1);
    }
}
