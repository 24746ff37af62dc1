//! `/healthz` and `/readyz`.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_simplejwt::contrib::auth::models::{DjangoUsers, NewUser, UserModel, UserModelError};
use actix_simplejwt::contrib::auth::{AbstractUser, SharedUser};
use actix_simplejwt::db::DbConnection;
use actix_simplejwt::rest_framework::test::ApiClient;
use actix_simplejwt::{Settings, urls};
use actix_web::App;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use futures_util::future::join;
use serde_json::Value;

use super::assert_unavailable;
use crate::support::{Proxy, TestApp, TestDatabase};

/// `auth.User`, whose next check waits for the sender, if there is one.
struct SlowlyChecked(Arc<Mutex<Option<Receiver<()>>>>);

impl UserModel for SlowlyChecked {
    fn check(&self, conn: &mut DbConnection) -> Result<(), UserModelError> {
        let released = self.0.lock().unwrap().take();
        released.map_or(Ok(()), |released| released.recv_timeout(Duration::from_secs(60))).unwrap();
        DjangoUsers.check(conn)
    }

    fn get_by_natural_key(&self, conn: &mut DbConnection, username: &str) -> QueryResult<Option<SharedUser>> {
        DjangoUsers.get_by_natural_key(conn, username)
    }

    fn get_by_attribute(&self, conn: &mut DbConnection, name: &str, value: &Value) -> QueryResult<Option<SharedUser>> {
        DjangoUsers.get_by_attribute(conn, name, value)
    }

    fn has_attribute(&self, name: &str) -> bool {
        DjangoUsers.has_attribute(name)
    }

    fn create(&self, conn: &mut DbConnection, new: &NewUser<'_>, now: DateTime<Utc>) -> QueryResult<SharedUser> {
        UserModel::create(&DjangoUsers, conn, new, now)
    }

    fn set_password(&self, conn: &mut DbConnection, user: &dyn AbstractUser, encoded: &str) -> QueryResult<bool> {
        DjangoUsers.set_password(conn, user, encoded)
    }
}

per_database! {
    async fn a_probe_that_waits_for_the_database_does_not_hold_up_other_requests(db: TestDatabase) {
        let next = Arc::default();
        let mut settings = Settings::new("a-test-secret-key-of-more-than-fifty-characters-0123456789");
        settings.database = db.settings.clone();
        let apps = settings.builder().users(SlowlyChecked(Arc::clone(&next))).build().unwrap();
        let (release, released) = channel();
        *next.lock().unwrap() = Some(released);
        let client = ApiClient::new(App::new().configure(|cfg| {
            apps.configure(cfg);
            urls::configure(cfg, &apps);
        }))
        .await;
        let other = async {
            let status = client.get("/healthz").await.status;
            release.send(()).unwrap();
            status
        };
        // The first one is polled first. If it blocked this thread, nobody would send.
        let (ready, healthy) = join(client.get("/readyz"), other).await;
        assert_eq!((ready.status, healthy), (200, 200));
        assert_eq!(ready.text(), r#"{"status":"ok"}"#);
    }

    async fn a_server_with_its_tables_is_healthy_and_ready_under_every_host(db: TestDatabase) {
        let app =
            TestApp::build_undescribed(db, |settings| settings.http.allowed_hosts = vec!["api.example.org".to_owned()]).await;
        let probe = app.anonymous();
        for path in ["/healthz", "/readyz"] {
            let response = probe.get(path).await;
            assert_eq!((response.status, response.body.as_str()), (200, r#"{"status":"ok"}"#), "{path}");
            assert_eq!(probe.post(path, serde_json::json!({})).await.status, 405);
        }
        // Everything else is served under the name of the site only.
        assert_eq!(probe.get("/api/protected/").await.status, 400);
    }

    async fn a_server_without_a_migration_is_healthy_but_not_ready(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.sql("DELETE FROM django_migrations WHERE app = 'authtoken'").await;
        assert_unavailable(&app.anonymous().get("/readyz").await);
        assert_eq!(app.anonymous().get("/healthz").await.status, 200);
    }
}

#[actix_web::test]
async fn a_server_without_its_database_is_healthy_but_not_ready() {
    let Some(db) = TestDatabase::postgres() else { return };
    let proxy = Proxy::to(db.address());
    let through_proxy = db.impatient_at(proxy.address());
    let app = TestApp::build(db, |settings| settings.database = through_proxy).await;
    proxy.cut();
    assert_unavailable(&app.anonymous().get("/readyz").await);
    assert_eq!(app.anonymous().get("/healthz").await.status, 200);
    proxy.restore();
    app.connected().await;
    assert_eq!(app.anonymous().get("/readyz").await.status, 200);
}
