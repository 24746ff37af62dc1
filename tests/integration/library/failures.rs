//! The cause of a failure is logged, once, also without the server's request log.

use actix_simplejwt::rest_framework::exceptions::ApiError;
use actix_simplejwt::rest_framework::test::ApiClient;
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::{Apps, Authenticated, JwtStatelessUserAuthentication};
use actix_web::{App, HttpRequest, HttpResponse, web};

use super::{host, settings};
use crate::support::{TestDatabase, log};

async fn fail(_: HttpRequest) -> Result<HttpResponse, ApiError> {
    Err(ApiError::internal("the disk of the host application is full"))
}

#[actix_web::test]
async fn a_host_application_logs_the_cause_of_a_500() {
    log::record();
    let db = TestDatabase::sqlite();
    let (_, client) = host(Apps::builder(settings(&db)), |cfg, _| {
        cfg.service(path("/fail/", ApiView::new("Fail").public().get(fail)));
    })
    .await;
    let response = client.get("/fail/").await;
    assert_eq!((response.status, response.text()), (500, r#"{"detail":"A server error occurred."}"#));
    assert_eq!(
        log::lines_with("the disk of the host application is full"),
        ["the disk of the host application is full"]
    );
}

async fn whoami(auth: Authenticated<JwtStatelessUserAuthentication>) -> String {
    auth.user.id().to_string()
}

#[actix_web::test]
async fn an_application_without_configure_logs_the_missing_call() {
    log::record();
    let client = ApiClient::new(App::new().route("/whoami", web::get().to(whoami))).await;
    assert_eq!(client.get("/whoami").await.status, 500);
    let lines = log::lines_with("add `.configure(|cfg| apps.configure(cfg))` to it");
    assert!(!lines.is_empty());
}
