//! The request log.

use serde_json::json;

use crate::support::{TestApp, TestDatabase, log};

#[actix_web::test]
async fn the_line_of_a_500_has_the_id_and_the_cause_and_is_logged_once() {
    log::record();
    let app = TestApp::build_undescribed(TestDatabase::sqlite(), |_| {}).await;
    app.sql("DROP TABLE authtoken_token").await;
    let client = app.anonymous().with_header("X-Request-ID", "a-500-with-its-cause");
    let response = client.with_header("Authorization", "Token 0123456789").get("/api/hello/token/").await;
    assert_eq!((response.status, response.json()), (500, json!({ "detail": "A server error occurred." })));
    let cause = "no such table: authtoken_token";
    let lines = log::lines_with(cause);
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    assert!(line.starts_with("GET /api/hello/token/ 500 "), "{line}");
    let reason = format!(" a-500-with-its-cause {cause}. Create the tables: run `manage migrate`, ");
    assert!(line.contains(&reason), "{line}");
}

#[actix_web::test]
async fn the_line_of_a_refused_login_has_the_reason() {
    log::record();
    let app = TestApp::build_undescribed(TestDatabase::sqlite(), |_| {}).await;
    for (id, url, reason) in [
        ("a-wrong-login", "/api/token/", "No active account found with the given credentials"),
        ("a-wrong-authtoken", "/api/authtoken/", "Unable to log in with provided credentials."),
        ("a-wrong-legacy-login", "/api-token-auth/", "Unable to log in with provided credentials."),
    ] {
        let client = app.anonymous().with_header("X-Request-ID", id);
        let response = client.post(url, json!({ "username": "alice", "password": "hunter2" })).await;
        let lines = log::lines_with(id);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(&format!("POST {url} {} ", response.status)), "{lines:?}");
        assert!(lines[0].ends_with(&format!(" {id} {reason}")), "{lines:?}");
    }
}
