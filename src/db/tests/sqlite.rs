//! Group commit and the connections for reading.

use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection, TransactionManager};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_query;
use diesel::{QueryResult, RunQueryDsl};
use futures_util::future::{join, join_all};

use super::super::{Database, DatabaseError, DbConnection, Lookup};
use super::support::{TestDatabase, add_note, block_on, notes, number};

type Written = Pin<Box<dyn Future<Output = Result<(), DatabaseError>>>>;

/// Queues a write of `database`.
fn write(
    database: &Database,
    f: impl FnOnce(&mut DbConnection) -> Result<(), DatabaseError> + Send + 'static,
) -> Written {
    let database = database.clone();
    Box::pin(async move { database.write(f).await })
}

/// A write that occupies the writing thread until the sender is used or dropped.
fn gate(database: &Database) -> (Written, Sender<()>) {
    let (open, opened): (Sender<()>, Receiver<()>) = channel();
    let (enter, entered) = channel();
    let mut gate = write(database, move |_| {
        enter.send(()).unwrap();
        let _ = opened.recv();
        Ok(())
    });
    assert!(is_pending(&mut gate));
    entered.recv().unwrap();
    (gate, open)
}

/// Polls once.
fn is_pending(future: &mut Written) -> bool {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

/// Runs all `writes` in one commit and returns their results.
fn commit_together(database: &Database, writes: Vec<Written>) -> Vec<Result<(), DatabaseError>> {
    let (gate, open) = gate(database);
    let mut writes = writes;
    assert!(writes.iter_mut().all(is_pending));
    open.send(()).unwrap();
    let (opened, results) = block_on(join(gate, join_all(writes)));
    opened.unwrap();
    results
}

fn orphan(conn: &mut DbConnection) -> Result<(), DatabaseError> {
    sql_query("INSERT INTO child (parent_id) VALUES (99)").execute(conn)?;
    Ok(())
}

fn open_with_family(test: &TestDatabase) -> Database {
    let database = test.open_with_notes();
    let child = "CREATE TABLE child (parent_id integer REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED)";
    database.connection().unwrap().batch_execute(child).unwrap();
    database
}

#[test]
fn the_connection_is_set_up_as_the_settings_say() {
    let test = TestDatabase::sqlite();
    let database = test.open();
    block_on(async {
        let of_reader = |query: &'static str| database.read(move |conn| number(conn, query));
        let busy_timeout = "SELECT timeout AS value FROM pragma_busy_timeout";
        // The first read of a thread opens its connection and may wait, the next ones may not.
        assert_eq!(of_reader(busy_timeout).await.unwrap(), 20_000);
        assert_eq!(of_reader(busy_timeout).await.unwrap(), 0);
        assert_eq!(database.query(move |conn| number(conn, busy_timeout)).await.unwrap(), 20_000);
        assert_eq!(of_reader("SELECT synchronous AS value FROM pragma_synchronous").await.unwrap(), 2);
        assert_eq!(of_reader("SELECT foreign_keys AS value FROM pragma_foreign_keys").await.unwrap(), 1);
        let wal = "SELECT journal_mode = 'wal' AS value FROM pragma_journal_mode";
        assert_eq!(of_reader(wal).await.unwrap(), 1);
        assert_eq!(database.write(move |conn| number(conn, wal)).await.unwrap(), 1);
    });
}

#[test]
fn concurrent_writes_are_in_the_database_when_they_are_answered() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    thread::scope(|scope| {
        for worker in 0..4 {
            let (database, test) = (&database, &test);
            scope.spawn(move || {
                let mut observer = test.open().connection().unwrap();
                block_on(async {
                    for batch in 0..5 {
                        let ids = (0..10).map(|n| worker * 1_000 + batch * 10 + n);
                        for result in join_all(ids.map(|id| write(database, move |conn| add_note(conn, id)))).await {
                            result.unwrap();
                        }
                        let mine = format!("SELECT count(*) AS value FROM note WHERE id / 1000 = {worker}");
                        assert_eq!(number(&mut observer, &mine).unwrap(), (batch + 1) * 10);
                    }
                });
            });
        }
    });
    assert_eq!(number(&mut database.connection().unwrap(), "SELECT count(*) AS value FROM note").unwrap(), 200);
}

