//! If the database is not available, the response is a 503 with `Retry-After`. It is never a 401, because clients would
//! delete their tokens, and every request gets a response.

use std::sync::mpsc::channel;
use std::time::Duration;

use actix_simplejwt::db::{DatabaseError, DatabaseSettings};
use futures_util::future::join;
use serde_json::json;

use super::{assert_each_kind_unavailable, assert_unavailable, text};
use crate::support::{Proxy, TestApp, TestDatabase, alice};

#[actix_web::test]
async fn a_postgresql_that_is_down_is_503_until_it_is_back() {
    let Some(db) = TestDatabase::postgres() else { return };
    let proxy = Proxy::to(db.address());
    let through_proxy = db.impatient_at(proxy.address());
    let app = TestApp::build(db, |settings| {
        settings.database = through_proxy;
        settings.simple_jwt.blacklist_after_rotation = true;
    })
    .await;
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let refresh = text(&app.login(&alice()).await, "refresh");

    proxy.cut();
    assert_each_kind_unavailable(&anonymous, &user, &refresh).await;
    // An invalid token is refused without the database.
    let forged = anonymous.clone().with_header("Authorization", "Bearer x.y.z");
    assert_eq!(forged.get("/api/protected/").await.status, 401);

    proxy.restore();
    app.connected().await;
    assert_eq!(user.get("/api/protected/").await.status, 200);
    let refreshed = anonymous.post("/api/token/refresh/", json!({ "refresh": refresh })).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
}

#[actix_web::test]
async fn a_postgresql_that_stops_answering_is_503_within_the_time_limit() {
    let Some(db) = TestDatabase::postgres() else { return };
    let proxy = Proxy::to(db.address());
    let through_proxy = db.at(proxy.address());
    let app = TestApp::build(db, |settings| {
        settings.database = through_proxy;
        settings.database.pool_size = 2;
        settings.simple_jwt.blacklist_after_rotation = true;
    })
    .await;
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let refresh = text(&app.login(&alice()).await, "refresh");
    proxy.freeze();
    // The first requests have a connection that does not answer, the others get no connection.
    assert_each_kind_unavailable(&anonymous, &user, &refresh).await;
    proxy.thaw();
    assert_eq!(user.get("/api/protected/").await.status, 200);
}

#[actix_web::test]
async fn connections_that_postgresql_closed_are_replaced_without_an_error() {
    let Some(db) = TestDatabase::postgres() else { return };
    let name = format!("ended-{}", std::process::id());
    let named = DatabaseSettings::new(&format!("{}&application_name={name}", db.url)).unwrap();
    let app = TestApp::build(db, |settings| settings.database = named).await;
    let user = app.client(&alice()).await;
    let refresh = text(&app.login(&alice()).await, "refresh");
    // An administrator or a restart does the same. Returns when the processes have ended, and fails if there was none.
    let ended = format!(
        "SELECT 1 / count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity WHERE application_name = '{name}'"
    );
    app.tables().connect().batch_execute(&ended).unwrap();
    assert_eq!(user.get("/api/protected/").await.status, 200);
    let refreshed = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
}

#[actix_web::test]
async fn an_exhausted_pool_is_503_until_a_connection_is_free() {
    let Some(db) = TestDatabase::postgres() else { return };
    let impatient = db.impatient_at(db.address());
    let app = TestApp::build(db, |settings| {
        settings.database = impatient;
        settings.database.pool_size = 1;
        settings.simple_jwt.blacklist_after_rotation = true;
    })
    .await;
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let refresh = text(&app.login(&alice()).await, "refresh");
    let (release, released) = channel::<()>();
    let holding = app.database().read(move |_| {
        let _ = released.recv();
        Ok::<_, DatabaseError>(())
    });
    let asking = async {
        assert_each_kind_unavailable(&anonymous, &user, &refresh).await;
        // A forged token is refused before it takes a connection. Otherwise attackers could use all connections.
        let mut signed = refresh.rsplit_once('.').unwrap().0.to_owned();
        signed.push_str(".AAAA");
        for (uri, field) in [
            ("/api/token/refresh/", "refresh"),
            ("/api/token/blacklist/", "refresh"),
            ("/api/token/verify/", "token"),
            ("/api/token/sliding/refresh/", "token"),
            ("/api-token-refresh/", "token"),
            ("/api-token-verify/", "token"),
        ] {
            let status = anonymous.post(uri, json!({ field: signed })).await.status;
            assert_eq!(status, if uri.starts_with("/api-") { 400 } else { 401 }, "{uri}");
        }
        release.send(()).unwrap();
    };
    let (held, ()) = join(holding, asking).await;
    held.unwrap();
    assert_eq!(user.get("/api/protected/").await.status, 200);
}

