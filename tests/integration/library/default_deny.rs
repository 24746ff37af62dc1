//! A view without permission classes requires a login.

use actix_simplejwt::conf::Environment;
use actix_simplejwt::rest_framework::test::ApiClient;
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::{Apps, urls};
use actix_web::App;
use actix_web::web::ServiceConfig;
use serde_json::json;

use super::{env, host, settings, settings_from};
use crate::support::TestDatabase;

async fn secret() -> &'static str {
    "This view names no permission."
}

fn forgotten(cfg: &mut ServiceConfig, _apps: &Apps) {
    cfg.service(path("/forgotten/", ApiView::new("Forgotten").get(secret).post(secret)));
    cfg.service(path("/public/", ApiView::new("Public").public().get(secret)));
}

async fn is_closed(client: &ApiClient) {
    for response in [client.get("/forgotten/").await, client.post("/forgotten/", json!({})).await] {
        assert_eq!(response.status, 401);
        assert_eq!(response.header("WWW-Authenticate"), "Bearer realm=\"api\"");
        assert_eq!(response.json(), json!({ "detail": "Authentication credentials were not provided." }));
    }
    // OPTIONS and other methods are refused as well.
    assert_eq!(client.options("/forgotten/").await.status, 401);
    assert_eq!(client.send(actix_web::http::Method::DELETE, "/forgotten/", json!({})).await.status, 401);
    assert_eq!(client.get("/public/").await.status, 200);
}

per_database! {
    async fn a_view_without_permissions_in_a_host_application_answers_401(db: TestDatabase) {
        let (_apps, client) = host(Apps::builder(settings(&db)), forgotten).await;
        is_closed(&client).await;
    }

    async fn a_view_without_permissions_in_the_urls_of_the_project_answers_401(db: TestDatabase) {
        let apps = settings(&db).builder().build().unwrap();
        let app = App::new().configure(|cfg| {
            urls::configure(cfg, &apps);
            forgotten(cfg, &apps);
        });
        is_closed(&ApiClient::new(app).await).await;
    }

    async fn views_are_open_by_default_only_with_a_setting(db: TestDatabase) {
        let open_to_all: Environment = env().with("REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES", "AllowAny");
        let (_apps, client) = host(Apps::builder(settings_from(&db, &open_to_all)), forgotten).await;
        assert_eq!(client.get("/forgotten/").await.status, 200);
    }
}
