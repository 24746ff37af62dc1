//! The server in process, on SQLite.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::http::header::HeaderValue;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::metrics::{self, Metrics};
use super::{Application, Site, app, application};
use crate::apps::{AppConfig, Metric, Registry};
use crate::conf::SettingsError;
use crate::http::middleware::{Middleware, RequestInfo};
use crate::{Apps, Settings, urls};

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

/// An app that adds something to every part of the server.
struct Shop;

/// Whether the background task of the shop has ended.
#[derive(Clone, Default)]
struct HasEnded(Arc<AtomicBool>);

struct ShopMiddleware;

impl Middleware for ShopMiddleware {
    fn process_response(&self, _info: &RequestInfo, response: &mut HttpResponse) {
        response.headers_mut().insert(header::SERVER, HeaderValue::from_static("shop"));
    }
}

impl AppConfig for Shop {
    fn name(&self) -> &'static str {
        "shop"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[Metric { name: "open_orders", help: "Orders that are not paid", value: |apps| apps.installed().len() }]
    }

    fn background_task(&self, apps: &Apps, stop: LocalBoxFuture<'static, ()>) -> Option<LocalBoxFuture<'static, ()>> {
        let HasEnded(has_ended) = apps.get::<HasEnded>().ok()?.clone();
        Some(stop.map(move |()| has_ended.store(true, Ordering::SeqCst)).boxed_local())
    }

    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        registry.add_middleware(ShopMiddleware);
        registry.insert(HasEnded::default());
        Ok(())
    }
}

#[actix_web::test]
async fn an_app_adds_middleware_metrics_and_background_work_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("db.sqlite3").display());
    let mut settings = Settings::new("a key").database_url(&url).unwrap();
    settings.installed_apps.push(&Shop);
    let apps = settings.builder().build().unwrap();

    let service = init_service(app(&Site::new(apps.clone(), urls::configure))).await;
    let request = TestRequest::get().uri("/healthz").insert_header((header::HOST, "localhost")).to_request();
    assert_eq!(call_service(&service, request).await.headers().get(header::SERVER).unwrap(), "shop");

    let page = metrics::page(Data::new(Metrics::new(apps.database().unwrap().clone(), apps.clone()))).await;
    let text = actix_web::body::to_bytes(page.into_body()).await.unwrap();
    let text = std::str::from_utf8(&text).unwrap();
    for line in [format!("open_orders {}", apps.installed().len()), "password_hashing_queue 0".to_owned()] {
        assert!(text.contains(&format!("\nactix_simplejwt_{line}\n")), "{line}: {text}");
    }

    let (stopped, tasks) = application::start_tasks(&apps);
    let HasEnded(has_ended) = apps.get().unwrap();
    actix_web::rt::task::yield_now().await;
    assert!(!has_ended.load(Ordering::SeqCst));
    drop(stopped);
    for task in tasks {
        task.await.unwrap();
    }
    assert!(has_ended.load(Ordering::SeqCst));
}