#[test]
fn an_error_in_one_write_keeps_the_others() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let results = commit_together(
        &database,
        vec![
            write(&database, |conn| add_note(conn, 1)),
            write(&database, |conn| {
                add_note(conn, 2)?;
                add_note(conn, 1)
            }),
            write(&database, |conn| add_note(conn, 3)),
        ],
    );
    assert!(results[0].is_ok() && results[2].is_ok());
    let Err(DatabaseError::Query(Error::DatabaseError(kind, _))) = &results[1] else { panic!("{:?}", results[1]) };
    assert_eq!(*kind, DatabaseErrorKind::UniqueViolation);
    assert_eq!(block_on(database.read(notes)).unwrap(), "1,3");
}

#[test]
fn a_panic_in_one_write_keeps_the_others() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let results = commit_together(
        &database,
        vec![
            write(&database, |conn| add_note(conn, 1)),
            // In a nested transaction of diesel's own, which loses count of its savepoints.
            write(&database, |conn| {
                conn.transaction(|conn| {
                    sql_query("INSERT INTO note (id, text) VALUES (2, '')").execute(conn)?;
                    panic!("out of cheese")
                })
                .map_err(|error: Error| error.into())
            }),
            write(&database, |conn| super::super::transaction(conn, |conn| add_note(conn, 3))),
        ],
    );
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    let panicked = results[1].as_ref().unwrap_err().to_string();
    assert_eq!(panicked, "a panic in code that uses the database: out of cheese");
    block_on(write(&database, |conn| add_note(conn, 4))).unwrap();
    assert_eq!(block_on(database.read(notes)).unwrap(), "1,3,4");
}

#[test]
fn a_commit_that_fails_fails_for_all_and_writes_nothing() {
    let test = TestDatabase::sqlite();
    let database = open_with_family(&test);
    let results = commit_together(
        &database,
        // The last one loses against a row that will not be there.
        vec![
            write(&database, |conn| add_note(conn, 1)),
            write(&database, orphan),
            write(&database, |conn| add_note(conn, 1)),
        ],
    );
    for result in results {
        assert_eq!(
            result.unwrap_err().to_string(),
            "database unavailable: a write that shared the commit failed: FOREIGN KEY constraint failed"
        );
    }
    block_on(write(&database, |conn| add_note(conn, 2))).unwrap();
    assert_eq!(block_on(database.read(notes)).unwrap(), "2");
}

#[test]
fn a_write_that_ends_the_transaction_itself_is_not_acknowledged() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let results = commit_together(
        &database,
        vec![
            write(&database, |conn| add_note(conn, 1)),
            write(&database, |conn| Ok(conn.batch_execute("ROLLBACK")?)),
            write(&database, |conn| add_note(conn, 3)),
        ],
    );
    for result in results {
        assert!(matches!(result, Err(DatabaseError::Unavailable(_))), "{result:?}");
    }
    assert_eq!(block_on(database.read(notes)).unwrap(), "");
}

#[test]
fn a_write_that_leaves_a_transaction_open_is_not_acknowledged() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let result = block_on(write(&database, |conn| {
        super::super::connection::begin(conn)?;
        add_note(conn, 1)
    }));
    assert!(result.is_err());
    block_on(write(&database, |conn| add_note(conn, 2))).unwrap();
    assert_eq!(block_on(database.read(notes)).unwrap(), "2");
}

#[test]
fn a_full_queue_is_unavailable_at_once() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let (gate, open) = gate(&database);
    let mut waiting: Vec<_> = (0..1_024).map(|id| write(&database, move |conn| add_note(conn, id))).collect();
    assert!(waiting.iter_mut().all(is_pending));
    let error = block_on(write(&database, |conn| add_note(conn, 9_999))).unwrap_err();
    assert_eq!(error.to_string(), "database unavailable: 1024 writes are waiting already");
    open.send(()).unwrap();
    block_on(gate).unwrap();
    assert!(block_on(join_all(waiting)).iter().all(Result::is_ok));
}

