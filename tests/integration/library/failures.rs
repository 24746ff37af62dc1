//! The cause of a failure is logged once, even without the server's request log.

use actix_simplejwt::rest_framework::exceptions::ApiError;
use actix_simplejwt::rest_framework::test::ApiClient;
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::{
    Apps, Authenticated, IsAdminUser, JwtStatelessUserAuthentication, MaybeAuthenticated, Permitted, simplejwt,
};
use actix_web::{App, HttpRequest, HttpResponse, web};
use serde_json::json;

use super::{host, settings};
use crate::support::{TestDatabase, log};

/// The error of a host application.
#[derive(Debug)]
struct PrinterError;

impl std::fmt::Display for PrinterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the printer of the host application is on fire")
    }
}

impl actix_web::ResponseError for PrinterError {}

async fn print() -> Result<HttpResponse, PrinterError> {
    Err(PrinterError)
}

async fn fail(_: HttpRequest) -> Result<HttpResponse, ApiError> {
    Err(ApiError::internal("the disk of the host application is full"))
}

#[actix_web::test]
async fn a_host_application_logs_the_cause_of_a_500() {
    log::record();
    let db = TestDatabase::sqlite();
    let (_, mut client) = host(Apps::builder(settings(&db)), |cfg, _| {
        cfg.service(path("/fail/", ApiView::new("Fail").public().get(fail)));
        cfg.service(path("/print/", ApiView::new("Print").public().get(print)));
    })
    .await;
    let response = client.get("/fail/").await;
    assert_eq!((response.status, response.text()), (500, r#"{"detail":"A server error occurred."}"#));
    assert_eq!(
        log::lines_with("the disk of the host application is full"),
        ["GET /fail/: the disk of the host application is full"]
    );

    client.credentials("X-Request-ID", "3f2a-77");
    assert_eq!(client.get("/print/").await.status, 500);
    assert_eq!(
        log::lines_with("the printer of the host application is on fire"),
        ["GET /print/ 3f2a-77: the printer of the host application is on fire"]
    );
}

async fn whoami(auth: Authenticated<JwtStatelessUserAuthentication>) -> String {
    auth.user.id().to_string()
}

async fn by_default_classes(_: Authenticated) -> &'static str {
    ""
}

async fn anyone(_: MaybeAuthenticated) -> &'static str {
    ""
}

async fn staff(_: Permitted<IsAdminUser>) -> &'static str {
    ""
}

async fn with_apps(_: Apps) -> &'static str {
    ""
}

/// actix has no step at which the application could be examined before its first request.
#[actix_web::test]
async fn an_application_without_configure_logs_the_missing_call() {
    log::record();
    let app = App::new()
        .route("/whoami", web::get().to(whoami))
        .route("/by-default-classes", web::get().to(by_default_classes))
        .route("/anyone", web::get().to(anyone))
        .route("/staff", web::get().to(staff))
        .route("/with-apps", web::get().to(with_apps))
        .service(path("/view-without-apps", ApiView::new("View").get(whoami)));
    let client = ApiClient::new(app).await;
    for path in ["/whoami", "/by-default-classes", "/anyone", "/staff", "/with-apps", "/view-without-apps"] {
        assert_eq!(client.get(path).await.status, 500, "{path}");
        let missing = "the actix App has no Apps; add `.configure(|cfg| apps.configure(cfg))` to it";
        assert_eq!(log::lines_with(&format!("GET {path}:")), [format!("GET {path}: {missing}")]);
    }
}

per_database! {
    async fn a_host_application_without_tables_logs_how_to_make_them(db: TestDatabase) {
        log::record();
        let db = db.empty();
        let (_, mut client) = host(Apps::builder(settings(&db)), |cfg, apps| {
            cfg.service(web::scope("/unmigrated").configure(|cfg| simplejwt::urls::configure(cfg, apps)));
        })
        .await;
        let id = if db.url.starts_with("postgres") { "of-postgres" } else { "of-sqlite" };
        client.credentials("X-Request-ID", id);
        let login = client.post("/unmigrated/token/", json!({ "username": "alice", "password": "x" })).await;
        assert_eq!((login.status, login.text()), (500, r#"{"detail":"A server error occurred."}"#));
        let lines = log::lines_with(&format!("POST /unmigrated/token/ {id}: "));
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("auth_user"), "{lines:?}");
        assert!(
            lines[0].ends_with(
                ". Create the tables: run `manage migrate`, or `apps.migrations().run(apps.database()?)` at the start"
            ),
            "{lines:?}"
        );
    }
}
