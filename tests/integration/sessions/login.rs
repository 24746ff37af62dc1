//! Logging in and out, and the end of a session.

use actix_simplejwt::contrib::auth::models::NewUser;
use serde_json::json;

use super::{KEY, browser, rows, site};
use crate::support::TestDatabase;

fn is_key(key: &str) -> bool {
    key.len() == 32 && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

per_database! {
    async fn a_login_makes_djangos_row_and_cookies(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        assert_eq!(alice.get("/me/").await.body, "nobody");
        assert_eq!(alice.cookie("sessionid"), None);
        assert_eq!(app.count("django_session").await, 0);

        let response = alice.post("/login/alice/", &[]).await;
        assert_eq!((response.status, &*response.body), (200, "alice"));
        let key = alice.cookie("sessionid").unwrap();
        assert!(is_key(&key), "{key}");
        let cookies = response.all("Set-Cookie");
        let line = format!(
            "sessionid={key}; expires=Fri, 29 Jan 2027 08:00:00 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"
        );
        assert!(cookies.contains(&line), "{cookies:?}");
        let secret = alice.cookie("csrftoken").unwrap();
        assert!(secret.len() == 32 && secret.bytes().all(|b| b.is_ascii_alphanumeric()), "{secret}");
        let line = format!("csrftoken={secret}; expires=Fri, 14 Jan 2028 08:00:00 GMT; Max-Age=31449600; Path=/; SameSite=Lax");
        assert!(cookies.contains(&line), "{cookies:?}");
        assert_eq!(response.all("Vary"), ["Cookie"]);
        assert_eq!(app.count("auth_user WHERE last_login IS NOT NULL").await, 1);

        let [(stored, data)] = &*rows(&app, KEY).await else { panic!("one row") };
        assert_eq!(*stored, key);
        let hash = data["_auth_user_hash"].as_str().unwrap();
        assert!(hash.len() == 64, "{data}");
        let id = app.auth().users().get_by_natural_key(&mut app.database().connection().unwrap(), "alice");
        let id = id.unwrap().unwrap().pk().unwrap().to_string();
        assert_eq!(
            *data,
            json!({
                "_auth_user_id": id,
                "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
                "_auth_user_hash": hash,
            })
        );

        // Reading writes nothing, and sets no cookie.
        let response = alice.get("/me/").await;
        assert_eq!(response.body, "alice");
        assert_eq!((response.all("Set-Cookie").len(), response.all("Vary")), (0, vec!["Cookie".to_owned()]));
    }

    async fn a_log_out_ends_the_session_at_once_on_every_instance(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let other = app.another(|_| {}).await;
        let alice = browser(&app);
        alice.post("/login/alice/", &[]).await;
        let key = alice.cookie("sessionid").unwrap();
        let elsewhere = browser(&other);
        elsewhere.set_cookie("sessionid", &key);
        assert_eq!(elsewhere.get("/me/").await.body, "alice");

        let response = alice.post("/logout/", &[]).await;
        assert_eq!(response.body, "out");
        assert_eq!(
            response.all("Set-Cookie"),
            ["sessionid=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax"]
        );
        assert_eq!(app.count("django_session").await, 0);
        assert_eq!(elsewhere.get("/me/").await.body, "nobody");
        assert_eq!(elsewhere.cookie("sessionid"), None);
    }

    async fn a_login_never_keeps_a_key(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        // A key that an attacker has chosen.
        alice.set_cookie("sessionid", "ffffffffffffffffffffffffffffffff");
        alice.get("/set/theme/dark/").await;
        let anonymous = alice.cookie("sessionid").unwrap();
        assert!(is_key(&anonymous) && !anonymous.starts_with("ff"), "{anonymous}");
        let before = alice.cookie("csrftoken");

        alice.post("/login/alice/", &[]).await;
        let first = alice.cookie("sessionid").unwrap();
        assert_ne!(first, anonymous);
        assert_ne!(alice.cookie("csrftoken"), before);
        let [(key, data)] = &*rows(&app, KEY).await else { panic!("one row") };
        assert_eq!((key, &data["theme"]), (&first, &json!("dark")));

        // The same user again: the data stay.
        alice.post("/login/alice/", &[]).await;
        let second = alice.cookie("sessionid").unwrap();
        assert_ne!(second, first);
        let [(key, data)] = &*rows(&app, KEY).await else { panic!("one row") };
        assert_eq!((key, &data["theme"]), (&second, &json!("dark")));

        // Another user: nothing stays.
        alice.post("/login/bob/", &[]).await;
        let [(key, data)] = &*rows(&app, KEY).await else { panic!("one row") };
        assert_ne!(*key, second);
        assert_eq!(data.get("theme"), None);
        assert_eq!(alice.get("/me/").await.body, "bob");
    }

    async fn a_new_password_ends_the_other_sessions(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let (alice, elsewhere) = (browser(&app), browser(&app));
        alice.post("/login/alice/", &[]).await;
        elsewhere.post("/login/alice/", &[]).await;
        let key = alice.cookie("sessionid").unwrap();

        assert_eq!(alice.post("/password/alice/", &[]).await.body, "alice");
        assert_ne!(alice.cookie("sessionid"), Some(key));
        assert_eq!(alice.get("/me/").await.body, "alice");
        assert_eq!(elsewhere.get("/me/").await.body, "nobody");
        assert_eq!(elsewhere.cookie("sessionid"), None);
        assert_eq!(app.count("django_session").await, 1);

        // The password of another user changes: the user's own session gets a new key and stays.
        let key = alice.cookie("sessionid").unwrap();
        alice.post("/password/bob/", &[]).await;
        assert_ne!(alice.cookie("sessionid"), Some(key));
        assert_eq!(alice.get("/me/").await.body, "alice");
        assert_eq!(app.count("django_session").await, 1);
    }

    async fn a_session_of_a_user_who_may_not_log_in_is_nobodys(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let (alice, bob) = (browser(&app), browser(&app));
        alice.post("/login/alice/", &[]).await;
        bob.post("/login/bob/", &[]).await;
        app.sql("UPDATE auth_user SET is_active = false WHERE username = 'alice'").await;
        app.sql("DELETE FROM auth_user WHERE username = 'bob'").await;
        for browser in [&alice, &bob] {
            assert_eq!(browser.get("/me/").await.body, "nobody");
            assert!(browser.cookie("sessionid").is_some());
        }
        // As in Django, the rows stay: the user may be activated again.
        assert_eq!(app.count("django_session").await, 2);
        app.sql("UPDATE auth_user SET is_active = true WHERE username = 'alice'").await;
        assert_eq!(alice.get("/me/").await.body, "alice");
    }

    async fn a_session_of_an_earlier_key_goes_on_under_the_new_one(db: TestDatabase) {
        let app = site(db, |settings| settings.secret_key = "an earlier key".into()).await;
        let alice = browser(&app);
        alice.post("/login/alice/", &[]).await;
        let key = alice.cookie("sessionid").unwrap();

        let strict = app.another(|_| {}).await;
        let stranger = browser(&strict);
        stranger.set_cookie("sessionid", &key);
        assert_eq!(stranger.get("/me/").await.body, "nobody");

        let keys = |settings: &mut actix_simplejwt::Settings| {
            settings.secret_key_fallbacks = vec!["another".into(), "an earlier key".into()];
        };
        let renewed = app.another(keys).await;
        let again = browser(&renewed);
        again.set_cookie("sessionid", &key);
        assert_eq!(again.get("/me/").await.body, "alice");
        assert_ne!(again.cookie("sessionid").unwrap(), key);
        let [(stored, data)] = &*rows(&app, KEY).await else { panic!("one row") };
        assert_eq!(Some(stored.clone()), again.cookie("sessionid"));
        assert_eq!(data["_auth_user_backend"], "django.contrib.auth.backends.ModelBackend");
        // It does not need the earlier key any more.
        stranger.set_cookie("sessionid", stored);
        assert_eq!(stranger.get("/me/").await.body, "alice");
    }

    async fn odd_cookies_are_nobody_and_no_error(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        for value in [
            "",
            "short",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "'; DROP TABLE django_session--",
            "\"aaaaaaaa\\000aaaaaaaa\"",
            "\"aaaaaaaa\\012aaaaaaaa\"",
            &"x".repeat(3_000),
            "ÄÖÜäöüÄÖÜäöü",
        ] {
            let someone = browser(&app);
            someone.set_cookie("sessionid", value);
            let response = someone.get("/me/").await;
            assert_eq!((response.status, &*response.body), (200, "nobody"), "{value}");
            assert_eq!(someone.cookie("sessionid"), None, "{value}");
        }
        // A cookie that cannot be a key is deleted by every response. Another cookie is deleted when the session is used.
        let someone = browser(&app);
        someone.set_cookie("sessionid", "short");
        someone.get("/quiet/").await;
        assert_eq!(someone.cookie("sessionid"), None);
        someone.set_cookie("sessionid", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert_eq!(someone.get("/quiet/").await.all("Vary").len(), 0);
        assert!(someone.cookie("sessionid").is_some());
    }

    async fn data_that_somebody_has_changed_are_an_empty_session(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        alice.post("/login/alice/", &[]).await;
        for data in ["garbage", "", "YTpiOmM=", "e30:1:x"] {
            app.sql(&format!("UPDATE django_session SET session_data = '{data}'")).await;
            assert_eq!(alice.get("/me/").await.body, "nobody", "{data}");
        }
        alice.get("/set/theme/dark/").await;
        let [(key, data)] = &*rows(&app, KEY).await else { panic!("one row") };
        assert_eq!((Some(key.clone()), data), (alice.cookie("sessionid"), &json!({ "theme": "dark" })));
    }

    async fn a_session_that_ended_meanwhile_is_not_saved_again(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        alice.post("/login/alice/", &[]).await;
        // The row is deleted between reading and saving the session.
        let statement = if app.tables().url.starts_with("sqlite") {
            "CREATE TRIGGER ended BEFORE UPDATE ON django_session BEGIN SELECT RAISE(IGNORE); END"
        } else {
            "CREATE RULE ended AS ON UPDATE TO django_session DO INSTEAD NOTHING"
        };
        app.sql(statement).await;
        let response = alice.get("/set/theme/dark/").await;
        assert_eq!(response.status, 400);
        assert!(response.body.contains("<h1>Bad Request (400)</h1>"), "{}", response.body);
    }

    async fn a_failed_response_saves_nothing_and_a_flush_stands(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        alice.post("/login/alice/", &[]).await;
        assert_eq!(alice.get("/flush/200/").await.status, 200);
        let [(_, data)] = &*rows(&app, KEY).await else { panic!("one row") };
        assert_eq!(*data, json!({ "kept": true }));
        assert_eq!(alice.get("/flush/500/").await.status, 500);
        assert_eq!(app.count("django_session").await, 0);
    }

    async fn a_failing_database_is_no_log_out(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        alice.post("/login/alice/", &[]).await;
        app.sql("ALTER TABLE django_session RENAME TO elsewhere").await;
        let response = alice.get("/me/").await;
        assert_eq!(response.status, 500);
        assert!(response.body.contains("<h1>Server Error (500)</h1>") && !response.body.contains("django_session"));
        let response = alice.post("/logout/", &[]).await;
        assert_eq!(response.status, 500);
        assert!(alice.cookie("sessionid").is_some());
        app.sql("ALTER TABLE elsewhere RENAME TO django_session").await;
        assert_eq!(alice.get("/me/").await.body, "alice");
    }

    async fn users_of_another_model_log_in_to_sessions(db: TestDatabase) {
        let app = site(db, |settings| {
            settings.auth.authentication_backends =
                vec![actix_simplejwt::contrib::auth::settings::Backend::AllowAllUsersModel];
        })
        .await;
        let new = NewUser { username: "carol", ..NewUser::default() };
        app.auth().create(app.database(), &new, "secret").await.unwrap();
        app.sql("UPDATE auth_user SET is_active = false WHERE username = 'carol'").await;
        let carol = browser(&app);
        carol.post("/login/carol/", &[]).await;
        assert_eq!(carol.get("/me/").await.body, "carol");
        let [(_, data)] = &*rows(&app, KEY).await else { panic!("one row") };
        assert_eq!(data["_auth_user_backend"], "django.contrib.auth.backends.AllowAllUsersModelBackend");
        // SessionAuthentication still requires active users.
        assert_eq!(carol.get("/api/").await.status, 403);
        // A session of a backend that is not in the settings is not accepted.
        let usual = app.another(|_| {}).await;
        let again = browser(&usual);
        again.set_cookie("sessionid", &carol.cookie("sessionid").unwrap());
        assert_eq!(again.get("/me/").await.body, "nobody");
    }
}