#[test]
fn a_write_without_a_caller_is_not_run() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let (gate, open) = gate(&database);
    let mut given_up = write(&database, |conn| add_note(conn, 1));
    assert!(is_pending(&mut given_up));
    drop(given_up);
    open.send(()).unwrap();
    block_on(gate).unwrap();
    block_on(write(&database, |conn| add_note(conn, 2))).unwrap();
    assert_eq!(block_on(database.read(notes)).unwrap(), "2");
}

#[test]
fn a_write_is_unavailable_while_another_process_keeps_its_lock() {
    let test = TestDatabase::sqlite();
    let mut settings = test.settings();
    settings.sqlite_busy_timeout = Duration::from_millis(1);
    test.open_with_notes();
    let database = Database::open(&settings).unwrap();
    let mut other = test.open().connection().unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let error = block_on(write(&database, |conn| add_note(conn, 1))).unwrap_err();
    assert_eq!(error.to_string(), "database unavailable: database is locked");
    // Reads work during this time, and writes work afterwards.
    assert_eq!(block_on(database.read(notes)).unwrap(), "");
    other.batch_execute("ROLLBACK").unwrap();
    block_on(write(&database, |conn| add_note(conn, 1))).unwrap();
}

#[test]
fn a_write_waits_until_another_process_releases_its_lock() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let mut other = test.open().connection().unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let mut waiting = write(&database, |conn| add_note(conn, 1));
    assert!(is_pending(&mut waiting));
    other.batch_execute("COMMIT").unwrap();
    block_on(waiting).unwrap();
}

/// The folder takes the place of a file that SQLite has to create, so that the database cannot be written, not even by root.
#[test]
fn a_file_that_cannot_be_written_is_read_and_written_again_when_it_can_be() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    block_on(database.write(|conn| add_note(conn, 1))).unwrap();
    drop(database);
    let obstacle = format!("{}-shm", test.url.strip_prefix("sqlite://").unwrap());
    std::fs::create_dir(&obstacle).unwrap();
    let database = test.open();
    for _attempt in 0..2 {
        assert_eq!(block_on(database.read(notes)).unwrap(), "1");
        let error = block_on(write(&database, |conn| add_note(conn, 2))).unwrap_err();
        assert_eq!(error.to_string(), "database unavailable: attempt to write a readonly database");
    }
    std::fs::remove_dir(&obstacle).unwrap();
    block_on(write(&database, |conn| add_note(conn, 2))).unwrap();
    assert_eq!(block_on(database.read(notes)).unwrap(), "1,2");
}

#[test]
fn a_read_cannot_write() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let error = block_on(database.read(|conn| add_note(conn, 1))).unwrap_err();
    assert_eq!(error.to_string(), "database unavailable: attempt to write a readonly database");
}

#[test]
fn a_read_that_leaves_a_transaction_open_does_not_affect_the_next_one() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    block_on(async {
        let leave_open = |conn: &mut DbConnection| {
            <DbConnection as Connection>::TransactionManager::begin_transaction(conn)?;
            notes(conn)
        };
        assert_eq!(database.read(leave_open).await.unwrap(), "");
        database.write(|conn| add_note(conn, 1)).await.unwrap();
        assert_eq!(database.read(notes).await.unwrap(), "1");
    });
}

#[test]
fn a_thread_can_read_several_databases() {
    let (one, two) = (TestDatabase::sqlite(), TestDatabase::sqlite());
    let (first, second) = (one.open_with_notes(), two.open_with_notes());
    block_on(async {
        first.write(|conn| add_note(conn, 1)).await.unwrap();
        second.write(|conn| add_note(conn, 2)).await.unwrap();
        for _ in 0..2 {
            assert_eq!(first.read(notes).await.unwrap(), "1");
            assert_eq!(second.read(notes).await.unwrap(), "2");
        }
    });
}

/// The thread on which a closure runs.
#[expect(clippy::unnecessary_wraps, reason = "it is a query")]
fn thread_id(_: &mut DbConnection) -> Result<ThreadId, DatabaseError> {
    Ok(thread::current().id())
}

