//! The family claims of tokens, and their checks.

use actix_simplejwt::simplejwt::token_family::models::{FamilyToken, TokenFamily};
use chrono::{DateTime, TimeDelta};
use serde_json::json;

use super::{assert_blacklisted, claims, client, invalid, off, on, refresh, rotated, sessions, text};
use crate::support::{TestApp, TestDatabase, alice, bob};

per_database! {
    async fn nothing_changes_while_families_are_off(db: TestDatabase) {
        let app = TestApp::build(db, off).await;
        let tokens = app.login(&alice()).await;
        let first = claims(&text(&tokens, "refresh"));
        assert_eq!(first.as_object().unwrap().keys().collect::<Vec<_>>(), ["token_type", "exp", "iat", "jti", "user_id"]);
        rotated(&app, &text(&tokens, "refresh")).await;
        assert_blacklisted(&app, &text(&tokens, "refresh")).await;
        for table in ["token_family_tokenfamily", "family_activity", "family_token"] {
            assert_eq!(app.count(table).await, 0);
        }
        for path in ["/api/token/family/blacklist/", "/api/token/logoutall/", "/api/token/sessions/"] {
            assert_eq!(client(&app, &tokens).post(path, json!({})).await.status, 404);
        }
    }

    async fn a_login_starts_a_family_and_rotation_keeps_it(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            settings.simple_jwt.token_family.check_on_access = false;
        })
        .await;
        let tokens = app.login(&alice()).await;
        let first = claims(&text(&tokens, "refresh"));
        assert_eq!(first["family_id"].as_str().unwrap().len(), 32);
        assert_eq!(first["family_exp"], 1_800_000_000 + 30 * 86_400);
        assert!(claims(&text(&tokens, "access")).get("family_id").is_none());
        app.advance(TimeDelta::hours(1));
        let next = refresh(&app, &text(&tokens, "refresh")).await.json();
        let second = claims(&text(&next, "refresh"));
        assert_eq!((&second["family_id"], &second["family_exp"]), (&first["family_id"], &first["family_exp"]));
        assert!(claims(&text(&next, "access")).get("family_id").is_none());
        assert_eq!(app.count("token_family_tokenfamily WHERE user_id IS NOT NULL").await, 1);
        assert_eq!(app.count("family_token").await, 1);
        // A sliding token has no family.
        let body = json!({ "username": "alice", "password": alice().password });
        let sliding = app.anonymous().post("/api/token/sliding/", body).await.json();
        assert!(claims(&text(&sliding, "token")).get("family_id").is_none());
        assert_eq!(app.count("token_family_tokenfamily").await, 1);
    }

    async fn a_family_without_an_end_has_no_claim_for_it(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            settings.simple_jwt.token_family.lifetime = None;
        })
        .await;
        let token = text(&app.login(&alice()).await, "refresh");
        assert!(claims(&token).get("family_exp").is_none());
        assert_eq!(app.count("token_family_tokenfamily WHERE expires_at IS NULL").await, 1);
        rotated(&app, &token).await;
    }

    async fn the_blacklist_comes_first_then_the_end_of_the_family_then_its_blacklist(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            settings.simple_jwt.token_family.lifetime = Some(TimeDelta::hours(2));
        })
        .await;
        let tokens = app.login(&alice()).await;
        let (token, access) = (text(&tokens, "refresh"), text(&tokens, "access"));
        app.sql("INSERT INTO token_family_blacklistedtokenfamily (family_id, blacklisted_at) \
                 SELECT id, created_at FROM token_family_tokenfamily").await;
        let about_family = async |path: &str, name: &str, token: &str, detail: &str| {
            let response = app.anonymous().post(path, json!({ name: token })).await;
            assert_eq!((response.status, response.json()), (401, invalid(detail)), "{path}");
        };
        let paths = ["/api/token/refresh/", "/api/token/blacklist/", "/api/token/family/blacklist/"];
        for path in paths {
            about_family(path, "refresh", &token, "Token family is blacklisted").await;
        }
        about_family("/api/token/verify/", "token", &access, "Token family is blacklisted").await;
        let protected = client(&app, &tokens).get("/api/protected/").await;
        assert_eq!(protected.json()["messages"][0]["message"], "Token family is blacklisted");
        app.advance(TimeDelta::hours(2));
        for path in paths {
            about_family(path, "refresh", &token, "Token family has expired").await;
        }
        about_family("/api/token/verify/", "token", &token, "Token family has expired").await;
        app.sql("INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) \
                 SELECT id, created_at FROM token_blacklist_outstandingtoken").await;
        for path in paths {
            about_family(path, "refresh", &token, "Token is blacklisted").await;
        }
    }

    async fn an_access_token_ends_with_its_family_only_if_it_is_asked_for(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let other = app.another(|settings| {
            on(settings);
            settings.simple_jwt.token_family.check_on_access = false;
        })
        .await;
        let tokens = app.login(&alice()).await;
        assert_eq!(claims(&text(&tokens, "access"))["family_id"], claims(&text(&tokens, "refresh"))["family_id"]);
        assert_eq!(client(&app, &tokens).get("/api/protected/").await.status, 200);
        app.anonymous().post("/api/token/family/blacklist/", json!({ "refresh": tokens["refresh"] })).await;
        assert_eq!(client(&app, &tokens).get("/api/protected/").await.status, 401);
        assert_eq!(client(&other, &tokens).get("/api/protected/").await.status, 200);
    }

    async fn the_view_ends_a_family_and_its_tokens(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let (django, token) = (app.another(off).await, text(&app.login(&alice()).await, "refresh"));
        let stays = text(&app.login(&alice()).await, "refresh");
        let token = rotated(&app, &token).await;
        let response = app.anonymous().post("/api/token/family/blacklist/", json!({ "refresh": token })).await;
        assert_eq!((response.status, response.json()), (200, json!({ "message": "Token Family blacklisted" })));
        assert_blacklisted(&app, &token).await;
        assert_blacklisted(&django, &token).await;
        assert_eq!(app.count("token_family_blacklistedtokenfamily").await, 1);
        let without = text(&django.login(&bob()).await, "refresh");
        let response = app.anonymous().post("/api/token/family/blacklist/", json!({ "refresh": without })).await;
        assert_eq!((response.status, response.json()), (400, json!({ "refresh": "Token has no family ID" })));
        rotated(&app, &stays).await;
    }

    /// The claims and the family survive a rotation by a server that does not know families.
    async fn a_family_goes_on_after_a_rotation_by_django(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let django = app.another(off).await;
        let tokens = app.login(&alice()).await;
        let by_django = rotated(&django, &text(&tokens, "refresh")).await;
        assert_eq!(claims(&by_django)["family_id"], claims(&text(&tokens, "refresh"))["family_id"]);
        assert_eq!(sessions(&client(&app, &tokens)).await.len(), 1);
        // Django has rotated it, so this is not reuse.
        assert_blacklisted(&app, &text(&tokens, "refresh")).await;
        let ours = rotated(&app, &by_django).await;
        let by_django = rotated(&django, &ours).await;
        // The end of the family also ends the token that only Django knows.
        let id = sessions(&client(&app, &tokens)).await[0]["id"].clone();
        let path = format!("/api/token/sessions/{id}/");
        let deleted = client(&app, &tokens).send(actix_web::http::Method::DELETE, &path, None, &[]).await;
        assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
        assert_blacklisted(&django, &by_django).await;
    }

    async fn a_token_without_a_family_stays_valid_and_its_rotation_starts_one(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let django = app.another(off).await;
        let tokens = django.login(&alice()).await;
        assert_eq!(client(&app, &tokens).get("/api/protected/").await.status, 200);
        assert!(sessions(&client(&app, &tokens)).await.is_empty());
        let next = refresh(&app, &text(&tokens, "refresh")).await.json();
        assert_eq!(claims(&text(&next, "access"))["family_id"], claims(&text(&next, "refresh"))["family_id"]);
        assert_eq!(sessions(&client(&app, &next)).await[0]["is_current"], true);
        assert_eq!(app.count("token_family_tokenfamily").await, 1);
        rotated(&app, &text(&next, "refresh")).await;
        assert_eq!(app.count("token_family_tokenfamily").await, 1);
    }

    async fn without_a_blacklist_after_rotation_all_tokens_end_with_their_family(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            settings.simple_jwt.blacklist_after_rotation = false;
        })
        .await;
        let first = text(&app.login(&alice()).await, "refresh");
        let (left, right) = (rotated(&app, &first).await, rotated(&app, &first).await);
        assert_ne!(left, right);
        assert_eq!(app.count("token_family_tokenfamily").await, 1);
        app.anonymous().post("/api/token/family/blacklist/", json!({ "refresh": right })).await;
        for token in [first, left, right] {
            assert_blacklisted(&app, &token).await;
        }
    }

    async fn expired_families_are_deleted_and_those_without_an_end_stay(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let token = text(&app.login(&alice()).await, "refresh");
        rotated(&app, &token).await;
        app.anonymous().post("/api/token/family/blacklist/", json!({ "refresh": text(&app.login(&bob()).await, "refresh") })).await;
        app.login(&bob()).await;
        app.sql("UPDATE token_family_tokenfamily SET expires_at = NULL WHERE id = (SELECT max(id) FROM token_family_tokenfamily)").await;
        let day = |days| DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::days(days);
        assert_eq!(app.write(move |conn| TokenFamily::delete_expired_batch(conn, day(29), 10)).await, 0);
        assert_eq!(app.write(move |conn| TokenFamily::delete_expired_batch(conn, day(30), 1)).await, 1);
        assert_eq!(app.write(move |conn| TokenFamily::delete_expired_batch(conn, day(30), 10)).await, 1);
        for (table, left) in [("token_family_tokenfamily", 1), ("family_activity", 1), ("family_token", 1)] {
            assert_eq!(app.count(table).await, left, "{table}");
        }
        assert_eq!(app.count("token_family_blacklistedtokenfamily").await, 0);
    }

    async fn what_is_known_about_a_token_goes_with_it(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let second = rotated(&app, &text(&app.login(&alice()).await, "refresh")).await;
        rotated(&app, &second).await;
        assert_eq!(app.write(|conn| FamilyToken::delete_expired_batch(conn, 10)).await, 0);
        app.sql("DELETE FROM token_blacklist_blacklistedtoken").await;
        app.sql("DELETE FROM token_blacklist_outstandingtoken WHERE id = (SELECT min(id) FROM token_blacklist_outstandingtoken)").await;
        assert_eq!(app.write(|conn| FamilyToken::delete_expired_batch(conn, 10)).await, 1);
        assert_eq!(app.count("family_token").await, 1);
    }

    async fn a_deleted_user_leaves_families_without_one(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let token = text(&app.login(&alice()).await, "refresh");
        app.sql("UPDATE token_blacklist_outstandingtoken SET user_id = NULL").await;
        app.sql("DELETE FROM auth_user WHERE username = 'alice'").await;
        assert_eq!(app.count("token_family_tokenfamily WHERE user_id IS NULL").await, 1);
        let response = refresh(&app, &token).await;
        assert_eq!(response.json(), json!({ "detail": "No active account found for the given token." }));
    }
}
