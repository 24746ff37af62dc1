//! Unit tests of logging in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use futures_util::FutureExt;

use super::hashers::PasswordHashers;
use super::models::DjangoUsers;
use super::settings::AuthSettings;
use super::{AuthError, AuthState, FailedLogins, FailedLoginsOf};
use crate::core::clock::Clock;
use crate::db::{Database, DatabaseError, DatabaseSettings, DbConnection};
use crate::settings::all_migrations;

/// A database with the user alice.
async fn with(settings: AuthSettings) -> (tempfile::TempDir, Database, AuthState) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("db.sqlite3").display());
    let db = Database::open(&DatabaseSettings::new(&url).unwrap()).unwrap();
    all_migrations().run(&db).unwrap();
    let password_hashers = PasswordHashers::from_names(&["MD5PasswordHasher"]).unwrap();
    let auth = AuthState::new(&AuthSettings { password_hashers, ..settings }, Clock::system(), Arc::new(DjangoUsers));
    auth.create_user(&db, "alice", "", "secret").await.unwrap();
    (folder, db, auth)
}

async fn limited(limit: Option<u16>, per_address: Option<u16>) -> (tempfile::TempDir, Database, AuthState) {
    with(AuthSettings {
        login_failure_limit: limit,
        login_failure_limit_per_address: per_address,
        ..AuthSettings::default()
    })
    .await
}

#[tokio::test]
async fn a_user_changed_while_the_password_is_hashed_is_read_again() {
    let (_folder, db, auth) = with(AuthSettings { hashing_threads: 1, ..AuthSettings::default() }).await;
    // The cases: another login has hashed the password again; the password was changed; it was changed and changed back after the
    // new one was read; the user was deactivated.
    let rehashed = format!("password = '{}'", auth.hashers().encode("secret").unwrap());
    let changed = format!("password = '{}'", auth.hashers().encode("new").unwrap());
    let changes = [("first_name = 'Alice'", true), (&*rehashed, true), (&*changed, false), (&*rehashed, false)];
    for (column, is_let_in) in changes.into_iter().chain([("is_active = FALSE", false)]) {
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let mut busy = Box::pin(auth.hash(move |_| wait.recv()));
        assert!((&mut busy).now_or_never().is_none());
        // Has read the user, and waits for the thread.
        let mut login = Box::pin(auth.authenticate(&db, "", "alice", "secret"));
        assert!((&mut login).now_or_never().is_none());
        let update = format!("UPDATE auth_user SET {column}");
        let update = move |conn: &mut DbConnection| conn.batch_execute(&update).map_err(DatabaseError::from);
        db.write(update).await.unwrap();
        release.send(()).unwrap();
        busy.await.unwrap().unwrap();
        assert_eq!(login.await.unwrap().is_some(), is_let_in, "{column}");
    }
}

