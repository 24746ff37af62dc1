//! The pool: when it is exhausted, when a connection dies, when a statement takes too long.

use std::sync::mpsc::channel;
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_query;
use futures_util::future::{join, join_all};

use super::super::{Database, DatabaseError, DatabaseSettings, DbConnection, is_foreign_key_violation};
use super::support::{TestDatabase, add_note, block_on, connect, notes, number, text};

/// The process of the server that serves a connection.
fn backend(conn: &mut DbConnection) -> Result<i64, DatabaseError> {
    number(conn, "SELECT pg_backend_pid()::bigint AS value")
}

fn with_one_connection(test: &TestDatabase) -> Database {
    test.open_with_notes();
    let mut settings = test.settings();
    settings.pool_size = 1;
    // As long as a busy machine needs: only a connection that never comes takes this time.
    settings.pool_timeout = Duration::from_secs(60);
    Database::open(&settings).unwrap()
}

#[test]
fn the_session_is_set_up_as_the_settings_say() {
    let Some(test) = TestDatabase::postgres() else { return };
    let database = test.open();
    let set = |conn: &mut DbConnection| {
        let settings = ["TimeZone", "statement_timeout", "lc_messages", "application_name"];
        settings.map(|name| text(conn, &format!("SELECT current_setting('{name}') AS value")))
    };
    let session = block_on(database.read(move |conn| Ok::<_, DatabaseError>(set(conn)))).unwrap();
    assert_eq!(session, ["UTC", "5s", "C", "actix-simplejwt"]);
    // Commands may take longer.
    assert_eq!(set(&mut database.connection().unwrap()), ["UTC", "0", "C", "actix-simplejwt"]);
}

#[test]
fn a_user_who_may_not_choose_the_language_is_connected() {
    let Some(test) = TestDatabase::postgres() else { return };
    let mut admin = test.open().connection().unwrap();
    let role = format!("plain_{}", uuid::Uuid::new_v4().simple());
    admin.batch_execute(&format!("CREATE ROLE {role} LOGIN")).unwrap();
    let (scheme, rest) = test.url.split_once("://").unwrap();
    let url = format!("{scheme}://{role}@{}", rest.rsplit_once('@').map_or(rest, |(_, address)| address));
    let opened = Database::open(&DatabaseSettings::new(&url).unwrap());
    let user = opened.map(|database| text(&mut database.connection().unwrap(), "SELECT current_user::text AS value"));
    admin.batch_execute(&format!("DROP ROLE {role}")).unwrap();
    assert_eq!(user.unwrap(), role);
}

#[test]
fn connections_are_used_again() {
    let Some(test) = TestDatabase::postgres() else { return };
    let database = with_one_connection(&test);
    block_on(async {
        let first = database.read(backend).await.unwrap();
        assert_eq!(database.write(backend).await.unwrap(), first);
    });
    assert_eq!(database.settings().pool_size, 1);
}

#[test]
fn an_exhausted_pool_is_unavailable() {
    let Some(test) = TestDatabase::postgres() else { return };
    let mut settings = test.settings();
    settings.pool_size = 1;
    settings.pool_timeout = Duration::from_millis(100);
    let database = Database::open(&settings).unwrap();
    connect(&database);
    let (release, released) = channel::<()>();
    let holder = database.read(move |conn| {
        let _ = released.recv();
        backend(conn)
    });
    let late = async {
        let error = database.read(backend).await.unwrap_err();
        release.send(()).unwrap();
        error
    };
    let (held, error) = block_on(join(holder, late));
    held.unwrap();
    assert_eq!(error.to_string(), "database unavailable: no connection was free within 100ms");
    block_on(database.ping()).unwrap();
}

#[test]
fn a_connection_that_the_server_closed_is_replaced_without_an_error() {
    let Some(test) = TestDatabase::postgres() else { return };
    let database = with_one_connection(&test);
    let mut other = test.open().connection().unwrap();
    block_on(async {
        for id in 1..=2 {
            let victim = database.read(backend).await.unwrap();
            // Answers when the process is gone, or false after five seconds.
            let killed = format!("SELECT pg_terminate_backend({victim}, 5000)::int::bigint AS value");
            assert_eq!(number(&mut other, &killed).unwrap(), 1);
            match id {
                1 => assert_ne!(database.read(backend).await.unwrap(), victim),
                _ => database.write(move |conn| add_note(conn, id)).await.unwrap(),
            }
        }
        assert_eq!(database.read(notes).await.unwrap(), "2");
    });
}

#[test]
fn a_connection_that_dies_in_use_is_unavailable_once() {
    let Some(test) = TestDatabase::postgres() else { return };
    let database = with_one_connection(&test);
    block_on(async {
        let suicide = |conn: &mut DbConnection| {
            add_note(conn, 1)?;
            sql_query("SELECT pg_terminate_backend(pg_backend_pid())").execute(conn)?;
            Ok::<_, DatabaseError>(())
        };
        let error = database.write(suicide).await.unwrap_err();
        assert!(matches!(error, DatabaseError::Unavailable(_)), "{error}");
        assert_eq!(database.read(notes).await.unwrap(), "");
        database.write(|conn| add_note(conn, 2)).await.unwrap();
    });
}

#[test]
fn a_statement_that_takes_too_long_is_stopped() {
    let Some(test) = TestDatabase::postgres() else { return };
    let mut settings = test.settings();
    settings.statement_timeout = Some(Duration::from_secs(3600));
    let database = Database::open(&settings).unwrap();
    block_on(async {
        // Only for this transaction, because a busy machine may need longer for any other statement.
        let slow = |conn: &mut DbConnection| {
            conn.batch_execute("SET LOCAL statement_timeout = 20")?;
            Ok::<_, DatabaseError>(conn.batch_execute("SELECT pg_sleep(60)")?)
        };
        let error = database.write(slow).await.unwrap_err();
        assert_eq!(error.to_string(), "database unavailable: canceling statement due to statement timeout");
        database.ping().await.unwrap();
    });
}

#[test]
fn a_commit_that_fails_does_not_affect_writes_at_the_same_time() {
    let Some(test) = TestDatabase::postgres() else { return };
    let database = test.open_with_notes();
    let child = "CREATE TABLE child (note integer REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED)";
    database.connection().unwrap().batch_execute(child).unwrap();
    let violate = |conn: &mut DbConnection| {
        add_note(conn, 100)?;
        sql_query("INSERT INTO child (note) VALUES (-1)").execute(conn)?;
        Ok::<_, DatabaseError>(())
    };
    let writes = async {
        let good = join_all((0..8).map(|id| database.write(move |conn| add_note(conn, id))));
        join(join_all((0..8).map(|_| database.write(violate))), good).await
    };
    let (bad, good) = block_on(writes);
    for outcome in bad {
        assert!(matches!(outcome, Err(DatabaseError::Query(error)) if is_foreign_key_violation(&error)));
    }
    good.into_iter().for_each(Result::unwrap);
    assert_eq!(block_on(database.read(notes)).unwrap(), "0,1,2,3,4,5,6,7");
}
