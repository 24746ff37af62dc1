//! Look-ups, one at a time and several together.

#[cfg(feature = "postgres")]
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use diesel::sql_types::BigInt;
use diesel::{QueryResult, RunQueryDsl, sql_query};
#[cfg(feature = "postgres")]
use futures_util::FutureExt;
#[cfg(feature = "postgres")]
use futures_util::future::{join, join_all};

#[cfg(feature = "postgres")]
use super::super::DatabaseError;
use super::super::{Database, DbConnection, Lookup};
#[cfg(feature = "postgres")]
use super::support::connect;
use super::support::{TestDatabase, add_note, block_on};

/// Looks up the note with this id. -1 is a statement that fails, -2 a panic.
struct NoteLookup {
    id: i64,
    /// The ids of each statement.
    log: Arc<Mutex<Vec<Vec<i64>>>>,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn select(conn: &mut DbConnection, ids: &[i64]) -> QueryResult<Vec<i64>> {
    assert!(!ids.contains(&-2), "a panic on purpose");
    let table = if ids.contains(&-1) { "no_such_table" } else { "note" };
    let list: Vec<_> = ids.iter().map(i64::to_string).collect();
    let query = format!("SELECT CAST(id AS bigint) AS id FROM {table} WHERE id IN ({})", list.join(","));
    Ok(sql_query(query).load::<Row>(conn)?.into_iter().map(|row| row.id).collect())
}

impl Lookup for NoteLookup {
    type Found = i64;

    fn find(&self, conn: &mut DbConnection) -> QueryResult<Option<i64>> {
        self.log.lock().unwrap().push(vec![self.id]);
        Ok(select(conn, &[self.id])?.pop())
    }

    fn find_many(keys: &[Self], conn: &mut DbConnection) -> QueryResult<Vec<Option<i64>>> {
        let ids: Vec<_> = keys.iter().map(|key| key.id).collect();
        keys[0].log.lock().unwrap().push(ids.clone());
        let found = select(conn, &ids)?;
        Ok(ids.into_iter().map(|id| found.contains(&id).then_some(id)).collect())
    }
}

struct Notes {
    database: Database,
    log: Arc<Mutex<Vec<Vec<i64>>>>,
}

impl Notes {
    /// The notes 1 and 2.
    fn of(test: &TestDatabase) -> Self {
        drop(test.open_with_notes());
        let mut settings = test.settings();
        settings.pool_size = 1;
        let database = Database::open(&settings).unwrap();
        for id in [1, 2] {
            block_on(database.write(move |conn| add_note(conn, id))).unwrap();
        }
        Self { database, log: Arc::default() }
    }

    async fn look_up(&self, id: i64) -> Result<Option<i64>, String> {
        let key = NoteLookup { id, log: Arc::clone(&self.log) };
        self.database.look_up(key).await.map_err(|error| error.to_string())
    }

    fn statements(&self) -> Vec<Vec<i64>> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// Uses the only connection until the sender sends or is dropped.
    #[cfg(feature = "postgres")]
    fn hold(&self) -> (Sender<()>, impl Future<Output = Result<(), DatabaseError>>) {
        let (release, released) = channel();
        let holder = self.database.read(move |_| {
            let _ = released.recv();
            Ok(())
        });
        (release, holder)
    }

