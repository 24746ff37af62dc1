//! Forms of this site and of other sites.

use actix_simplejwt::http::csrf::CsrfSettings;
use actix_simplejwt::http::security::SecuritySettings;
use actix_web::http::Method;

use super::{browser, site};
use crate::support::{Browser, Response, TestDatabase};

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

async fn submit(browser: &Browser, token: &str, headers: &[(&str, &str)]) -> u16 {
    browser.post_with("/form/", &[("csrfmiddlewaretoken", token)], headers).await.status
}

fn refused(response: &Response) {
    assert_eq!(response.status, 403);
    assert_eq!(response.header("Content-Type"), "text/html; charset=utf-8");
    assert!(response.body.contains("<title>403 Forbidden</title>"), "{}", response.body);
    assert!(response.body.contains("<p>CSRF verification failed. Request aborted.</p>"), "{}", response.body);
}

per_database! {
    async fn a_form_needs_the_token_of_its_page(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        let response = alice.post("/form/", &[]).await;
        refused(&response);
        assert!(response.body.contains("this site requires a CSRF cookie"), "{}", response.body);

        let page = alice.get("/form/").await;
        let secret = alice.cookie("csrftoken").unwrap();
        assert_eq!((page.body.len(), page.all("Vary")), (64, vec!["Cookie".to_owned()]));
        let another = alice.get("/form/").await;
        assert_ne!(another.body, page.body);
        assert_eq!(alice.cookie("csrftoken").unwrap(), secret);
        for token in [&page.body, &another.body, &secret] {
            assert_eq!(submit(&alice, token, &[]).await, 200, "{token}");
            // In the header, with an empty field or without one.
            assert_eq!(submit(&alice, "", &[("X-CSRFToken", token)]).await, 200, "{token}");
            assert_eq!(alice.post_with("/form/", &[], &[("X-CSRFToken", token)]).await.status, 200, "{token}");
            // A wrong field counts, and the header is ignored.
            assert_eq!(submit(&alice, &"x".repeat(64), &[("X-CSRFToken", token)]).await, 403, "{token}");
        }
        for token in ["", "x", &"x".repeat(32), &"x".repeat(64), &(page.body.clone() + "x"), " x"] {
            refused(&alice.post("/form/", &[("csrfmiddlewaretoken", token)]).await);
        }
        // Only POST has a form.
        let body = format!("csrfmiddlewaretoken={secret}");
        assert_eq!(alice.send(Method::PUT, "/form/", FORM, &body, &[]).await.status, 404);
    }

    async fn a_login_makes_earlier_forms_useless(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        let token = alice.get("/form/").await.body;
        alice.post("/login/alice/", &[]).await;
        assert_eq!(submit(&alice, &token, &[]).await, 403);
        let token = alice.get("/form/").await.body;
        alice.post("/logout/", &[]).await;
        assert_eq!(submit(&alice, &token, &[]).await, 200);
    }

    async fn an_odd_cookie_is_replaced(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        for odd in ["tooshort", &"-".repeat(32), ""] {
            alice.set_cookie("csrftoken", odd);
            assert_eq!(submit(&alice, odd, &[]).await, 403);
            let secret = alice.cookie("csrftoken").unwrap();
            assert_ne!(secret, odd);
            assert_eq!(submit(&alice, &secret, &[]).await, 200);
        }
        // Django before 4.1 had the token in the cookie.
        let token = "b".repeat(32) + &"c".repeat(32);
        alice.set_cookie("csrftoken", &token);
        assert_eq!(submit(&alice, &token, &[]).await, 200);
        alice.get("/form/").await;
        assert_eq!(alice.cookie("csrftoken").unwrap(), "b".repeat(32));
    }

    async fn the_origin_must_be_this_site_or_a_trusted_one(db: TestDatabase) {
        let app = site(db, |settings| {
            settings.csrf = CsrfSettings::default();
            settings.csrf.trusted_origins =
                ["https://good.org", "https://*.wild.org", "http://plain.org"].map(str::to_owned).to_vec();
        })
        .await;
        let alice = browser(&app);
        let token = alice.get("/form/").await.body;
        for (origin, status) in [
            ("http://testserver", 200),
            ("https://good.org", 200),
            ("https://wild.org", 200),
            ("https://a.b.wild.org", 200),
            ("http://plain.org", 200),
            ("https://b.wild.org/path?query", 200),
            ("https://b.\twild.org", 200),
            ("http://plain.org/", 403),
            ("http://good.org", 403),
            ("https://testserver", 403),
            ("http://testserver:80", 403),
            ("HTTP://TESTSERVER", 403),
            ("https://evilwild.org", 403),
            ("http://a.wild.org", 403),
            ("https://evil.org", 403),
            ("null", 403),
            ("", 403),
        ] {
            assert_eq!(submit(&alice, &token, &[("Origin", origin)]).await, status, "{origin}");
        }
        // Over HTTP a Referer does not matter.
        assert_eq!(submit(&alice, &token, &[("Referer", "http://evil.org/")]).await, 200);
    }

    async fn over_https_a_referer_stands_in_for_the_origin(db: TestDatabase) {
        let app = site(db, |settings| {
            settings.security = SecuritySettings::default();
            settings.security.proxy_ssl_header = Some(("x-forwarded-proto".to_owned(), "https".to_owned()));
            settings.csrf.trusted_origins =
                ["https://*.wild.org", "http://plain.org", "https://port.org:8443"].map(str::to_owned).to_vec();
        })
        .await;
        let alice = Browser::new(app.anonymous().with_header("X-Forwarded-Proto", "https"));
        let token = alice.get("/form/").await.body;
        for (referer, status) in [
            ("https://testserver/x/", 200),
            ("https://testserver", 200),
            ("https://a.wild.org/", 200),
            ("https://plain.org/", 200),
            ("https://port.org:8443/", 200),
            ("https://port.org/", 403),
            ("http://testserver/x/", 403),
            ("https://testserver:8443/", 403),
            ("https://evil.org/", 403),
            ("https://[::1", 403),
            ("testserver", 403),
            ("", 403),
        ] {
            assert_eq!(submit(&alice, &token, &[("Referer", referer)]).await, status, "{referer}");
        }
        let response = alice.post("/form/", &[("csrfmiddlewaretoken", &token)]).await;
        refused(&response);
        assert!(response.body.contains("a “Referer header” to be sent"), "{}", response.body);
        assert_eq!(submit(&alice, &token, &[("Origin", "https://testserver"), ("Referer", "x")]).await, 200);
        assert_eq!(submit(&alice, &token, &[("Origin", "http://testserver")]).await, 403);
    }

    async fn the_cookie_and_the_header_have_the_names_of_the_settings(db: TestDatabase) {
        let app = site(db, |settings| {
            settings.csrf.cookie_name = "xsrf".to_owned();
            settings.csrf.cookie_age = None;
            settings.csrf.cookie_httponly = true;
            settings.csrf.header_name = "x-xsrf-token".to_owned();
        })
        .await;
        let alice = browser(&app);
        let page = alice.get("/form/").await;
        let secret = alice.cookie("xsrf").unwrap();
        assert_eq!(page.all("Set-Cookie"), [format!("xsrf={secret}; HttpOnly; Path=/; SameSite=Lax")]);
        assert_eq!(alice.post_with("/form/", &[], &[("X-CSRFToken", &secret)]).await.status, 403);
        assert_eq!(alice.post_with("/form/", &[], &[("X-XSRF-Token", &secret)]).await.status, 200);
    }
}
