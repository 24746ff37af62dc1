//! The server in process, on SQLite.

use actix_web::http::header;
use actix_web::test::{TestRequest, call_service, init_service, read_body};

use super::{Application, Site, app};
use crate::{Settings, urls};

/// A site on a separate database without tables, on any free port.
fn site(directory: &tempfile::TempDir) -> Site {
    let url = format!("sqlite://{}", directory.path().join("db.sqlite3").display());
    let mut settings = Settings::new("a key").database_url(&url).unwrap();
    settings.server.bind.set_port(0);
    Site::new(settings.builder().build().unwrap(), urls::configure)
}

pub(super) fn migrated(directory: &tempfile::TempDir) -> Site {
    let site = site(directory);
    site.apps.migrations().run(site.apps.database().unwrap()).unwrap();
    site
}

#[test]
fn a_server_without_its_tables_does_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let error = Application::build(site(&directory)).unwrap_err();
    assert!(error.to_string().ends_with("Run `manage migrate` to apply them"), "{error}");
}

#[actix_web::test]
async fn a_server_that_chooses_its_port_prints_it() {
    let directory = tempfile::tempdir().unwrap();
    assert_ne!(Application::build(migrated(&directory)).unwrap().port(), 0);
}

#[actix_web::test]
async fn the_routes_are_served_in_process() {
    let directory = tempfile::tempdir().unwrap();
    let service = init_service(app(&migrated(&directory))).await;
    let request = |req: TestRequest| req.insert_header((header::HOST, "localhost")).to_request();

    let response = call_service(&service, request(TestRequest::get().uri("/api/protected/"))).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers().get(header::WWW_AUTHENTICATE).unwrap(), "Bearer realm=\"api\"");
    assert_eq!(read_body(response).await, r#"{"detail":"Authentication credentials were not provided."}"#);

    for path in ["token", "token/refresh", "token/verify", "token/blacklist", "token/sliding", "token/sliding/refresh"]
    {
        let empty = TestRequest::post().uri(&format!("/api/{path}/")).set_json(serde_json::json!({}));
        assert_eq!(call_service(&service, request(empty)).await.status(), 400, "{path}");
    }
    let response = call_service(&service, request(TestRequest::post().uri("/access-token"))).await;
    assert_eq!(response.headers().get(header::LOCATION).unwrap(), "/access-token/");
}
