//! The work of operators in the admin site: log in, watch the dashboard, end sessions and tokens, unlock.

mod log_out;

use actix_simplejwt::rest_framework::throttling::ThrottleRates;
use actix_simplejwt::settings::Settings;
use chrono::TimeDelta;
use serde_json::json;

use crate::support::{Browser, Response, TestApp, TestDatabase, TestUser, alice, bob};

/// A member of the staff. Each test decides whether it is a superuser.
fn operator() -> TestUser {
    TestUser { username: "op", password: "operator 1 pw", email: "", is_staff: true, ..alice() }
}

fn limited(settings: &mut Settings) {
    settings.auth.login_failure_limit = Some(3);
    settings.auth.login_cooloff = TimeDelta::minutes(15);
    settings.rest_framework.num_proxies = Some(1);
    settings.simple_jwt.blacklist_after_rotation = true;
}

fn browser(app: &TestApp) -> Browser {
    Browser::new(app.anonymous().with_header("X-Forwarded-For", "192.0.2.9"))
}

/// The hidden field of the first form of a page.
fn token(page: &Response) -> String {
    let (_, rest) = page.body.split_once("name=\"csrfmiddlewaretoken\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn submit(browser: &Browser, page: &str, to: &str, fields: &[(&str, &str)]) -> Response {
    let token = token(&browser.get(page).await);
    let fields = [&[("csrfmiddlewaretoken", token.as_str())], fields].concat();
    browser.post(to, &fields).await
}

async fn log_in(browser: &Browser, user: &TestUser) -> Response {
    let fields = [("username", user.username), ("password", user.password), ("next", "/admin/")];
    submit(browser, "/admin/login/", "/admin/login/", &fields).await
}

/// A site with an operator who is a superuser, logged in.
async fn site(db: TestDatabase) -> (TestApp, Browser) {
    let app = TestApp::build_undescribed(db, limited).await;
    app.add_user(operator()).await;
    app.sql("UPDATE auth_user SET is_superuser = true WHERE username = 'op'").await;
    let browser = browser(&app);
    assert_eq!(log_in(&browser, &operator()).await.status, 302);
    (app, browser)
}

fn id(app: &TestApp, username: &str) -> i64 {
    let found = app.auth().users().get_by_natural_key(&mut app.database().connection().unwrap(), username);
    found.unwrap().unwrap().pk().unwrap().to_string().parse().unwrap()
}

/// The numbers on the dashboard, by their names.
fn figure(page: &Response, name: &str) -> i64 {
    let (_, rest) = page.body.split_once(&format!("<dt>{name}</dt><dd>")).unwrap();
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

per_database! {
    async fn the_lockout_of_the_api_is_that_of_the_login_page(db: TestDatabase) {
        let (app, _) = site(db).await;
        let guesser = browser(&app);
        let wrong = TestUser { password: "wrong", ..operator() };
        for _ in 0..3 {
            let refused = log_in(&guesser, &wrong).await;
            assert_eq!(refused.status, 200);
            assert!(refused.body.contains("Please enter the correct username and password for a staff account."));
        }
        let locked_out = log_in(&guesser, &operator()).await;
        assert_eq!((locked_out.status, locked_out.header("Retry-After")), (429, "900"));
        assert!(
            locked_out.body.contains("Too many attempts to log in. Please try again in 15 minutes."),
            "{}",
            locked_out.body
        );
        let api = app.anonymous().with_header("X-Forwarded-For", "192.0.2.9");
        let body = json!({ "username": "op", "password": operator().password });
        assert_eq!(api.post("/api/token/", body).await.status, 429);
    }

    async fn the_throttle_of_the_api_is_that_of_the_login_page(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, |settings| {
            limited(settings);
            settings.rest_framework.default_throttle_classes = vec!["ScopedRateThrottle".to_owned()];
            settings.rest_framework.default_throttle_rates = ThrottleRates::parse("login=2/min").unwrap();
        })
        .await;
        app.add_user(operator()).await;
        let guesser = browser(&app);
        let wrong = TestUser { password: "wrong", ..operator() };
        for _ in 0..2 {
            assert_eq!(log_in(&guesser, &wrong).await.status, 200);
        }
        let throttled = log_in(&guesser, &operator()).await;
        assert_eq!((throttled.status, throttled.header("Retry-After")), (429, "60"));
        assert_eq!(app.count("django_session").await, 0);
    }

    async fn pages_have_a_strict_policy_and_files_may_be_kept(db: TestDatabase) {
        let (_app, op) = site(db).await;
        let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
        for path in ["/admin/", "/admin/dashboard/", "/admin/auth/user/", "/admin/search/?q=alice", "/admin/nothing/"] {
            let page = op.get(path).await;
            assert_eq!(page.header("Content-Security-Policy"), policy, "{path}");
            assert_eq!(page.header("X-Frame-Options"), "DENY", "{path}");
            assert!(!page.body.contains("<style") && !page.body.contains(" style="), "{path}");
        }
        let page = op.get("/admin/").await;
        let (_, rest) = page.body.split_once("<link rel=\"stylesheet\" href=\"").unwrap();
        let css = rest.split('"').next().unwrap();
        assert!(css.starts_with("/static/admin/admin.") && css.ends_with(".css"), "{css}");
        let file = op.get(css).await;
        assert_eq!((file.status, file.header("Cache-Control")), (200, "public, max-age=31536000, immutable"));
    }

    async fn the_dashboard_counts_what_happened(db: TestDatabase) {
        let (app, op) = site(db).await;
        app.login(&alice()).await;
        let wrong = json!({ "username": "alice", "password": "wrong" });
        assert_eq!(app.anonymous().post("/api/token/", wrong).await.status, 401);
        let page = op.get("/admin/dashboard/").await;
        assert_eq!(page.status, 200);
        // The operator and alice.
        assert_eq!(figure(&page, "Logins"), 2);
        assert_eq!(figure(&page, "Refusals"), 1);
        assert_eq!(figure(&page, "Active sessions"), 1);
        assert_eq!(figure(&page, "Locked out"), 0);
        assert!(page.body.contains("aria-label=\"Logins in the last 24 hours: Logins 2\""), "{}", page.body);

        // Another server shows the same, also after a while.
        let other = app.another(limited).await;
        let elsewhere = browser(&other);
        elsewhere.set_cookie("sessionid", &op.cookie("sessionid").unwrap());
        assert_eq!(figure(&elsewhere.get("/admin/dashboard/?period=month").await, "Logins"), 2);
        app.advance(TimeDelta::days(2));
        assert_eq!(figure(&op.get("/admin/dashboard/").await, "Logins"), 0);
        assert_eq!(figure(&op.get("/admin/dashboard/?period=week").await, "Logins"), 2);
    }

    async fn who_may_not_see_users_has_no_dashboard(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, limited).await;
        app.add_user(operator()).await;
        let op = browser(&app);
        assert_eq!(log_in(&op, &operator()).await.status, 302);
        for path in ["/admin/dashboard/", "/admin/search/?q=alice"] {
            assert_eq!(op.get(path).await.status, 403, "{path}");
        }
        assert!(!op.get("/admin/").await.body.contains("/admin/dashboard/"));
        let page = format!("/admin/auth/user/{}/logins/", id(&app, "alice"));
        assert_eq!(submit(&op, "/admin/", &page, &[("do", "end_all")]).await.status, 403);
    }

    async fn an_ended_session_is_refused_at_once_on_every_server(db: TestDatabase) {
        let (app, op) = site(db).await;
        let other = app.another(limited).await;
        let second = browser(&other);
        assert_eq!(log_in(&second, &operator()).await.status, 302);
        assert_eq!(second.get("/admin/").await.status, 200);
        let path = format!("/admin/auth/user/{}", id(&app, "op"));
        let page = op.get(&format!("{path}/change/")).await;
        let key = second.cookie("sessionid").unwrap();
        assert!(!page.body.contains(&key), "the key is in the page");
        let shown = format!("{}…", &key[..4]);
        let (before, _) = page.body.split_once(&format!("End this session: {shown}")).unwrap();
        let (_, id) = before.rsplit_once("name=\"id\" value=\"").unwrap();
        let id = id.split('"').next().unwrap().to_owned();

        let to = format!("{path}/logins/");
        let fields = [("do", "end"), ("kind", "sessions"), ("id", id.as_str())];
        let ended = submit(&op, "/admin/", &to, &fields).await;
        assert_eq!((ended.status, ended.header("Location")), (302, &*format!("{path}/change/#logins")));
        assert!(op.get("/admin/").await.body.contains(&format!("The session “{shown}” was ended.")));
        let refused = second.get("/admin/").await;
        assert_eq!((refused.status, refused.header("Location")), (302, "/admin/login/?next=/admin/"));
        assert_eq!(op.get("/admin/").await.status, 200);
        // A second time there is nothing to end.
        submit(&op, "/admin/", &to, &fields).await;
        assert!(op.get("/admin/").await.body.contains("It had already ended."));
        assert_eq!(app.count("django_admin_log WHERE change_message LIKE '%\"deleted\"%'").await, 1);
    }

    async fn an_ended_token_is_refused_and_found_by_its_id(db: TestDatabase) {
        let (app, op) = site(db).await;
        let tokens = app.login(&alice()).await;
        let refresh = tokens["refresh"].as_str().unwrap();
        let claims = refresh.split('.').nth(1).unwrap();
        let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        let jti = claims["jti"].as_str().unwrap();
        let found = op.get(&format!("/admin/search/?q={jti}")).await;
        assert!(found.body.contains("valid, expires") && found.body.contains(">alice</a>"), "{}", found.body);
        assert!(!found.body.contains(refresh));

        let to = format!("/admin/auth/user/{}/logins/", id(&app, "alice"));
        let fields = [("do", "end"), ("kind", "tokens"), ("id", jti)];
        // Not one of bob's.
        let other = format!("/admin/auth/user/{}/logins/", id(&app, bob().username));
        submit(&op, "/admin/", &other, &fields).await;
        assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 0);
        assert_eq!(submit(&op, "/admin/", &to, &fields).await.status, 302);
        let refused = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
        assert_eq!(refused.status, 401);
        assert!(op.get(&format!("/admin/search/?q={jti}")).await.body.contains("blacklisted, expires"));
    }

    async fn a_wrong_old_password_counts_as_a_failed_login(db: TestDatabase) {
        let (app, op) = site(db).await;
        let to = "/admin/password_change/";
        let form = |old| [("old_password", old), ("new_password1", "New pass 7231"), ("new_password2", "New pass 7231")];
        for _ in 0..3 {
            let refused = submit(&op, to, to, &form("wrong")).await;
            assert_eq!(refused.status, 200);
            assert!(refused.body.contains("Your old password was entered incorrectly. Please enter it again."));
        }
        let locked_out = submit(&op, to, to, &form(operator().password)).await;
        assert_eq!((locked_out.status, locked_out.header("Retry-After")), (429, "900"));
        let note = "Too many attempts to log in. Please try again in 15 minutes.";
        assert!(locked_out.body.contains(note), "{}", locked_out.body);
        app.advance(TimeDelta::seconds(901));
        assert_eq!(submit(&op, to, to, &form(operator().password)).await.status, 302);
    }

    async fn a_user_and_an_address_are_unlocked(db: TestDatabase) {
        let (app, op) = site(db).await;
        let guesser = app.anonymous().with_header("X-Forwarded-For", "192.0.2.77");
        let wrong = json!({ "username": "alice", "password": "wrong" });
        let right = json!({ "username": "alice", "password": alice().password });
        for unlock in ["user", "address"] {
            for _ in 0..3 {
                assert_eq!(guesser.post("/api/token/", wrong.clone()).await.status, 401);
            }
            assert_eq!(guesser.post("/api/token/", right.clone()).await.status, 429);
            assert_eq!(figure(&op.get("/admin/dashboard/").await, "Locked out"), 1);
            let page = op.get("/admin/search/?q=192.0.2.77").await;
            assert!(page.body.contains("<span class=\"badge bad\">Locked out</span>"), "{}", page.body);
            if unlock == "user" {
                let to = format!("/admin/auth/user/{}/logins/", id(&app, "alice"));
                assert_eq!(submit(&op, "/admin/", &to, &[("do", "unlock")]).await.status, 302);
            } else {
                let fields = [("address", "192.0.2.77")];
                assert_eq!(submit(&op, "/admin/", "/admin/search/", &fields).await.status, 302);
            }
            assert_eq!(figure(&op.get("/admin/dashboard/").await, "Locked out"), 0);
            assert_eq!(guesser.post("/api/token/", right.clone()).await.status, 200);
        }
    }

    async fn the_colours_are_remembered_and_lead_back_to_this_site_only(db: TestDatabase) {
        let (_app, op) = site(db).await;
        for (next, location) in [("/admin/auth/", "/admin/auth/"), ("https://evil.example/", "/admin/")] {
            let chosen = submit(&op, "/admin/", "/admin/theme/", &[("theme", "dark"), ("next", next)]).await;
            assert_eq!((chosen.status, chosen.header("Location")), (302, location));
        }
        assert!(op.get("/admin/").await.body.contains("<html lang=\"en-us\" data-theme=\"dark\">"));
        submit(&op, "/admin/", "/admin/theme/", &[("theme", "\"><script>")]).await;
        assert_eq!(op.cookie("admin_theme").unwrap(), "system");
        assert!(op.get("/admin/").await.body.contains("<html lang=\"en-us\">"));
        assert_eq!(op.get("/admin/theme/").await.status, 404);
        assert_eq!(op.post("/admin/theme/", &[("theme", "dark")]).await.status, 403);
    }
}
