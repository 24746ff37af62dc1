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
