//! Faults of PostgreSQL, and of proxies between it and the server.

use std::pin::pin;
use std::time::{Duration, Instant};

use actix_simplejwt::db::{DatabaseLoad, DatabaseSettings};
use diesel::RunQueryDsl;
use diesel::connection::Connection;
use diesel::dsl::sql;
use diesel::sql_types::Integer;
use futures_util::FutureExt;
use futures_util::future::{Either, join, join_all, select};
use serde_json::json;

use super::{assert_each_kind_unavailable, assert_unavailable, behind_proxy, one_of_each, text};
use crate::support::{Client, Proxy, TestApp, TestDatabase, alice};

/// A pool timeout for servers that have a connection or shall get none.
const SHORT: Duration = Duration::from_secs(1);

/// Statuses of `one_of_each` on a server without faults.
const WORKS: [u16; 7] = [200, 200, 200, 200, 401, 400, 200];

async fn statuses(anonymous: &Client, user: &Client, refresh: &str) -> Vec<u16> {
    one_of_each(anonymous, user, refresh).await.iter().map(|response| response.status).collect()
}

/// Requests at the same time, as many as there are connections and more.
async fn protected_all_at_once(user: &Client) -> Vec<u16> {
    join_all((0..12).map(|_| user.get("/api/protected/"))).await.iter().map(|response| response.status).collect()
}

#[actix_web::test]
async fn a_connection_that_stays_open_without_its_server_is_replaced() {
    let Some((app, proxy)) = behind_proxy(|_| {}).await else { return };
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let refresh = text(&app.login(&alice()).await, "refresh");

    // More than once, each time while all connections are in use.
    for _ in 0..2 {
        assert_eq!(protected_all_at_once(&user).await, [200; 12]);
        proxy.swallow();
        // The first requests have a connection without a server; the requests that wait for a connection may get a new
        // one.
        let responses = join_all((0..12).map(|_| user.get("/api/protected/"))).await;
        assert_unavailable(&responses[0]);
        responses.iter().filter(|response| response.status != 200).for_each(assert_unavailable);
        assert_eq!(protected_all_at_once(&user).await, [200; 12]);
        assert_eq!(anonymous.get("/readyz").await.status, 200);
    }
    assert_eq!(statuses(&anonymous, &user, &refresh).await, WORKS);
}

#[actix_web::test]
async fn all_idle_connections_are_replaced_when_one_does_not_answer() {
    let Some((app, proxy)) = behind_proxy(|_| {}).await else { return };
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let refresh = text(&app.login(&alice()).await, "refresh");
    // Several connections, which are idle afterwards.
    join_all((0..4).map(async |_| app.login(&alice()).await)).await;
    proxy.swallow();
    // The server does not tell a load balancer that it is ready.
    assert_unavailable(&anonymous.get("/readyz").await);
    assert_eq!(statuses(&anonymous, &user, &refresh).await, WORKS);
}

