//! The logins of a user: listing them, ending one or all of them, and their limit.

use std::cell::Cell;

use actix_simplejwt::Settings;
use actix_simplejwt::contrib::auth::signals::EndOfLogins;
use actix_simplejwt::db::DatabaseError;
use actix_web::http::Method;
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{assert_blacklisted, client, ended_by, off, on, refresh, rotated, sessions, text};
use crate::support::{Client, TestApp, TestDatabase, TestUser, alice, bob};

async fn login_with(client: &Client) -> Value {
    let body = json!({ "username": "alice", "password": alice().password });
    client.post("/api/token/", body).await.json()
}

async fn delete(client: &Client, id: &Value) -> u16 {
    client.send(Method::DELETE, &format!("/api/token/sessions/{id}/"), None, &[]).await.status
}

/// Notifies the apps of a project on the same database that the logins of alice end.
async fn end_logins(app: &TestApp, reason: EndOfLogins, adjust: impl FnOnce(&mut Settings)) {
    let mut settings = Settings::new("a-test-secret-key-of-more-than-fifty-characters-0123456789");
    settings.database = app.tables().settings.clone();
    adjust(&mut settings);
    let apps = settings.builder().build().unwrap();
    let users = std::sync::Arc::clone(apps.auth().unwrap().users());
    let database = apps.database().unwrap().clone();
    let end = move |conn: &mut _| {
        let alice = users.get_by_natural_key(conn, "alice")?.and_then(|user| user.pk()).unwrap();
        apps.end_logins(conn, alice, reason)
    };
    database.write::<_, DatabaseError, _>(end).await.unwrap();
}

/// Refreshes again and again until the login has ended. No refresh that begins after the end succeeds.
async fn refresh_until(app: &TestApp, token: &str, has_ended: &Cell<bool>) {
    let mut token = token.to_owned();
    loop {
        let begins_after = has_ended.get();
        let answer = refresh(app, &token).await;
        if answer.status == 200 {
            assert!(!begins_after, "the login has ended");
            token = text(&answer.json(), "refresh");
        } else {
            // The end may come between the look-ups of the token and of its family.
            let detail = answer.json()["detail"].as_str().map(str::to_owned).unwrap();
            assert!(["Token is blacklisted", "Token family is blacklisted"].contains(&&*detail), "{detail}");
            assert_eq!(answer.status, 401);
            return;
        }
    }
}

