//! The pages of the API, and logging in and out by them.

use actix_simplejwt::contrib::auth::settings::Backend;
use actix_simplejwt::rest_framework::parsers::Parser;
use actix_simplejwt::rest_framework::renderers::Renderer;
use actix_web::http::Method;
use serde_json::json;

use crate::support::{Browser, Response, TestApp, TestDatabase, alice, ivan};

const PAGE: (&str, &str) = ("Accept", "text/html");

async fn page(app: &TestApp, path: &str) -> Response {
    app.anonymous().with_header(PAGE.0, PAGE.1).get(path).await
}

/// The server, with sessions for its API.
async fn site(db: TestDatabase) -> TestApp {
    TestApp::build(db, |settings| {
        settings.rest_framework.default_authentication_classes = vec!["SessionAuthentication".to_owned()];
    })
    .await
}

/// The value of the input `name` in a page.
fn value_of<'a>(body: &'a str, name: &str) -> &'a str {
    let input = body.split(&format!("name=\"{name}\"")).nth(1).unwrap();
    input.split("value=\"").nth(1).unwrap().split('"').next().unwrap()
}

#[track_caller]
fn assert_has(response: &Response, parts: &[&str]) {
    for part in parts {
        assert!(response.body.contains(part), "{part}\nis not in\n{}", response.body);
    }
}