#[test]
fn only_a_read_that_does_not_wait_runs_on_the_calling_thread() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let here = thread::current().id();
    block_on(async {
        assert_ne!(database.read(thread_id).await.unwrap(), here, "opening a connection may take time");
        assert_eq!(database.read(thread_id).await.unwrap(), here);
        assert_ne!(database.query(thread_id).await.unwrap(), here);
        assert_eq!(database.read(thread_id).await.unwrap(), here);
    });
}

/// Fails on one thread as SQLite does when another process has locked the file.
struct LockedOn(ThreadId);

impl Lookup for LockedOn {
    type Found = ThreadId;

    fn find(&self, _: &mut DbConnection) -> QueryResult<Option<ThreadId>> {
        let thread = thread::current().id();
        let locked = || Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new("database is locked".to_owned()));
        if thread == self.0 { Err(locked()) } else { Ok(Some(thread)) }
    }

    fn find_many(keys: &[Self], conn: &mut DbConnection) -> QueryResult<Vec<Option<ThreadId>>> {
        keys.iter().map(|key| key.find(conn)).collect()
    }
}

#[test]
fn a_look_up_does_not_wait_for_a_lock_on_the_calling_thread() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let here = thread::current().id();
    block_on(async {
        database.read(notes).await.unwrap();
        for _ in 0..2 {
            assert_ne!(database.look_up(LockedOn(here)).await.unwrap(), Some(here));
            assert_eq!(database.read(thread_id).await.unwrap(), here, "the thread has a new connection");
        }
    });
}

#[test]
fn all_statements_of_a_read_see_the_same_state() {
    let test = TestDatabase::sqlite();
    let (database, other) = (test.open_with_notes(), test.open());
    block_on(async {
        for id in 0..3 {
            let other = other.clone();
            let read = database.read(move |conn| {
                let before = notes(conn)?;
                crate::db::transaction(&mut *other.connection()?, |conn| add_note(conn, id))?;
                Ok::<_, DatabaseError>((before, notes(conn)?))
            });
            let (before, after) = read.await.unwrap();
            assert_eq!(before, after);
        }
        assert_eq!(database.read(notes).await.unwrap(), "0,1,2");
    });
}

#[test]
fn a_panic_in_a_read_becomes_an_error() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let panic = |_: &mut DbConnection| -> Result<(), DatabaseError> { panic!("out of cheese") };
    block_on(async {
        for _ in 0..2 {
            let error = database.read(panic).await.unwrap_err();
            assert_eq!(error.to_string(), "a panic in code that uses the database: out of cheese");
            assert_eq!(database.read(notes).await.unwrap(), "");
        }
    });
}

#[test]
fn the_files_are_closed_with_the_last_handle() {
    let test = TestDatabase::sqlite();
    let database = test.open_with_notes();
    let log = std::path::PathBuf::from(format!("{}-wal", test.url.strip_prefix("sqlite://").unwrap()));
    block_on(database.write(|conn| add_note(conn, 1))).unwrap();
    block_on(database.read(notes)).unwrap();
    // A thread that has read and does not end must not keep the file open.
    let (stay, stayed) = channel::<()>();
    let reader = database.clone();
    let (read, has_read) = channel();
    let thread = thread::spawn(move || {
        let notes = block_on(reader.read(notes)).unwrap();
        drop(reader);
        read.send(notes).unwrap();
        let _ = stayed.recv();
    });
    assert_eq!(has_read.recv().unwrap(), "1");
    assert!(log.exists());
    drop(database);
    // SQLite removes the log when the last connection closes.
    assert!(!log.exists());
    drop(stay);
    thread.join().unwrap();
}

#[cfg(unix)]
#[test]
fn a_new_file_and_those_beside_it_are_private() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("db.sqlite3");
    let settings = super::super::DatabaseSettings::new(&format!("sqlite://{}", file.display())).unwrap();
    let database = Database::open(&settings).unwrap();
    database.connection().unwrap().batch_execute("CREATE TABLE t (x integer)").unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let file = directory.path().join(format!("db.sqlite3{suffix}"));
        let mode = |file: &std::path::Path| file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600, "{suffix}");
    }
    // An existing file keeps its permissions, because Django may run as another user of a group.
    drop(database);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o664)).unwrap();
    drop(Database::open(&settings).unwrap());
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o664);
}