per_database! {
    async fn the_list_shows_living_logins(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            settings.rest_framework.num_proxies = Some(1);
        })
        .await;
        let long = format!("<b>\u{1f600}</b> {}", "x".repeat(300));
        let phone = app.anonymous().with_header("User-Agent", long.clone()).with_header("X-Forwarded-For", "6.6.6.6, 2001:DB8::7");
        let first = login_with(&phone).await;
        app.advance(TimeDelta::microseconds(1_500_000));
        let laptop = app.anonymous().with_header("User-Agent", "laptop").with_header("X-Forwarded-For", "192.0.2.1:80");
        let second = login_with(&laptop).await;
        app.login(&bob()).await;
        let list = sessions(&client(&app, &first)).await;
        let cut: String = long.chars().take(255).collect();
        let id = |index: usize| list[index]["id"].clone();
        assert_eq!(
            json!(list),
            json!([
                {
                    "id": id(0), "user_agent": "laptop", "ip": "192.0.2.1", "created_at": "2027-01-15T08:00:01.500000Z",
                    "last_seen_at": "2027-01-15T08:00:01.500000Z", "expires_at": "2027-01-16T08:00:01Z", "is_current": false,
                },
                {
                    "id": id(1), "user_agent": cut, "ip": "2001:db8::7", "created_at": "2027-01-15T08:00:00Z",
                    "last_seen_at": "2027-01-15T08:00:00Z", "expires_at": "2027-01-16T08:00:00Z", "is_current": true,
                },
            ])
        );
        // A refresh updates time, address and user agent. `expires_at` is the end of the new token.
        app.advance(TimeDelta::minutes(10));
        let tablet = app.anonymous().with_header("User-Agent", "tablet").with_header("X-Forwarded-For", "192.0.2.9");
        tablet.post("/api/token/refresh/", json!({ "refresh": first["refresh"] })).await;
        let renewed = sessions(&client(&app, &second)).await.remove(0);
        assert_eq!((&renewed["id"], &renewed["user_agent"], &renewed["ip"]), (&id(1), &json!("tablet"), &json!("192.0.2.9")));
        assert_eq!(renewed["last_seen_at"], "2027-01-15T08:10:01.500000Z");
        assert_eq!(renewed["created_at"], "2027-01-15T08:00:00Z");
        assert_eq!((&renewed["expires_at"], &renewed["is_current"]), (&json!("2027-01-16T08:10:01Z"), &json!(false)));
        // An expired login is not in the list.
        app.advance(TimeDelta::hours(24) - TimeDelta::minutes(1));
        assert_eq!(sessions(&app.client(&alice()).await).await.len(), 2);
    }

    async fn a_list_needs_a_login_and_may_not_know_the_current_one(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            settings.simple_jwt.token_family.check_on_access = false;
        })
        .await;
        assert_eq!(app.anonymous().get("/api/token/sessions/").await.status, 401);
        assert_eq!(app.anonymous().post("/api/token/logoutall/", json!({})).await.status, 401);
        let list = sessions(&app.client(&alice()).await).await;
        assert_eq!((list.len(), &list[0]["is_current"]), (1, &Value::Null));
    }

    async fn a_login_is_ended_by_its_user_only(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let (tokens, of_bob) = (app.login(&alice()).await, app.login(&bob()).await);
        let (own, other) = (client(&app, &tokens), client(&app, &of_bob));
        let id = sessions(&own).await[0]["id"].clone();
        assert_eq!(delete(&other, &id).await, 404);
        assert_eq!(own.send(Method::DELETE, "/api/token/sessions/x/", None, &[]).await.status, 404);
        assert_eq!(delete(&own, &json!(u64::MAX)).await, 404);
        assert_eq!(delete(&own, &id).await, 204);
        assert_blacklisted(&app, &text(&tokens, "refresh")).await;
        assert_eq!(own.get("/api/token/sessions/").await.status, 401);
        let again = app.client(&alice()).await;
        assert_eq!(delete(&again, &id).await, 404);
        assert_eq!(sessions(&other).await.len(), 1);
    }

    /// With `USER_ID_FIELD=username` the token of the user `1` has the same claim as one of the user with the key 1.
    async fn a_user_who_is_called_as_the_key_of_another_has_only_own_logins(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            settings.simple_jwt.user_id_field = "username".to_owned();
            settings.rest_framework.default_authentication_classes = vec!["JWTStatelessUserAuthentication".to_owned()];
        })
        .await;
        let of_alice = app.login(&alice()).await;
        let key = app.count("auth_user WHERE username = 'alice' AND id < 10").await;
        assert_eq!(key, 1, "the names below are all keys that alice may have");
        for name in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
            let namesake = TestUser { username: name, ..bob() };
            app.add_user(namesake).await;
            let tokens = app.login(&namesake).await;
            let of_namesake = client(&app, &tokens);
            let own = sessions(&of_namesake).await;
            assert_eq!((own.len(), &own[0]["is_current"]), (1, &json!(true)), "{name}");
            let id = sessions(&client(&app, &of_alice)).await[0]["id"].clone();
            assert_eq!(delete(&of_namesake, &id).await, 404, "{name}");
            assert_eq!(of_namesake.post("/api/token/logoutall/", json!({})).await.status, 204);
            assert_blacklisted(&app, &text(&tokens, "refresh")).await;
        }
        assert_eq!(delete(&client(&app, &of_alice), &sessions(&client(&app, &of_alice)).await[0]["id"]).await, 204);
        assert_blacklisted(&app, &text(&of_alice, "refresh")).await;
    }

    async fn all_logins_end_at_once(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let (django, of_bob) = (app.another(off).await, app.login(&bob()).await);
        let (tokens, second, without) = (app.login(&alice()).await, app.login(&alice()).await, django.login(&alice()).await);
        let key = app.anonymous().post("/api/authtoken/", json!({ "username": "alice", "password": alice().password })).await;
        let by_django = rotated(&django, &text(&second, "refresh")).await;
        let response = client(&app, &tokens).send(Method::POST, "/api/token/logoutall/", None, &[]).await;
        assert_eq!((response.status, response.body.as_str()), (204, ""));
        for token in [text(&tokens, "refresh"), by_django, text(&without, "refresh")] {
            assert_blacklisted(&django, &token).await;
        }
        assert_eq!(ended_by(&app, "logout_all").await, 2);
        rotated(&app, &text(&of_bob, "refresh")).await;
        let with_key = app.anonymous().with_header("Authorization", format!("Token {}", text(&key.json(), "token")));
        assert_eq!(with_key.get("/api/hello/token/").await.status, 200);

        let again = app.client(&alice()).await;
        let odd = again.post("/api/token/logoutall/", json!({ "authtoken": "maybe" })).await;
        assert_eq!((odd.status, odd.json()), (400, json!({ "authtoken": ["Must be a valid boolean."] })));
        assert_eq!(again.post("/api/token/logoutall/", json!({ "authtoken": true })).await.status, 204);
        assert_eq!(with_key.get("/api/hello/token/").await.status, 401);
    }

    async fn no_refresh_outlives_a_logout_everywhere(db: TestDatabase) {
        let first = TestApp::build(db, on).await;
        for (families, blacklist) in [(true, true), (true, false), (false, true), (false, false)] {
            let adjust = |settings: &mut Settings| {
                on(settings);
                settings.simple_jwt.token_family.enabled = families;
                settings.simple_jwt.blacklist_after_rotation = blacklist;
            };
            let (app, other) = (first.another(adjust).await, first.another(adjust).await);
            let django = first.another(off).await;
            for _round in 0..4 {
                let tokens = [text(&app.login(&alice()).await, "refresh"), text(&django.login(&alice()).await, "refresh")];
                let has_ended = Cell::new(false);
                // One client for each token, so no token is refused because another client has used it.
                let clients = tokens.iter().zip([&app, &other]);
                let refreshes = clients.map(|(token, app)| refresh_until(app, token, &has_ended));
                let end = async {
                    end_logins(&app, EndOfLogins::LoggedOut { authtoken: false }, adjust).await;
                    has_ended.set(true);
                };
                futures_util::future::join(join_all(refreshes), end).await;
            }
        }
    }

    async fn the_oldest_login_ends_when_there_are_too_many(db: TestDatabase) {
        let three = |settings: &mut Settings| {
            on(settings);
            settings.simple_jwt.token_family.sessions_max = Some(3);
        };
        let app = TestApp::build(db, three).await;
        let mut tokens = Vec::new();
        for _login in 0..3 {
            tokens.push(text(&app.login(&alice()).await, "refresh"));
            app.advance(TimeDelta::seconds(1));
        }
        // A login that has ended does not count.
        app.anonymous().post("/api/token/blacklist/", json!({ "refresh": tokens[1] })).await;
        let fourth = app.client(&alice()).await;
        assert_eq!(ended_by(&app, "sessions_max").await, 0);
        // The oldest is the first login, even if it was used last.
        tokens[0] = rotated(&app, &tokens[0]).await;
        app.login(&alice()).await;
        assert_eq!(ended_by(&app, "sessions_max").await, 1);
        assert_blacklisted(&app, &tokens[0]).await;
        assert_eq!(sessions(&fourth).await.len(), 3);
        // Logins at the same time, on two instances.
        let (other, user) = (app.another(three).await, alice());
        join_all((0..12).map(|number| if number % 2 == 0 { app.login(&user) } else { other.login(&user) })).await;
        assert_eq!(sessions(&app.client(&alice()).await).await.len(), 3);
        assert_eq!(sessions(&app.client(&bob()).await).await.len(), 1);
    }

    async fn a_rotation_that_starts_a_family_counts_as_a_login(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            settings.simple_jwt.token_family.sessions_max = Some(1);
        })
        .await;
        let without = text(&app.another(off).await.login(&alice()).await, "refresh");
        let first = text(&app.login(&alice()).await, "refresh");
        app.advance(TimeDelta::seconds(1));
        let second = rotated(&app, &without).await;
        assert_blacklisted(&app, &first).await;
        rotated(&app, &second).await;
    }

    async fn a_changed_password_ends_logins_if_the_settings_say_so(db: TestDatabase) {
        let app = TestApp::build(db, on).await;
        let tokens = app.login(&alice()).await;
        end_logins(&app, EndOfLogins::PasswordChanged, on).await;
        let token = rotated(&app, &text(&tokens, "refresh")).await;
        let logs_out = |settings: &mut Settings| {
            on(settings);
            settings.simple_jwt.token_family.logout_on_password_change = true;
        };
        end_logins(&app, EndOfLogins::PasswordChanged, logs_out).await;
        assert_blacklisted(&app, &token).await;
        assert_eq!(ended_by(&app, "password_change").await, 1);
    }

    async fn a_deactivated_user_has_no_tokens_left_even_without_families(db: TestDatabase) {
        let app = TestApp::build(db, off).await;
        let (token, of_bob) = (text(&app.login(&alice()).await, "refresh"), text(&app.login(&bob()).await, "refresh"));
        end_logins(&app, EndOfLogins::Deactivated, off).await;
        assert_blacklisted(&app, &token).await;
        rotated(&app, &of_bob).await;
    }

    async fn without_rotation_a_refresh_is_still_seen(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            on(settings);
            settings.simple_jwt.rotate_refresh_tokens = false;
        })
        .await;
        let tokens = app.login(&alice()).await;
        app.advance(TimeDelta::minutes(1));
        let answer = refresh(&app, &text(&tokens, "refresh")).await;
        assert_eq!(answer.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["access"]);
        assert_eq!(sessions(&client(&app, &tokens)).await[0]["last_seen_at"], "2027-01-15T08:01:00Z");
    }
}
