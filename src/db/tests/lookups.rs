//! Look-ups: alone, together, and what one does to the others.

#[cfg(feature = "postgres")]
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
#[cfg(feature = "sqlite")]
use std::task::{Context, Waker};

use diesel::sql_types::BigInt;
use diesel::{QueryResult, RunQueryDsl, sql_query};
use futures_util::FutureExt;
use futures_util::future::{join, join_all};

use super::super::{Database, DbConnection, Lookup};
use super::support::{TestDatabase, add_note, block_on};

/// Asks for the note with this id. -1 is a statement that fails, -2 a panic; -3 has another process add note 9.
struct NoteLookup {
    id: i64,
    /// The ids of each statement.
    log: Arc<Mutex<Vec<Vec<i64>>>>,
    /// The database as another process sees it.
    elsewhere: Option<Database>,
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
        if let Some(elsewhere) = self.elsewhere.as_ref().filter(|_| self.id == -3) {
            let added = crate::db::transaction(&mut elsewhere.connection().unwrap(), |conn| add_note(conn, 9));
            added.unwrap();
        }
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
    elsewhere: Option<Database>,
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
        Self { database, log: Arc::default(), elsewhere: None }
    }

    async fn look_up(&self, id: i64) -> Result<Option<i64>, String> {
        let key = NoteLookup { id, log: Arc::clone(&self.log), elsewhere: self.elsewhere.clone() };
        self.database.look_up(key).await.map_err(|error| error.to_string())
    }

    fn statements(&self) -> Vec<Vec<i64>> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// Looks up all of `ids` while the one connection is in use, so that they wait together.
    #[cfg(feature = "postgres")]
    fn look_up_together(&self, ids: &[i64]) -> Vec<Result<Option<i64>, String>> {
        let (release, released) = channel::<()>();
        let holder = self.database.read(move |_| {
            // An error means that the test has ended already.
            released.recv().map_err(|_| super::super::DatabaseError::Unavailable("nobody waits".to_owned()))
        });
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
fn those_that_wait_share_a_statement() {
    let Some(test) = TestDatabase::postgres() else { return };
    let notes = Notes::of(&test);
    assert_eq!(notes.look_up_together(&[2, 3, 1, 2]), [Ok(Some(2)), Ok(None), Ok(Some(1)), Ok(Some(2))]);
    assert_eq!(notes.statements(), [[2, 3, 1, 2]]);
}

#[cfg(feature = "postgres")]
#[test]
fn one_that_fails_spoils_no_other() {
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
fn a_panic_spoils_no_other_and_the_next_look_up_works() {
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
fn nobody_is_asked_about_who_has_gone() {
    let Some(test) = TestDatabase::postgres() else { return };
    let notes = Notes::of(&test);
    let (release, released) = channel::<()>();
    let holder = notes.database.read(move |_| {
        released.recv().map_err(|_| super::super::DatabaseError::Unavailable("nobody waits".to_owned()))
    });
    let asked = async {
        // Asked once, and dropped without an answer.
        assert_eq!(notes.look_up(1).now_or_never(), None);
        // Asked while the connection is held, and polled before it is released.
        join(notes.look_up(2), async { release.send(()).unwrap() }).await.0
    };
    let (held, found) = block_on(join(holder, asked));
    held.unwrap();
    assert_eq!(found, Ok(Some(2)));
    assert_eq!(notes.statements(), [[2]]);
}

#[cfg(feature = "postgres")]
#[test]
fn without_a_connection_all_are_unavailable() {
    let Some(test) = TestDatabase::postgres() else { return };
    let mut settings = test.settings();
    settings.pool_size = 1;
    settings.pool_timeout = std::time::Duration::from_millis(100);
    drop(test.open_with_notes());
    let notes = Notes { database: Database::open(&settings).unwrap(), log: Arc::default(), elsewhere: None };
    let _held = notes.database.connection().unwrap();
    let found = block_on(join_all([notes.look_up(1), notes.look_up(2)]));
    for outcome in found {
        let error = outcome.unwrap_err();
        assert!(error.starts_with("database unavailable: "), "{error}");
    }
    assert_eq!(notes.statements(), Vec::<Vec<i64>>::new());
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::*;

    fn notes() -> (TestDatabase, Notes) {
        let test = TestDatabase::sqlite();
        let mut notes = Notes::of(&test);
        notes.elsewhere = Some(test.open());
        (test, notes)
    }

    /// The first look-up of a thread waits for others, to see how many there are.
    fn together(notes: &Notes, ids: &[i64]) -> Vec<Result<Option<i64>, String>> {
        block_on(join_all(ids.iter().map(|id| notes.look_up(*id))))
    }

    #[test]
    fn those_that_are_asked_together_see_the_same_moment() {
        let (_test, notes) = notes();
        assert_eq!(together(&notes, &[1, -3, 9, 2]), [Ok(Some(1)), Ok(None), Ok(None), Ok(Some(2))]);
        assert_eq!(notes.statements(), [[1], [-3], [9], [2]]);
        assert_eq!(block_on(notes.look_up(9)), Ok(Some(9)));
    }

    #[test]
    fn many_wait_for_each_other_and_few_do_not() {
        let (_test, notes) = notes();
        let starts_at_once = || block_on(async { notes.look_up(1).now_or_never().is_some() });
        for _ in 0..2 {
            assert!(together(&notes, &[1; 20]).iter().all(|found| *found == Ok(Some(1))));
            assert!(!starts_at_once());
        }
        // A small batch among large ones changes nothing, two do.
        assert_eq!(together(&notes, &[2]), [Ok(Some(2))]);
        assert!(!starts_at_once());
        assert_eq!(together(&notes, &[2]), [Ok(Some(2))]);
        assert!(starts_at_once());
        // Until the next time that all are counted.
        assert!((0..600).any(|_| !starts_at_once()));
    }

    #[test]
    fn a_look_up_that_was_polled_twice_still_waits() {
        let (_test, notes) = notes();
        let found = block_on(async {
            let mut first = Box::pin(notes.look_up(1));
            let mut nobody = Context::from_waker(Waker::noop());
            assert!(first.as_mut().poll(&mut nobody).is_pending());
            assert!(first.as_mut().poll(&mut nobody).is_pending());
            join(first, notes.look_up(2)).await
        });
        assert_eq!(found, (Ok(Some(1)), Ok(Some(2))));
        assert_eq!(notes.statements(), [[1], [2]]);
    }

    #[test]
    fn a_failure_and_a_panic_spoil_no_other() {
        let (_test, notes) = notes();
        let mut found = together(&notes, &[1, -1, -2, 2]);
        assert_eq!(found.remove(2), Err("a panic in code that uses the database: a panic on purpose".to_owned()));
        let error = found.remove(1).unwrap_err();
        assert!(error.contains("no_such_table"), "{error}");
        assert_eq!(found, [Ok(Some(1)), Ok(Some(2))]);
        assert_eq!(block_on(notes.look_up(2)), Ok(Some(2)));
    }

    #[test]
    fn nobody_is_asked_about_who_has_gone() {
        let (_test, notes) = notes();
        let found = block_on(async {
            // Asked once, and dropped without an answer.
            assert_eq!(notes.look_up(1).now_or_never(), None);
            notes.look_up(2).await
        });
        assert_eq!(found, Ok(Some(2)));
        assert_eq!(notes.statements(), [[2]]);
    }

    #[test]
    fn without_a_runtime_nobody_waits_for_ever() {
        let (_test, notes) = notes();
        let mut look_up = Box::pin(notes.look_up(1));
        let mut nobody = Context::from_waker(Waker::noop());
        assert!(look_up.as_mut().poll(&mut nobody).is_pending());
        assert_eq!(look_up.as_mut().poll(&mut nobody), std::task::Poll::Ready(Ok(Some(1))));
    }
}