#[actix_web::test]
async fn a_statement_that_waits_too_long_for_a_lock_is_503() {
    let Some(db) = TestDatabase::postgres() else { return };
    let app = TestApp::build(db, |_| {}).await;
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let refresh = text(&app.login(&alice()).await, "refresh");
    let mut other = app.tables().connect();
    other.batch_execute("BEGIN; LOCK TABLE auth_user, token_blacklist_outstandingtoken").unwrap();
    let refreshing = anonymous.post("/api/token/refresh/", json!({ "refresh": refresh }));
    let (asked, refreshed) = join(user.get("/api/protected/"), refreshing).await;
    [asked, refreshed].iter().for_each(assert_unavailable);
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(user.get("/api/protected/").await.status, 200);
    assert_eq!(anonymous.post("/api/token/refresh/", json!({ "refresh": refresh })).await.status, 200);
}

#[actix_web::test]
async fn a_sqlite_file_that_another_process_keeps_locked_is_503_for_writes() {
    let app = TestApp::build(TestDatabase::sqlite(), |settings| {
        // Nothing else locks the file for writing.
        settings.database.sqlite_busy_timeout = Duration::from_millis(100);
        settings.simple_jwt.blacklist_after_rotation = true;
    })
    .await;
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let refresh = text(&app.login(&alice()).await, "refresh");
    let mut other = app.tables().connect();
    other.batch_execute("BEGIN EXCLUSIVE").unwrap();
    assert_unavailable(&anonymous.post("/api/token/refresh/", json!({ "refresh": refresh })).await);
    assert_unavailable(&anonymous.post("/api/token/blacklist/", json!({ "refresh": refresh })).await);
    let login = json!({ "username": alice().username, "password": alice().password });
    assert_unavailable(&anonymous.post("/api/token/", login.clone()).await);
    assert_unavailable(&anonymous.post("/api/authtoken/", login).await);
    // In WAL mode readers do not wait for the writer.
    assert_eq!(user.get("/api/protected/").await.status, 200);
    assert_eq!(anonymous.post("/api/token/verify/", json!({ "token": refresh })).await.status, 200);

    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(anonymous.post("/api/token/refresh/", json!({ "refresh": refresh })).await.status, 200);
}

#[actix_web::test]
async fn a_full_disk_is_503_for_writes_and_loses_no_data() {
    let app =
        TestApp::build(TestDatabase::sqlite(), |settings| settings.simple_jwt.blacklist_after_rotation = true).await;
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let mut refresh = text(&app.login(&alice()).await, "refresh");
    // No additional pages are allowed: SQLite then reports the same error as for a full disk.
    app.sql("PRAGMA max_page_count = 1").await;
    let mut refused = None;
    for _rotation in 0..200 {
        let response = anonymous.post("/api/token/refresh/", json!({ "refresh": refresh })).await;
        if response.status != 200 {
            refused = Some(response);
            break;
        }
        refresh = text(&response.json(), "refresh");
    }
    assert_unavailable(&refused.expect("the pages of the file were never used up"));
    assert_eq!(user.get("/api/protected/").await.status, 200);
    app.sql("PRAGMA max_page_count = 100000").await;
    // The refused rotation left the token as it was.
    let again = anonymous.post("/api/token/refresh/", json!({ "refresh": refresh })).await;
    assert_eq!(again.status, 200, "{}", again.body);
}
