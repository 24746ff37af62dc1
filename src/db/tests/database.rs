//! `read`, `query`, `write` and `transaction`: the same on both databases.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::sql_query;
use futures_util::future::{join, join_all};

use super::super::{Database, DatabaseError, DatabaseSettings, DbConnection, is_unique_violation, transaction};
use super::support::{TestDatabase, add_note, block_on, notes};

/// An error type like an app's.
#[derive(Debug, thiserror::Error)]
enum AppError {
    #[error("refused")]
    Refused,
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

#[test]
fn a_write_is_seen_by_the_next_read_and_by_other_processes() {
    for test in TestDatabase::each() {
        let database = test.open_with_notes();
        let other = test.open();
        block_on(async {
            for id in 1..=3 {
                database.write(move |conn| add_note(conn, id)).await.unwrap();
                assert_eq!(other.read(notes).await.unwrap(), database.read(notes).await.unwrap());
            }
            assert_eq!(other.read(notes).await.unwrap(), "1,2,3");
        });
    }
}

#[test]
fn an_error_of_the_closure_rolls_back_and_comes_back() {
    for test in TestDatabase::each() {
        let database = test.open_with_notes();
        block_on(async {
            let result: Result<(), AppError> = database
                .write(|conn| {
                    add_note(conn, 1)?;
                    Err(AppError::Refused)
                })
                .await;
            assert!(matches!(result, Err(AppError::Refused)));
            assert_eq!(database.read(notes).await.unwrap(), "");
        });
    }
}

#[test]
fn a_violation_in_a_savepoint_leaves_the_write_usable() {
    for test in TestDatabase::each() {
        let database = test.open_with_notes();
        block_on(async {
            database.write(|conn| add_note(conn, 1)).await.unwrap();
            let lost = database
                .write(|conn| {
                    add_note(conn, 2)?;
                    let claim = transaction(conn, |conn| add_note(conn, 1));
                    let lost = matches!(&claim, Err(DatabaseError::Query(error)) if is_unique_violation(error));
                    add_note(conn, 3)?;
                    Ok::<_, DatabaseError>(lost)
                })
                .await;
            assert!(lost.unwrap());
            assert_eq!(database.read(notes).await.unwrap(), "1,2,3");
        });
    }
}

#[test]
fn an_acknowledged_write_is_in_the_database() {
    for test in TestDatabase::each() {
        let database = test.open_with_notes();
        block_on(async {
            database.write(|conn| add_note(conn, 1)).await.unwrap();
            // The closure keeps a failed statement to itself. SQLite undoes that statement only; PostgreSQL has given
            // up the transaction and would still answer COMMIT with success.
            let result: Result<(), DatabaseError> = database
                .write(|conn| {
                    add_note(conn, 2)?;
                    let _ = add_note(conn, 1);
                    Ok(())
                })
                .await;
            let expected = if result.is_ok() { "1,2" } else { "1" };
            assert_eq!(database.read(notes).await.unwrap(), expected);
            assert_eq!(result.is_ok(), test.url.starts_with("sqlite"));
        });
    }
}

#[test]
fn a_panic_becomes_an_error_and_the_database_remains_usable() {
    for test in TestDatabase::each() {
        let database = test.open_with_notes();
        block_on(async {
            let result: Result<(), DatabaseError> = database
                .write(|conn| {
                    add_note(conn, 1)?;
                    panic!("out of cheese")
                })
                .await;
            assert_eq!(result.unwrap_err().to_string(), "a panic in code that uses the database: out of cheese");
            database.write(|conn| add_note(conn, 2)).await.unwrap();
            assert_eq!(database.read(notes).await.unwrap(), "2");
        });
    }
}

#[test]
fn a_query_reads_what_was_written() {
    for test in TestDatabase::each() {
        let database = test.open_with_notes();
        block_on(async {
            database.write(|conn| add_note(conn, 1)).await.unwrap();
            assert_eq!(database.query(notes).await.unwrap(), "1");
            let panic = |_: &mut DbConnection| -> Result<(), DatabaseError> { panic!("out of cheese") };
            let error = database.query(panic).await.unwrap_err();
            assert_eq!(error.to_string(), "a panic in code that uses the database: out of cheese");
            assert_eq!(database.query(notes).await.unwrap(), "1");
        });
    }
}

#[test]
fn the_number_of_queries_is_limited_and_reads_are_not_delayed() {
    for test in TestDatabase::each() {
        drop(test.open_with_notes());
        let mut settings = test.settings();
        settings.pool_size = 8;
        // The last of the waiting queries has to wait for all others, on a busy machine as well.
        settings.pool_timeout = std::time::Duration::from_secs(60);
        let database = Database::open(&settings).unwrap();
        let (release, released) = channel::<()>();
        let released = Arc::new(Mutex::new(released));
        block_on(async {
            database.read(notes).await.unwrap();
            // Four run, 256 wait.
            let mut queries: Vec<_> = (0..260)
                .map(|_| {
                    let released = Arc::clone(&released);
                    Box::pin(database.query(move |conn| {
                        let _ = released.lock().unwrap().recv();
                        notes(conn)
                    }))
                })
                .collect();
            for query in &mut queries {
                assert!(query.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
            let error = database.query(notes).await.unwrap_err();
            let message = "database unavailable: 256 callers are waiting for a connection already";
            assert_eq!(error.to_string(), message);
            assert_eq!(database.read(notes).await.unwrap(), "");
            drop(release);
            assert!(join_all(queries).await.iter().all(|found| found.as_deref().is_ok_and(str::is_empty)));
            assert_eq!(database.query(notes).await.unwrap(), "");
        });
    }
}

#[test]
fn a_query_does_not_wait_longer_than_the_pool_timeout() {
    for test in TestDatabase::each() {
        drop(test.open_with_notes());
        let mut settings = test.settings();
        settings.pool_size = 8;
        // Long enough for four connections on a busy machine.
        settings.pool_timeout = std::time::Duration::from_secs(5);
        let database = Database::open(&settings).unwrap();
        let (release, released) = channel::<()>();
        let released = Arc::new(Mutex::new(released));
        block_on(async {
            let queries = join_all((0..4).map(|_| {
                let released = Arc::clone(&released);
                database.query(move |conn| {
                    let _ = released.lock().unwrap().recv();
                    notes(conn)
                })
            }));
            let late = async {
                let error = database.query(notes).await.unwrap_err();
                drop(release);
                error
            };
            let (finished, error) = join(queries, late).await;
            assert_eq!(error.to_string(), "database unavailable: no connection was free within 5s");
            assert!(finished.iter().all(Result::is_ok));
        });
    }
}

#[test]
fn a_transaction_of_a_command_commits_or_rolls_back() {
    for test in TestDatabase::each() {
        let database = test.open_with_notes();
        let mut conn = database.connection().unwrap();
        transaction(&mut conn, |conn| add_note(conn, 1)).unwrap();
        let failed: Result<(), _> = transaction(&mut conn, |conn: &mut DbConnection| {
            add_note(conn, 2)?;
            transaction(conn, |conn| add_note(conn, 3))?;
            add_note(conn, 1)
        });
        assert!(matches!(failed, Err(DatabaseError::Query(Error::DatabaseError(..)))));
        transaction(&mut conn, |conn| add_note(conn, 4)).unwrap();
        assert_eq!(notes(&mut conn).unwrap(), "1,4");
    }
}

#[test]
fn a_deferred_foreign_key_that_fails_at_the_commit_is_an_error() {
    for test in TestDatabase::each() {
        let database = test.open_migrated();
        block_on(async {
            let orphan = "INSERT INTO authtoken_token (key, created, user_id) VALUES ('k', CURRENT_TIMESTAMP, 99)";
            let result = database
                .write(move |conn| sql_query(orphan).execute(conn).map(drop).map_err(DatabaseError::from))
                .await;
            let Err(DatabaseError::Query(Error::DatabaseError(kind, _))) = result else { panic!("{result:?}") };
            assert_eq!(kind, diesel::result::DatabaseErrorKind::ForeignKeyViolation);
            database.ping().await.unwrap();
        });
    }
}

#[test]
fn a_connection_with_an_open_transaction_does_not_go_back_to_the_pool() {
    for test in TestDatabase::each() {
        let mut settings = test.settings();
        settings.pool_size = 1;
        test.open_with_notes();
        let database = Database::open(&settings).unwrap();
        let mut conn = database.connection().unwrap();
        super::super::connection::begin(&mut conn).unwrap();
        add_note(&mut conn, 1).unwrap();
        drop(conn);
        assert_eq!(notes(&mut database.connection().unwrap()).unwrap(), "");
    }
}

#[test]
fn an_address_without_a_database_is_reported_at_once_and_without_the_password() {
    let mut addresses = Vec::new();
    #[cfg(feature = "sqlite")]
    addresses.push((
        "sqlite:///nonexistent/db.sqlite3",
        "database unavailable: cannot open sqlite:///nonexistent/db.sqlite3: unable to open database file: there is no \
         folder /nonexistent",
    ));
    // Nothing listens on port 1.
    #[cfg(feature = "postgres")]
    addresses.push((
        "postgres://ann:hunter2@127.0.0.1:1/shop",
        "database unavailable: cannot open postgres://ann@127.0.0.1:1/shop: connection to server at \"127.0.0.1\", \
         port 1 failed: Connection refused",
    ));
    for (url, message) in addresses {
        let error = Database::open(&DatabaseSettings::new(url).unwrap()).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
        assert!(!error.contains("hunter2"));
    }
}

#[cfg(all(feature = "postgres", not(feature = "postgres-tls")))]
#[test]
fn a_build_without_tls_names_the_missing_feature() {
    let settings = DatabaseSettings::new("postgres://127.0.0.1:1/shop?sslmode=require").unwrap();
    assert_eq!(
        Database::open(&settings).unwrap_err().to_string(),
        "database unavailable: cannot open postgres://127.0.0.1:1/shop: sslmode value \"require\" invalid when SSL \
         support is not compiled in (feature `postgres-tls`)"
    );
}

#[test]
fn a_database_that_answers_can_be_pinged() {
    for test in TestDatabase::each() {
        let database = test.open();
        block_on(database.ping()).unwrap();
        let mut conn = database.connection().unwrap();
        conn.batch_execute("SELECT 1").unwrap();
        assert_eq!(conn.vendor(), if test.url.starts_with("sqlite") { "sqlite" } else { "postgresql" });
    }
}
