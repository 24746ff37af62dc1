//! `SessionAuthentication`.

use actix_simplejwt::Settings;
use actix_web::http::Method;
use serde_json::json;

use super::{browser, site};
use crate::support::{Browser, TestDatabase, alice};

const JSON: Option<&str> = Some("application/json");

fn classes(names: &'static str) -> impl Fn(&mut Settings) {
    move |settings: &mut Settings| {
        settings.rest_framework.default_authentication_classes = names.split(',').map(str::to_owned).collect();
    }
}

async fn post(browser: &Browser, uri: &str, headers: &[(&str, &str)]) -> (u16, serde_json::Value) {
    let response = browser.send(Method::POST, uri, JSON, "{}", headers).await;
    assert_eq!(response.header("WWW-Authenticate"), "");
    (response.status, response.json())
}

per_database! {
    async fn a_session_opens_a_view(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let someone = browser(&app);
        let response = someone.get("/api/").await;
        assert_eq!((response.status, response.header("WWW-Authenticate")), (403, ""));
        assert_eq!(response.json(), json!({ "detail": "Authentication credentials were not provided." }));
        assert_eq!(response.all("Vary"), ["Accept", "Cookie"]);
        someone.post("/login/alice/", &[]).await;
        assert_eq!(someone.get("/api/").await.body, "alice");
        assert_eq!(someone.send(Method::HEAD, "/api/", None, "", &[]).await.status, 200);
        assert_eq!(someone.send(Method::OPTIONS, "/api/", None, "", &[]).await.status, 200);
    }

    async fn an_unsafe_method_needs_the_csrf_token(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let someone = browser(&app);
        // Without a user there is nothing to protect.
        let (status, body) = post(&someone, "/api/", &[]).await;
        assert_eq!((status, body["detail"].as_str()), (403, Some("Authentication credentials were not provided.")));
        someone.post("/login/alice/", &[]).await;
        let secret = someone.cookie("csrftoken").unwrap();
        let token = someone.get("/form/").await.body;
        for (headers, detail) in [
            (vec![], "CSRF token missing."),
            (vec![("X-CSRFToken", "x")], "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length."),
            (
                vec![("X-CSRFToken", "--------------------------------")],
                "CSRF token from the 'X-Csrftoken' HTTP header has invalid characters.",
            ),
            (
                vec![("X-CSRFToken", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")],
                "CSRF token from the 'X-Csrftoken' HTTP header incorrect.",
            ),
            (
                vec![("X-CSRFToken", &secret), ("Origin", "http://evil.org")],
                "Origin checking failed - http://evil.org does not match any trusted origins.",
            ),
        ] {
            let expected = json!({ "detail": format!("CSRF Failed: {detail}") });
            assert_eq!(post(&someone, "/api/", &headers).await, (403, expected), "{headers:?}");
            // This comes before the check of the method.
            let response = someone.send(Method::DELETE, "/api/", None, "", &headers).await;
            assert_eq!(response.status, 403);
        }
        for token in [&token, &secret] {
            let response = someone.send(Method::POST, "/api/", JSON, "{}", &[("X-CSRFToken", token)]).await;
            assert_eq!(response.body, "alice");
            let response = someone.send(Method::DELETE, "/api/", None, "", &[("X-CSRFToken", token)]).await;
            assert_eq!(response.status, 405);
        }
        // As in DRF, a body that cannot be read is an error before the tokens are compared, and before the check of the method.
        let json_error = json!({ "detail": "JSON parse error - EOF while parsing an object at line 1 column 1" });
        let unsupported = json!({ "detail": "Unsupported media type \"text/plain\" in request." });
        for headers in [vec![], vec![("X-CSRFToken", &*token)]] {
            let response = someone.send(Method::POST, "/api/", JSON, "{", &headers).await;
            assert_eq!((response.status, response.json()), (400, json_error.clone()), "{headers:?}");
            let response = someone.send(Method::POST, "/api/", Some("text/plain"), "x", &headers).await;
            assert_eq!((response.status, response.json()), (415, unsupported.clone()), "{headers:?}");
        }
        let response = someone.send(Method::POST, "/api/", JSON, "{", &[("Origin", "http://evil.org")]).await;
        assert_eq!(response.status, 403);
        someone.set_cookie("csrftoken", "");
        let (_, body) = post(&someone, "/api/", &[("X-CSRFToken", &secret)]).await;
        assert_eq!(body["detail"], "CSRF Failed: CSRF cookie has incorrect length.");
    }

    async fn the_token_may_be_in_a_form(db: TestDatabase) {
        let app = site(db, classes("SessionAuthentication")).await;
        let someone = browser(&app);
        someone.post("/login/alice/", &[]).await;
        let token = someone.get("/form/").await.body;
        let fields = |token| [("username", "alice"), ("password", alice().password), ("csrfmiddlewaretoken", token)];
        let response = someone.post("/api/authtoken/", &fields(&token)).await;
        assert_eq!(response.status, 200, "{}", response.body);
        assert_eq!(someone.post("/twice/", &[("csrfmiddlewaretoken", &token)]).await.body, "alice");
        let response = someone.post("/api/authtoken/", &fields(&"x".repeat(64))).await;
        assert_eq!(response.json(), json!({ "detail": "CSRF Failed: CSRF token from POST incorrect." }));
        let multipart = format!(
            "--B\r\nContent-Disposition: form-data; name=\"csrfmiddlewaretoken\"\r\n\r\n{token}\r\n--B\r\n\
             Content-Disposition: form-data; name=\"username\"\r\n\r\nalice\r\n--B--\r\n"
        );
        let content_type = Some("multipart/form-data; boundary=B");
        let response = someone.send(Method::POST, "/api/authtoken/", content_type, &multipart, &[]).await;
        assert_eq!(response.json(), json!({ "password": ["This field is required."] }));
        // The limit of the view applies here as well.
        let long = [("username", "a".repeat(40_000))];
        let long = [("username", &*long[0].1)];
        assert_eq!(someone.post("/api/authtoken/", &long).await.status, 413);
        // A view without authentication needs no token.
        let response = someone.post("/api/token/", &[("username", "alice"), ("password", alice().password)]).await;
        assert_eq!(response.status, 200, "{}", response.body);
    }

    async fn the_first_class_decides_between_401_and_403(db: TestDatabase) {
        let app = site(db, classes("JWTAuthentication,SessionAuthentication")).await;
        let other = app.another(classes("SessionAuthentication,JWTAuthentication")).await;
        let access = app.login(&alice()).await["access"].as_str().unwrap().to_owned();
        for (app, status, challenge) in [(&app, 401, "Bearer realm=\"api\""), (&other, 403, "")] {
            let someone = browser(app);
            let response = someone.get("/api/protected/").await;
            assert_eq!((response.status, response.header("WWW-Authenticate")), (status, challenge));
            let bad = [("Authorization", "Bearer nonsense")];
            let response = someone.send(Method::GET, "/api/protected/", None, "", &bad).await;
            assert_eq!((response.status, response.header("WWW-Authenticate")), (status, challenge));
            let bearer = format!("Bearer {access}");
            let good = [("Authorization", &*bearer)];
            assert_eq!(someone.send(Method::GET, "/api/protected/", None, "", &good).await.json()["user"], "alice");

            someone.post("/login/bob/", &[]).await;
            assert_eq!(someone.get("/api/protected/").await.json()["user"], "bob");
            // The first class that finds something wins.
            let user = if status == 401 { "alice" } else { "bob" };
            assert_eq!(someone.send(Method::GET, "/api/protected/", None, "", &good).await.json()["user"], user);
            let response = someone.send(Method::GET, "/api/protected/", None, "", &bad).await;
            assert_eq!(response.status, if status == 401 { 401 } else { 200 });
        }
    }

    async fn without_its_app_the_class_does_not_exist(db: TestDatabase) {
        use actix_simplejwt::Apps;
        use actix_simplejwt::conf::Environment;

        let env = Environment::default()
            .with("SECRET_KEY", super::super::KEY)
            .with("DATABASE_URL", &*db.url)
            .with("INSTALLED_APPS", "django.contrib.auth,django.contrib.contenttypes,rest_framework")
            .with("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES", "SessionAuthentication");
        let error = Apps::builder(Settings::from_env(&env).unwrap()).build().unwrap_err().to_string();
        assert_eq!(
            error,
            "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES: \"SessionAuthentication\" is not one of BasicAuthentication"
        );
    }
}
