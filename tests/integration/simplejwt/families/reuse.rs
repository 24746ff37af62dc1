//! `TOKEN_FAMILY_BLACKLIST_ON_REUSE`: a stolen token, used first by the thief or by the victim.

use chrono::TimeDelta;
use serde_json::json;

use super::{assert_blacklisted, client, ended_by, invalid, off, on, refresh, rotated, sessions, text};
use crate::support::{TestApp, TestDatabase, alice, bob, log};

per_database! {
    async fn the_thief_is_first(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let (stolen, elsewhere) = (text(&app.login(&alice()).await, "refresh"), app.login(&alice()).await);
        let of_thief = rotated(&app, &stolen).await;
        app.advance(TimeDelta::minutes(5));
        // The victim comes back, and both are logged out.
        assert_blacklisted(&app, &stolen).await;
        assert_blacklisted(&app, &of_thief).await;
        assert_blacklisted(&app.another(off).await, &of_thief).await;
        // The other logins of the user stay.
        assert_eq!(sessions(&client(&app, &elsewhere)).await.len(), 1);
        rotated(&app, &text(&elsewhere, "refresh")).await;
        assert_eq!(ended_by(&app, "reuse").await, 1);
        assert_eq!(app.count("token_family_blacklistedtokenfamily").await, 1);
    }

    async fn the_victim_is_first(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let stolen = text(&app.login(&alice()).await, "refresh");
        let second = rotated(&app, &stolen).await;
        let third = rotated(&app, &second).await;
        // Within ten seconds, but the token is two generations old.
        assert_blacklisted(&app, &stolen).await;
        assert_blacklisted(&app, &third).await;
        assert_eq!(ended_by(&app, "reuse").await, 1);
        // Again and again: the answer is the same, and nothing more happens.
        for token in [&stolen, &second, &third] {
            assert_blacklisted(&app, token).await;
        }
        assert_eq!(ended_by(&app, "reuse").await, 1);
    }

    async fn the_answer_of_a_thief_is_that_of_any_blacklisted_token(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let stolen = text(&app.login(&alice()).await, "refresh");
        rotated(&app, &stolen).await;
        app.advance(TimeDelta::minutes(1));
        let reused = refresh(&app, &stolen).await;
        let logged_out = text(&app.login(&bob()).await, "refresh");
        app.anonymous().post("/api/token/blacklist/", json!({ "refresh": logged_out })).await;
        let ordinary = refresh(&app, &logged_out).await;
        assert_eq!((reused.status, &reused.body), (ordinary.status, &ordinary.body));
        assert_eq!(reused.header("WWW-Authenticate"), ordinary.header("WWW-Authenticate"));
    }

    async fn a_logout_is_no_reuse(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let tokens = app.login(&alice()).await;
        app.anonymous().post("/api/token/blacklist/", json!({ "refresh": tokens["refresh"] })).await;
        app.advance(TimeDelta::minutes(1));
        assert_blacklisted(&app, &text(&tokens, "refresh")).await;
        let again = app.anonymous().post("/api/token/blacklist/", json!({ "refresh": tokens["refresh"] })).await;
        assert_eq!((again.status, again.json()), (401, invalid("Token is blacklisted")));
        assert_eq!(app.count("family_activity WHERE reused_at IS NOT NULL OR ended_at IS NOT NULL").await, 0);
        // It ends the entry in the list.
        assert!(sessions(&client(&app, &tokens)).await.is_empty());
    }

    async fn a_token_that_django_has_rotated_is_not_reused(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let old = text(&app.login(&alice()).await, "refresh");
        let by_django = rotated(&app.another(off).await, &old).await;
        app.advance(TimeDelta::minutes(1));
        assert_blacklisted(&app, &old).await;
        rotated(&app, &by_django).await;
        // Now this server has rotated a later token, but Django has rotated this one.
        assert_blacklisted(&app, &old).await;
        assert_eq!(app.count("family_activity WHERE reused_at IS NOT NULL").await, 0);
    }
}

#[actix_web::test]
async fn reuse_is_logged_with_the_user_and_the_address_and_without_the_token() {
    log::record();
    let app = TestApp::build(TestDatabase::sqlite(), |settings| {
        on(settings);
        settings.simple_jwt.user_id_field = "username".to_owned();
        settings.rest_framework.num_proxies = Some(1);
    })
    .await;
    let mut thief = crate::support::alice();
    thief.username = "reused-and-logged";
    app.add_user(thief).await;
    let stolen = text(&app.login(&thief).await, "refresh");
    let current = rotated(&app, &stolen).await;
    app.advance(TimeDelta::minutes(1));
    let client = app.anonymous().with_header("X-Forwarded-For", "192.0.2.7");
    assert_eq!(client.post("/api/token/refresh/", json!({ "refresh": stolen })).await.status, 401);
    let lines = log::lines_with("reused-and-logged");
    let line = lines.iter().find(|line| line.contains("was used again")).unwrap();
    assert!(line.contains("from 192.0.2.7") && line.contains("The family has been ended."), "{line}");
    assert!(lines.iter().all(|line| !line.contains(&stolen) && !line.contains(&current)));
}
