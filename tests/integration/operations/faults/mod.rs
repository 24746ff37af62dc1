//! Faults of the database and Redis, injected by a proxy. One test for each row of the table in `docs/OPERATIONS.md`: the
//! responses to clients, and the recovery without a restart.

mod clients;
mod clock;
mod postgres;
mod redis;

use actix_simplejwt::db::Database;
use actix_simplejwt::settings::Settings;

use super::{assert_each_kind_unavailable, assert_unavailable, one_of_each, text};
use crate::support::{Proxy, TestApp, TestDatabase};

/// A server whose PostgreSQL is behind a proxy; `None` if the test is skipped. It has the time limits of production, as in all
/// other tests. With shorter ones a busy machine would cause 503s as well.
async fn behind_proxy(adjust: impl FnOnce(&mut Settings)) -> Option<(TestApp, Proxy)> {
    let db = TestDatabase::postgres()?;
    let proxy = Proxy::to(db.address());
    let (direct, through_proxy) = (db.at(db.address()), db.at(proxy.address()));
    let app = TestApp::build(db, |settings| {
        settings.database = through_proxy;
        settings.simple_jwt.rotate_refresh_tokens = true;
        settings.simple_jwt.blacklist_after_rotation = true;
        adjust(settings);
    })
    .await;
    // The survey of stored passwords begins with the first login. It must not meet the fault of the test, so it reads the
    // database without the proxy.
    app.auth().survey_passwords(&Database::open(&direct).unwrap());
    Some((app, proxy))
}
