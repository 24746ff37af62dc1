//! `METRICS_ADDRESS`.

use serde_json::json;

use super::text;
use crate::support::process::{Process, get, post};
use crate::support::{TestApp, TestDatabase, alice};

per_database! {
    async fn a_scrape_has_requests_tokens_refusals_and_queues(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let env = [("METRICS_ADDRESS", "127.0.0.1:0"), ("PASSWORD_HASHERS", "MD5PasswordHasher"), ("ACTIX_WORKERS", "2")];
        let server = Process::start(app.tables(), &env);
        let login = json!({ "username": alice().username, "password": alice().password });
        let (_, tokens) = post(server.address, "/api/token/", &login).unwrap();
        let refresh = json!({ "refresh": text(&tokens, "refresh") });
        assert_eq!(post(server.address, "/api/token/refresh/", &refresh).unwrap().0, 200);
        for _reuse in 0..2 {
            assert_eq!(post(server.address, "/api/token/refresh/", &refresh).unwrap().0, 401);
        }
        assert_eq!(get(server.address, "/nowhere").unwrap().0, 404);
        // Not on the address of the site.
        assert_eq!(get(server.address, "/metrics").unwrap().0, 404);

        let (status, page) = get(server.metrics.unwrap(), "/metrics").unwrap();
        assert_eq!(status, 200);
        for line in [
            r#"actix_simplejwt_http_requests_total{route="/api/token/",method="POST",status="200"} 1"#,
            r#"actix_simplejwt_http_requests_total{route="/api/token/refresh/",method="POST",status="401"} 2"#,
            r#"actix_simplejwt_http_requests_total{route="",method="GET",status="404"} 2"#,
            r#"actix_simplejwt_http_request_duration_seconds_count{route="/api/token/refresh/"} 3"#,
            r#"actix_simplejwt_tokens_total{event="issued"} 1"#,
            r#"actix_simplejwt_tokens_total{event="refreshed"} 1"#,
            r#"actix_simplejwt_tokens_refused_total{reason="blacklisted"} 2"#,
            "actix_simplejwt_token_reuse_attempts_total 2",
            "actix_simplejwt_password_hashing_queue 0",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\nis not in\n{page}");
        }
        // The survey of passwords and the counts of events use the database at the same time as the requests.
        let queue = page.lines().find_map(|line| line.strip_prefix("actix_simplejwt_database_queue "));
        assert!(queue.is_some_and(|queue| queue.parse::<u32>().is_ok_and(|queue| queue <= 2)), "{page}");
    }
}