per_database! {
    async fn a_page_has_its_place_and_the_forms_of_the_view(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let response = page(&app, "/api/token/refresh/").await;
        assert_eq!(response.status, 405);
        assert_has(&response, &[
            "<title>Token Refresh – Django REST framework</title>",
            "<a href=\"/api/token/\">Token Obtain Pair</a>",
            "<a href=\"/api/token/refresh/\" aria-current=\"page\">Token Refresh</a>",
            "<b>HTTP 405 Method Not Allowed</b>\n<b>Allow:</b> <span class=\"lit\">POST, OPTIONS</span>",
            "<input id=\"id_refresh\" name=\"refresh\" type=\"text\" value=\"\"",
            "href=\"/api-auth/login/?next=/api/token/refresh/\"",
        ]);
        // A caller who may not use the view sees neither its methods nor its description.
        let response = page(&app, "/api/protected/").await;
        assert_eq!((response.status, response.body.contains("<p>")), (401, false));
        assert!(!response.body.contains("OPTIONS</button>"), "{}", response.body);
    }

    async fn nothing_in_a_page_is_inline_or_from_elsewhere(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        for path in ["/api/token/", "/api-auth/login/"] {
            let response = page(&app, path).await;
            let policy = response.header("Content-Security-Policy");
            assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
            for word in [" style=", " onclick=", " onload=", "<style", "//"] {
                assert!(!response.body.contains(word), "{path}: {word}: {}", response.body);
            }
            for part in response.body.split(['"']).filter(|part| part.starts_with("/static/")) {
                assert_eq!(app.anonymous().get(part).await.status, 200, "{part}");
            }
        }
    }

    async fn what_a_client_sends_is_escaped(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let text = "\"><script>alert(1)</script>";
        let client = app.anonymous().with_header(PAGE.0, PAGE.1);
        let response = client.post("/api/token/", json!({ "username": text, "password": "" })).await;
        assert_eq!(response.status, 400);
        assert!(!response.body.contains("<script>alert"), "{}", response.body);
        assert_has(&response, &["value=\"&#34;&#62;&#60;script&#62;", "<span class=\"help-block\">This field may not be blank.</span>"]);
        let response = page(&app, "/api/token/?x='%22%3E%3Cscript%3E").await;
        assert_has(&response, &["action=\"/api/token/?x=&#39;%22%3E%3Cscript%3E\""]);
    }

    async fn a_user_logs_in_and_out_by_the_pages(db: TestDatabase) {
        let app = site(db).await;
        let browser = Browser::new(app.anonymous().with_header(PAGE.0, PAGE.1));
        let form = browser.get("/api-auth/login/?next=/api/protected/").await;
        assert_eq!((form.status, value_of(&form.body, "next")), (200, "/api/protected/"));
        let token = value_of(&form.body, "csrfmiddlewaretoken").to_owned();
        let fields = |password: &'static str| {
            let next = ("next", "/api/protected/");
            [("csrfmiddlewaretoken", token.clone()), ("username", alice().username.to_owned()), ("password", password.to_owned()),
             (next.0, next.1.to_owned())]
        };
        let post = async |path: &str, fields: &[(&str, String)]| {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.post(path, &fields).await
        };
        let refused = post("/api-auth/login/", &fields("wrong")).await;
        assert_eq!(refused.status, 200);
        assert_has(&refused, &["Please enter a correct username and password. Note that both fields may be case-sensitive."]);
        assert_eq!(post("/api-auth/login/", &fields("wrong")[1..]).await.status, 403, "no CSRF token");
        for (password, problem) in [("", "This field is required."), ("a\0b", "Null characters are not allowed.")] {
            let refused = post("/api-auth/login/", &fields(password)).await;
            assert_eq!(refused.status, 200);
            assert_has(&refused, &[&format!("<div class=\"alert\" role=\"alert\">Password: {problem}</div>")]);
        }
        let done = post("/api-auth/login/", &fields(alice().password)).await;
        assert_eq!((done.status, done.header("Location")), (302, "/api/protected/"));
        let mine = browser.get("/api/protected/").await;
        assert_eq!(mine.status, 200);
        assert_has(&mine, &["<a class=\"dropdown-toggle\" href=\"#\" tabindex=\"-1\">alice</a>", "OPTIONS</button>"]);
        assert_eq!(browser.get("/api-auth/logout/").await.status, 405);
        let token = value_of(&mine.body, "csrfmiddlewaretoken").to_owned();
        let out = post("/api-auth/logout/?next=/api/protected/", &[("csrfmiddlewaretoken", token)]).await;
        assert_eq!((out.status, out.header("Location")), (302, "/api/protected/"));
        assert_eq!(browser.get("/api/protected/").await.status, 403);
    }

    async fn an_inactive_user_cannot_log_in_by_a_page(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.auth.authentication_backends = vec![Backend::AllowAllUsersModel];
        })
        .await;
        let browser = Browser::new(app.anonymous());
        for path in ["/api-auth/login/", "/admin/login/"] {
            let token = value_of(&browser.get(path).await.body, "csrfmiddlewaretoken").to_owned();
            let fields = [("csrfmiddlewaretoken", &*token), ("username", "ivan"), ("password", ivan().password)];
            let response = browser.post(path, &fields).await;
            assert_eq!(response.status, 200);
            assert_has(&response, &["This account is inactive."]);
        }
        assert_eq!(app.count("django_session").await, 0);
    }

    async fn breadcrumbs_keep_the_format(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        assert_has(&page(&app, "/api/token/refresh/?a=1&format=api").await, &["href=\"/api/token/?format=api\""]);
        assert_has(&page(&app, "/api/token/refresh/?a=1").await, &["href=\"/api/token/\""]);
    }

    async fn failed_log_ins_by_the_page_are_limited(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.auth.login_failure_limit = Some(2)).await;
        let browser = Browser::new(app.anonymous());
        let token = value_of(&browser.get("/api-auth/login/").await.body, "csrfmiddlewaretoken").to_owned();
        for status in [200, 200, 429] {
            let fields = [("csrfmiddlewaretoken", token.as_str()), ("username", "alice"), ("password", "wrong")];
            let response = browser.post("/api-auth/login/", &fields).await;
            assert_eq!((response.status, response.header("Retry-After").is_empty()), (status, status != 429));
            if status == 429 {
                assert_has(&response, &["Too many attempts to log in. Please try again in 15 minutes."]);
            }
        }
    }

    async fn forms_have_the_limits_of_the_settings(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.rest_framework.limits.body = 30).await;
        let browser = Browser::new(app.anonymous());
        for (username, status) in [("short", 403), ("longer than thirty characters", 413)] {
            let response = browser.post("/api-auth/login/", &[("username", username)]).await;
            assert_eq!((response.status, response.body.is_empty()), (status, status == 413));
        }
    }

    async fn a_page_without_other_renderers_shows_no_body(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.rest_framework.default_renderer_classes = vec![Renderer::BrowsableApi];
        })
        .await;
        let response = app.anonymous().get("/api/protected/").await;
        assert_eq!((response.status, response.header("Content-Type")), (401, "text/html; charset=utf-8"));
        assert_has(&response, &[
            "<b>Content-Type:</b> <span class=\"lit\"></span>\n",
            "[No renderers were found]</pre>",
        ]);
    }

    async fn a_page_about_a_refused_format_shows_who_is_logged_in(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.rest_framework.default_authentication_classes = vec!["SessionAuthentication".to_owned()];
            settings.rest_framework.default_renderer_classes = vec![Renderer::BrowsableApi, Renderer::Json];
        })
        .await;
        let browser = Browser::new(app.anonymous().with_header("Accept", "*/*"));
        let form = browser.get("/api-auth/login/").await;
        let token = value_of(&form.body, "csrfmiddlewaretoken").to_owned();
        let fields = [("csrfmiddlewaretoken", &*token), ("username", alice().username), ("password", alice().password)];
        assert_eq!(browser.post("/api-auth/login/", &fields).await.status, 302);
        let response = browser.get("/api/protected/?format=xml").await;
        assert_eq!(response.status, 404);
        assert_has(&response, &["<a class=\"dropdown-toggle\" href=\"#\" tabindex=\"-1\">alice</a>"]);
    }

    async fn a_form_shows_refused_json_as_python_writes_it(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let client = app.anonymous().with_header(PAGE.0, PAGE.1);
        for (username, shown) in [
            (json!(false), ""),
            (json!(0), ""),
            (json!(true), "True"),
            (json!(1e16), "1e+16"),
            (json!(["a", null]), "[&#39;a&#39;, None]"),
        ] {
            let response = client.post("/api/token/", json!({ "username": username })).await;
            assert_eq!(response.status, 400);
            assert_eq!(value_of(&response.body, "username"), shown, "{username}");
        }
    }

    async fn the_raw_data_are_empty_unless_json_comes_first(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.rest_framework.default_parser_classes = vec![Parser::Form, Parser::Json];
        })
        .await;
        let response = page(&app, "/api/token/verify/").await;
        assert_has(&response, &["rows=\"8\" spellcheck=\"false\">\n</textarea>"]);
    }

    async fn links_to_formats_have_a_sorted_query(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let response = page(&app, "/api/protected/?z=1&b=2&b=1").await;
        assert_has(&response, &["href=\"/api/protected/?b=2&#38;b=1&#38;format=json&#38;z=1\""]);
    }

    async fn a_response_without_content_is_a_page_for_browsers(db: TestDatabase) {
        // The description has the 204, and no pages.
        let app = TestApp::build_undescribed(db, |settings| settings.simple_jwt.token_family.enabled = true).await;
        let client = app.client(&alice()).await;
        for (accept, status) in [("application/json", 204), ("text/html", 200)] {
            let client = client.clone().with_header("Accept", accept);
            let response = client.send(Method::POST, "/api/token/logoutall/", None, b"").await;
            assert_eq!(response.status, status, "{}", response.body);
            assert_eq!(response.body.contains("<b>HTTP 204 No Content</b>"), status == 200);
        }
    }

    async fn json_has_neither_a_cookie_nor_a_policy_of_pages(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let response = app.anonymous().send(Method::GET, "/api/protected/", None, b"").await;
        assert_eq!((response.status, response.header("Set-Cookie"), response.header("Content-Security-Policy")), (401, "", ""));
    }
}
