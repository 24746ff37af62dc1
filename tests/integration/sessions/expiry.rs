//! How long sessions last, and the settings of their cookies.

use actix_simplejwt::http::cookies::SameSite;
use chrono::TimeDelta;

use super::{KEY, browser, rows, site};
use crate::support::TestDatabase;
use crate::support::process::manage;

per_database! {
    async fn a_session_lasts_as_long_as_its_row_says(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        alice.post("/login/alice/", &[]).await;
        app.advance(TimeDelta::seconds(1_209_599));
        assert_eq!(alice.get("/me/").await.body, "alice");
        app.advance(TimeDelta::seconds(1));
        assert_eq!(alice.get("/me/").await.body, "nobody");
        assert_eq!(alice.cookie("sessionid"), None);
        // Reading writes nothing: `clearsessions` deletes the row.
        assert_eq!(app.count("django_session").await, 1);
    }

    async fn clearsessions_deletes_the_rows_that_have_expired(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let expired = (0..2_500).map(|number| format!("('expired-{number}', 'x', '2001-01-01 00:00:00')"));
        let others = ["a", "b"].map(|name| format!("('later-{name}', 'x', '2999-01-01 00:00:00')"));
        let rows = expired.chain(others).collect::<Vec<_>>().join(", ");
        app.sql(&format!("INSERT INTO django_session (session_key, session_data, expire_date) VALUES {rows}")).await;
        let env = [("DATABASE_URL", app.tables().url.as_str()), ("SECRET_KEY", KEY)];
        for _ in 0..2 {
            let got = manage(&["clearsessions"], &env);
            assert_eq!((got.code, got.stdout.as_str()), (0, ""), "{got:?}");
            assert_eq!(app.count("django_session").await, 2);
        }
    }

    async fn what_changes_a_session_makes_it_last_longer(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        alice.post("/login/alice/", &[]).await;
        let key = alice.cookie("sessionid");
        app.advance(TimeDelta::days(10));
        alice.get("/set/theme/dark/").await;
        assert_eq!(alice.cookie("sessionid"), key);
        app.advance(TimeDelta::days(10));
        assert_eq!(alice.get("/me/").await.body, "alice");
    }

    async fn every_request_renews_a_session_if_the_settings_say_so(db: TestDatabase) {
        let app = site(db, |settings| settings.sessions.save_every_request = true).await;
        let alice = browser(&app);
        // The client has no session, so nothing is stored.
        assert_eq!(alice.get("/me/").await.all("Set-Cookie").len(), 0);
        alice.post("/login/alice/", &[]).await;
        for _ in 0..3 {
            app.advance(TimeDelta::days(13));
            let response = alice.get("/quiet/").await;
            assert_eq!(response.all("Set-Cookie").len(), 1);
            assert_eq!(response.all("Vary"), ["Cookie"]);
        }
        assert_eq!(alice.get("/me/").await.body, "alice");
        assert_eq!(alice.get("/nowhere/").await.status, 404);
        app.advance(TimeDelta::days(14));
        assert_eq!(alice.get("/quiet/").await.all("Set-Cookie").len(), 1);
        assert_eq!(alice.cookie("sessionid"), None);
    }

    async fn cookies_have_the_attributes_of_the_settings(db: TestDatabase) {
        let app = site(db, |settings| {
            settings.sessions.cookie_name = "sid".to_owned();
            settings.sessions.cookie_path = "/admin/".to_owned();
            settings.sessions.cookie_domain = Some("example.org".to_owned());
            settings.sessions.cookie_secure = true;
            settings.sessions.cookie_httponly = false;
            settings.sessions.cookie_samesite = Some(SameSite::None);
            settings.sessions.expire_at_browser_close = true;
        })
        .await;
        let alice = browser(&app);
        let cookies = alice.post("/login/alice/", &[]).await.all("Set-Cookie");
        let key = alice.cookie("sid").unwrap();
        let line = format!("sid={key}; Domain=example.org; Path=/admin/; SameSite=None; Secure");
        assert!(cookies.contains(&line), "{cookies:?}");
        assert_eq!(rows(&app, KEY).await.len(), 1);
        assert_eq!(
            alice.post("/logout/", &[]).await.all("Set-Cookie"),
            ["sid=\"\"; Domain=example.org; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/admin/; SameSite=None; Secure"]
        );
    }
}
