//! `/healthz` and `/readyz`.

use super::assert_unavailable;
use crate::support::{Proxy, TestApp, TestDatabase};

per_database! {
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