#[actix_web::test]
async fn a_connection_that_does_not_answer_does_not_delay_other_requests() {
    // No time limit ends the first request before the second one is answered.
    let Some((app, proxy)) = behind_proxy(|settings| settings.database.statement_timeout = None).await else { return };
    let user = app.client(&alice()).await;
    assert_eq!(user.get("/api/protected/").await.status, 200);
    // The next statement of diesel.
    proxy.swallow_at("__diesel_stmt", false);
    let mut first = pin!(user.get("/api/protected/"));
    // The second one must not share its statement.
    let deadline = Instant::now() + Duration::from_secs(60);
    while proxy.is_armed() {
        assert!(Instant::now() < deadline, "the first one has sent no statement");
        assert!(first.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    let second = pin!(user.get("/api/protected/"));
    let Either::Right((second, _)) = select(first, second).await else { panic!("the first one was answered") };
    assert_eq!(second.status, 200);
}

#[actix_web::test]
async fn a_database_that_does_not_answer_is_503_until_it_does() {
    let Some((app, proxy)) = behind_proxy(|settings| settings.database.pool_size = 2).await else { return };
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let refresh = text(&app.login(&alice()).await, "refresh");
    proxy.silence();
    let refreshing = anonymous.post("/api/token/refresh/", json!({ "refresh": refresh }));
    let asking = join_all((0..6).map(|_| user.get("/api/protected/")));
    let (refreshed, asked) = join(refreshing, asking).await;
    asked.iter().chain([&refreshed]).for_each(assert_unavailable);
    proxy.restore();
    // Until no earlier attempt to connect is left.
    let has_recovered = |load: DatabaseLoad| load.connections == load.idle;
    let deadline = Instant::now() + Duration::from_secs(60);
    while user.get("/api/protected/").await.status != 200 || !has_recovered(app.database().load()) {
        assert!(Instant::now() < deadline, "{:?}", app.database().load());
    }
    assert_eq!(statuses(&anonymous, &user, &refresh).await, WORKS);
}

#[actix_web::test]
async fn a_half_closed_connection_is_replaced_without_an_error() {
    let Some((app, proxy)) = behind_proxy(|_| {}).await else { return };
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let refresh = text(&app.login(&alice()).await, "refresh");
    proxy.half_close();
    assert_eq!(statuses(&anonymous, &user, &refresh).await, WORKS);
}

#[actix_web::test]
async fn a_rotation_whose_commit_has_no_response_is_503_and_happens_at_most_once() {
    // At the same time, because both wait for the same time limit.
    join_all([true, false].map(async |reaches_server| {
        let Some((app, proxy)) = behind_proxy(|_| {}).await else { return };
        let anonymous = app.anonymous();
        let refresh = text(&app.login(&alice()).await, "refresh");
        proxy.swallow_at("COMMIT", reaches_server);
        assert_unavailable(&anonymous.post("/api/token/refresh/", json!({ "refresh": refresh })).await);
        let rows = app.count("token_blacklist_outstandingtoken").await;
        let again = anonymous.post("/api/token/refresh/", json!({ "refresh": refresh })).await;
        if reaches_server {
            // Its successor was made, but no client got it. No second successor is made.
            assert_eq!((rows, again.status), (2, 401));
            assert_eq!(again.body, r#"{"detail":"Token is blacklisted","code":"token_not_valid"}"#);
            assert_eq!(app.count("token_blacklist_outstandingtoken").await, 2);
        } else {
            assert_eq!((rows, again.status), (1, 200), "{}", again.body);
        }
        assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 1);
    }))
    .await;
}

#[actix_web::test]
async fn a_slow_statement_is_stopped_and_its_connection_is_kept() {
    let Some((app, _proxy)) = behind_proxy(|settings| settings.database.pool_size = 1).await else { return };
    let user = app.client(&alice()).await;
    let mut other = app.tables().connect();
    other.batch_execute("BEGIN; LOCK TABLE auth_user").unwrap();
    // The process of PostgreSQL behind the connection.
    let backend =
        async || app.write(|conn| diesel::select(sql::<Integer>("pg_backend_pid()")).get_result::<i32>(conn)).await;
    let before = backend().await;
    assert_unavailable(&user.get("/api/protected/").await);
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(user.get("/api/protected/").await.status, 200);
    assert_eq!(backend().await, before);
}

#[actix_web::test]
async fn a_failed_host_is_replaced_by_the_next_host_of_the_url() {
    let Some(db) = TestDatabase::postgres() else { return };
    let [mut first, second] = [Proxy::to(db.address()), Proxy::to(db.address())];
    let url = db.url_at(&format!("{},{}", first.address(), second.address()));
    let both = DatabaseSettings::new(&format!("{url}&target_session_attrs=read-write")).unwrap();
    let app = TestApp::build(db, |settings| {
        settings.database = both.clone();
        settings.simple_jwt.rotate_refresh_tokens = true;
        settings.simple_jwt.blacklist_after_rotation = true;
    })
    .await;
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let refresh = text(&app.login(&alice()).await, "refresh");
    // Its connections end, and its port is closed.
    first.stop();
    assert_eq!(statuses(&anonymous, &user, &refresh).await, WORKS);
    let impatient = app.another(|settings| settings.database = DatabaseSettings { pool_timeout: SHORT, ..both }).await;
    let user = impatient.client(&alice()).await;
    second.cut();
    assert_unavailable(&user.get("/api/protected/").await);
}

#[actix_web::test]
async fn a_postgresql_with_too_many_clients_is_503_until_it_has_room() {
    let Some(db) = TestDatabase::postgres() else { return };
    // A limit that applies only to this test.
    let role = format!("crowded_{}", std::process::id());
    let schema = db.url.rsplit_once("search_path%3D").unwrap().1.to_owned();
    let mut admin = db.connect();
    admin
        .batch_execute(&format!(
            "CREATE ROLE {role} LOGIN CONNECTION LIMIT 3; GRANT ALL ON SCHEMA {schema} TO {role}; \
             GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"
        ))
        .unwrap();
    let database = db.url.rsplit_once('/').unwrap().1;
    let url = format!("postgres://{role}@{}/{database}&connect_timeout=60", db.address());
    let crowded = DatabaseSettings { pool_timeout: SHORT, pool_size: 3, ..DatabaseSettings::new(&url).unwrap() };
    let app = TestApp::build(db, |settings| {
        settings.database = crowded.clone();
        settings.simple_jwt.rotate_refresh_tokens = true;
        settings.simple_jwt.blacklist_after_rotation = true;
    })
    .await;
    let (anonymous, user) = (app.anonymous(), app.client(&alice()).await);
    let refresh = text(&app.login(&alice()).await, "refresh");

    // The server's connections end, and another program uses all connections.
    let gone = format!("SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity WHERE usename = '{role}'");
    admin.batch_execute(&gone).unwrap();
    let others: Vec<_> = (0..3).map(|_| diesel::PgConnection::establish(&url).unwrap()).collect();
    assert_each_kind_unavailable(&anonymous, &user, &refresh).await;
    admin.batch_execute(&gone).unwrap();
    drop(others);
    app.connected().await;
    assert_eq!(statuses(&anonymous, &user, &refresh).await, WORKS);
    drop(app);
    admin.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}
