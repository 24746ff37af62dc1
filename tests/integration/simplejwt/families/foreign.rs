//! Tokens that name the family of another user, or have the id of another user's token. An issuer that copies claims makes such
//! tokens.

use actix_simplejwt::core::jwt::{Algorithm, Claims, SigningKey, encode};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{assert_blacklisted, claims, client, ended_by, invalid, on, refresh, rotated, sessions, text};
use crate::support::{TestApp, TestDatabase, alice, bob};

/// The refresh token `token`, with the claim `name` of `other`, correctly signed.
fn with_claim_of(token: &str, name: &str, other: &str) -> String {
    let mut own: Claims = serde_json::from_value(claims(token)).unwrap();
    own.insert(name.to_owned(), claims(other)[name].clone());
    let key = SigningKey::new(Algorithm::HS256, &"a-test-secret-key-of-more-than-fifty-characters-0123456789".into());
    encode(&own, &key.unwrap()).unwrap()
}

/// The stored data of the login of alice.
async fn rows(app: &TestApp) -> [i64; 4] {
    [
        app.count("family_activity WHERE ended_at IS NOT NULL OR reused_at IS NOT NULL").await,
        app.count("token_family_blacklistedtokenfamily").await,
        app.count("token_blacklist_blacklistedtoken").await,
        app.count("family_token").await,
    ]
}

async fn assert_invalid(app: &TestApp, path: &str, token: &str) {
    let answer = app.anonymous().post(path, json!({ "refresh": token })).await;
    assert_eq!((answer.status, answer.json()), (401, invalid("Token is invalid")), "{path}");
}

/// alice with one login, bob with one, and a token of bob that names the family of alice.
async fn story(app: &TestApp) -> (Value, String) {
    let (of_alice, of_bob) = (app.login(&alice()).await, app.login(&bob()).await);
    let foreign = with_claim_of(&text(&of_bob, "refresh"), "family_id", &text(&of_alice, "refresh"));
    (of_alice, foreign)
}

per_database! {
    async fn a_token_cannot_be_used_in_the_family_of_another_user(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let (of_alice, foreign) = story(&app).await;
        for path in ["/api/token/refresh/", "/api/token/family/blacklist/", "/api/token/refresh/"] {
            assert_invalid(&app, path, &foreign).await;
        }
        assert_eq!(rows(&app).await, [0; 4]);
        let alices = sessions(&client(&app, &of_alice)).await;
        assert_eq!((alices.len(), &alices[0]["ip"]), (1, &Value::Null));
        rotated(&app, &text(&of_alice, "refresh")).await;
    }

    async fn nor_without_a_blacklist_after_rotation_or_without_rotation(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            settings.simple_jwt.blacklist_after_rotation = false;
        })
        .await;
        let without_rotation = app
            .another(|settings| {
                on(settings);
                settings.simple_jwt.rotate_refresh_tokens = false;
            })
            .await;
        let (of_alice, foreign) = story(&app).await;
        for app in [&app, &without_rotation] {
            assert_invalid(app, "/api/token/refresh/", &foreign).await;
        }
        assert_eq!(rows(&app).await, [0; 4]);
        assert_eq!(app.count("family_activity WHERE rotated_at IS NOT NULL").await, 0);
        assert_eq!(refresh(&without_rotation, &text(&of_alice, "refresh")).await.status, 200);
    }

    async fn a_copied_id_ends_no_family_of_another_user_and_gets_no_token_of_it(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let (of_alice, of_bob) = (text(&app.login(&alice()).await, "refresh"), text(&app.login(&bob()).await, "refresh"));
        let current = rotated(&app, &of_alice).await;
        let with_id = with_claim_of(&of_bob, "jti", &of_alice);
        let with_both = with_claim_of(&with_id, "family_id", &of_alice);
        // Without the check, the answer within the grace period would be the current token of alice. After that time her login
        // would end.
        for seconds in [0, 11] {
            app.advance(TimeDelta::seconds(seconds));
            assert_blacklisted(&app, &with_id).await;
            assert_blacklisted(&app, &with_both).await;
        }
        assert_eq!(ended_by(&app, "reuse").await, 0);
        assert_eq!(app.count("family_activity WHERE reused_at IS NOT NULL").await, 0);
        rotated(&app, &current).await;
        rotated(&app, &of_bob).await;
    }
}