    /// Looks up all `ids` while the only connection is in use, so that they wait together.
    #[cfg(feature = "postgres")]
    fn look_up_together(&self, ids: &[i64]) -> Vec<Result<Option<i64>, String>> {
        let (release, holder) = self.hold();
        let asked = async {
            let asked = join_all(ids.iter().map(|id| self.look_up(*id)));
            // Polled after all of `asked`.
            join(asked, async { release.send(()).unwrap() }).await.0
        };
        let (held, found) = block_on(join(holder, asked));
        held.unwrap();
        found
    }
}

#[test]
fn a_row_is_found_or_not() {
    for test in TestDatabase::each() {
        let notes = Notes::of(&test);
        block_on(async {
            assert_eq!(notes.look_up(2).await, Ok(Some(2)));
            assert_eq!(notes.look_up(3).await, Ok(None));
        });
        assert_eq!(notes.statements(), [[2], [3]]);
    }
}

#[test]
fn a_write_is_seen_by_the_next_look_up() {
    for test in TestDatabase::each() {
        let notes = Notes::of(&test);
        block_on(async {
            assert_eq!(notes.look_up(7).await, Ok(None));
            notes.database.write(|conn| add_note(conn, 7)).await.unwrap();
            assert_eq!(notes.look_up(7).await, Ok(Some(7)));
        });
    }
}

#[test]
fn a_failure_is_an_error_and_the_next_look_up_works() {
    for test in TestDatabase::each() {
        let notes = Notes::of(&test);
        block_on(async {
            let error = notes.look_up(-1).await.unwrap_err();
            assert!(error.contains("no_such_table"), "{error}");
            assert_eq!(notes.look_up(1).await, Ok(Some(1)));
        });
    }
}

#[cfg(feature = "postgres")]
#[test]
fn look_ups_that_wait_share_a_statement() {
    let Some(test) = TestDatabase::postgres() else { return };
    let notes = Notes::of(&test);
    assert_eq!(notes.look_up_together(&[2, 3, 1, 2]), [Ok(Some(2)), Ok(None), Ok(Some(1)), Ok(Some(2))]);
    assert_eq!(notes.statements(), [[2, 3, 1, 2]]);
}

#[cfg(feature = "postgres")]
#[test]
fn a_failure_does_not_affect_the_other_look_ups() {
    let Some(test) = TestDatabase::postgres() else { return };
    let notes = Notes::of(&test);
    let mut found = notes.look_up_together(&[1, -1, 2]);
    let error = found.remove(1).unwrap_err();
    assert!(error.contains("no_such_table"), "{error}");
    assert_eq!(found, [Ok(Some(1)), Ok(Some(2))]);
    assert_eq!(notes.statements(), [vec![1, -1, 2], vec![1], vec![-1], vec![2]]);
}

#[cfg(feature = "postgres")]
#[test]
fn a_panic_does_not_affect_the_other_look_ups() {
    let Some(test) = TestDatabase::postgres() else { return };
    let notes = Notes::of(&test);
    let found = notes.look_up_together(&[1, -2]);
    assert_eq!(found[0], Ok(Some(1)));
    let error = found[1].clone().unwrap_err();
    assert_eq!(error, "a panic in code that uses the database: a panic on purpose");
    assert_eq!(block_on(notes.look_up(2)), Ok(Some(2)));
}

#[cfg(feature = "postgres")]
#[test]
fn a_look_up_without_a_caller_is_not_run() {
    let Some(test) = TestDatabase::postgres() else { return };
    let notes = Notes::of(&test);
    let (release, holder) = notes.hold();
    let asked = async {
        // Polled once, and dropped without a result.
        assert_eq!(notes.look_up(1).now_or_never(), None);
        // Polled while the connection is in use.
        join(notes.look_up(2), async { release.send(()).unwrap() }).await.0
    };
    let (held, found) = block_on(join(holder, asked));
    held.unwrap();
    assert_eq!(found, Ok(Some(2)));
    assert_eq!(notes.statements(), [[2]]);
}

#[cfg(feature = "postgres")]
#[test]
fn all_look_ups_are_unavailable_without_a_connection() {
    let Some(test) = TestDatabase::postgres() else { return };
    let mut settings = test.settings();
    settings.pool_size = 1;
    settings.pool_timeout = std::time::Duration::from_millis(100);
    drop(test.open_with_notes());
    let notes = Notes { database: Database::open(&settings).unwrap(), log: Arc::default() };
    connect(&notes.database);
    let (release, holder) = notes.hold();
    let asked = async {
        let found = join_all([notes.look_up(1), notes.look_up(2)]).await;
        release.send(()).unwrap();
        found
    };
    let (held, found) = block_on(join(holder, asked));
    held.unwrap();
    for outcome in found {
        assert_eq!(outcome.unwrap_err(), "database unavailable: no connection was free within 100ms");
    }
    assert_eq!(notes.statements(), Vec::<Vec<i64>>::new());
}

#[cfg(feature = "postgres")]
#[test]
fn the_number_of_look_ups_that_wait_is_limited_and_those_without_a_caller_do_not_count() {
    const LIMIT: i64 = 2_048;
    let Some(test) = TestDatabase::postgres() else { return };
    let notes = Notes::of(&test);
    let (release, holder) = notes.hold();
    let asked = async {
        let poll = |id| {
            let mut waiting = Box::pin(notes.look_up(id));
            assert_eq!((&mut waiting).now_or_never(), None);
            waiting
        };
        let mut waiting: Vec<_> = (0..LIMIT).map(poll).collect();
        let refused = notes.look_up(1).now_or_never().unwrap().unwrap_err();
        assert_eq!(refused, "database unavailable: 2048 look-ups are waiting already");
        waiting.truncate(1);
        let last = poll(2);
        release.send(()).unwrap();
        join(waiting.remove(0), last).await
    };
    let (held, found) = block_on(join(holder, asked));
    held.unwrap();
    assert_eq!(found, (Ok(None), Ok(Some(2))));
    assert_eq!(notes.statements(), [[0, 2]]);
}

#[cfg(feature = "postgres")]
#[test]
fn a_look_up_that_gets_no_session_is_refused_and_the_next_one_is_not() {
    let Some(test) = TestDatabase::postgres() else { return };
    let mut settings = test.settings();
    settings.pool_size = 1;
    settings.pool_timeout = std::time::Duration::from_secs(1);
    drop(test.open_with_notes());
    let notes = Notes { database: Database::open(&settings).unwrap(), log: Arc::default() };
    connect(&notes.database);
    let (release, holder) = notes.hold();
    let asked = async {
        let refused = notes.look_up(1).await;
        release.send(()).unwrap();
        refused
    };
    let (held, refused) = block_on(join(holder, asked));
    held.unwrap();
    assert_eq!(refused.unwrap_err(), "database unavailable: no connection was free within 1s");
    assert_eq!(block_on(notes.look_up(2)), Ok(None));
}