async fn tasks_have_ended() {
    let deadline = Instant::now() + Duration::from_secs(60);
    while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
        assert!(Instant::now() < deadline, "a task does not end");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_right_password_is_not_a_failure_if_the_client_disconnects() {
    let (_folder, db, auth) = limited(Some(3), None).await;
    // The count waits for this write, so the login cannot end before it is dropped.
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let mut busy = Box::pin(db.write(move |_| Ok::<_, DatabaseError>(wait.recv().is_ok())));
    assert!((&mut busy).now_or_never().is_none());
    let mut login = Box::pin(auth.authenticate(&db, "192.0.2.1", "alice", "secret"));
    let deadline = Instant::now() + Duration::from_secs(60);
    while auth.hashing_pending() == 0 {
        assert!(Instant::now() < deadline, "the login hashes nothing");
        assert!((&mut login).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    drop(login);
    release.send(()).unwrap();
    assert!(busy.await.unwrap());
    tasks_have_ended().await;
    let rows =
        db.write(|conn| Ok::<_, DatabaseError>(crate::db::schema::login_failures::table.count().first::<i64>(conn)?));
    assert_eq!(rows.await.unwrap(), 0);
}

#[tokio::test]
async fn kinds_of_hashes_are_found_beside_the_requests() {
    let (_folder, db, auth) = limited(None, None).await;
    let encoded = PasswordHashers::from_names(&["PBKDF2PasswordHasher"]).unwrap().encode("secret").unwrap();
    let fill = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) INSERT INTO auth_user (password, \
         is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name) SELECT CASE i WHEN 2500 \
         THEN '{encoded}' ELSE '' END, 0, 'user' || i, '', '', 0, 1, '2026-01-01 00:00:00', '' FROM n"
    );
    db.write(move |conn| conn.batch_execute(&fill).map_err(DatabaseError::from)).await.unwrap();
    let names = ["MD5PasswordHasher", "PBKDF2PasswordHasher"];
    let password_hashers = PasswordHashers::from_names(&names).unwrap();
    let settings = AuthSettings { password_hashers, ..AuthSettings::default() };
    let auth = AuthState::new(&settings, Clock::system(), Arc::clone(auth.users()));
    assert_eq!(auth.hashers().more_expensive_than_preferred(), None);
    auth.survey_passwords(&db);
    tasks_have_ended().await;
    assert_eq!(auth.hashers().more_expensive_than_preferred(), Some(("pbkdf2_sha256", 4.0)));
    auth.survey_passwords(&db);
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test]
async fn all_spellings_of_a_name_are_counted_as_one_user() {
    let (_folder, db, auth) = limited(Some(3), None).await;
    let ignore_case = "ALTER TABLE auth_user RENAME TO stored_user; CREATE VIEW auth_user AS SELECT id, password, \
        last_login, is_superuser, username COLLATE NOCASE AS username, first_name, last_name, email, is_staff, \
        is_active, date_joined FROM stored_user";
    db.write(|conn| conn.batch_execute(ignore_case).map_err(DatabaseError::from)).await.unwrap();
    for name in ["alice", "Alice", "aLICE"] {
        assert!(auth.authenticate(&db, "192.0.2.1", name, "wrong").await.unwrap().is_none(), "{name}");
    }
    let refused = auth.authenticate(&db, "192.0.2.1", "ALICE", "secret").await;
    assert!(matches!(refused, Err(AuthError::LockedOut(_))), "{refused:?}");
    assert!(auth.authenticate(&db, "192.0.2.2", "ALICE", "secret").await.unwrap().is_some());
}

#[tokio::test]
async fn an_administrator_sees_and_deletes_failed_logins() {
    let (_folder, db, auth) = limited(Some(2), Some(3)).await;
    for (name, address) in [("alice", "192.0.2.1"), ("alice", "192.0.2.1"), ("bob", "192.0.2.1"), ("alice", "::1")] {
        assert!(auth.authenticate(&db, address, name, "wrong").await.unwrap().is_none(), "{name} {address}");
    }
    let now = auth.clock().now().timestamp();
    let mut conn = db.connection().unwrap();
    let mut of = |which| -> Vec<(String, bool, i32, bool)> {
        let row = |row: FailedLogins| {
            assert!((now..=now + 3600).contains(&row.expires.timestamp()), "{row:?}");
            (row.address, row.is_of_account, row.failures, row.is_locked)
        };
        let mut rows: Vec<_> = auth.failed_logins(&mut conn, which, 10).unwrap().into_iter().map(row).collect();
        rows.sort();
        rows
    };
    let row =
        |address: &str, is_of_account, failures, is_locked| (address.to_owned(), is_of_account, failures, is_locked);
    let of_alice = [row("192.0.2.1", true, 2, true), row("::1", true, 1, false)];
    assert_eq!(of(FailedLoginsOf::Username("alice")), of_alice);
    let of_address =
        [row("192.0.2.1", false, 3, true), row("192.0.2.1", true, 1, false), row("192.0.2.1", true, 2, true)];
    assert_eq!(of(FailedLoginsOf::Address("192.0.2.1")), of_address);
    assert_eq!(of(FailedLoginsOf::Username("ali")), []);

    let mut conn = db.connection().unwrap();
    assert_eq!(auth.count_locked(&mut conn).unwrap(), 2);
    assert_eq!(auth.forget_failed_logins(&mut conn, FailedLoginsOf::Username("alice")).unwrap(), 2);
    assert_eq!(auth.count_locked(&mut conn).unwrap(), 1);
    assert_eq!(auth.forget_failed_logins(&mut conn, FailedLoginsOf::Address("192.0.2.1")).unwrap(), 2);
    assert_eq!(auth.count_locked(&mut conn).unwrap(), 0);
    assert!(auth.authenticate(&db, "192.0.2.1", "alice", "secret").await.unwrap().is_some());
}

#[tokio::test]
async fn the_limit_per_address_works_alone() {
    let (_folder, db, auth) = limited(None, Some(2)).await;
    assert!(auth.limits_failures());
    for name in ["bob", "carol"] {
        assert!(auth.authenticate(&db, "192.0.2.1", name, "wrong").await.unwrap().is_none());
    }
    let refused = auth.authenticate(&db, "192.0.2.1", "alice", "secret").await;
    assert!(matches!(refused, Err(AuthError::LockedOut(_))), "{refused:?}");
    for address in ["192.0.2.2", ""] {
        assert!(auth.authenticate(&db, address, "alice", "secret").await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_recovers() {
    let settings = AuthSettings { hashing_threads: 1, hashing_queue: 0, ..AuthSettings::default() };
    let auth = AuthState::new(&settings, Clock::system(), Arc::new(DjangoUsers));
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let mut busy = Box::pin(auth.hash(move |_| wait.recv()));
    // The first poll takes the place and starts the thread, which then waits for the channel.
    assert!((&mut busy).now_or_never().is_none());
    assert!(matches!(auth.hash(|_| ()).await, Err(AuthError::Overloaded)));
    release.send(()).unwrap();
    busy.await.unwrap().unwrap();
    auth.hash(|_| ()).await.unwrap();
}
