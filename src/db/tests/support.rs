//! A database for each test, and a small table to write to.

use std::future::Future;
#[cfg(feature = "postgres")]
use std::io::Write;

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use super::super::{Database, DatabaseError, DatabaseSettings, DbConnection};
use crate::settings::all_migrations;

/// A separate database; removed when dropped.
pub struct TestDatabase {
    pub url: String,
    schema: Option<(String, String)>,
    _directory: tempfile::TempDir,
}

impl TestDatabase {
    #[cfg(feature = "sqlite")]
    pub fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("db.sqlite3").display());
        Self { url, schema: None, _directory: directory }
    }

    /// A schema in the database of `TEST_DATABASE_URL`, if there is one.
    #[cfg(feature = "postgres")]
    pub fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
            assert!(std::env::var_os("CI").is_none(), "TEST_DATABASE_URL is not set, and CI runs every test");
            let test = std::thread::current().name().map(str::to_owned).unwrap_or_default();
            // `eprintln!` would be captured.
            std::io::stderr()
                .write_all(format!("SKIPPED on PostgreSQL: {test}: TEST_DATABASE_URL is not set\n").as_bytes())
                .unwrap();
            return None;
        };
        let schema = format!("test_{}", uuid::Uuid::new_v4().simple());
        let database = Database::open(&DatabaseSettings::new(&server).unwrap()).unwrap();
        database.connection().unwrap().batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}options=-csearch_path%3D{schema}");
        Some(Self { url, schema: Some((server, schema)), _directory: tempfile::tempdir().unwrap() })
    }

    /// One database of each available kind.
    pub fn each() -> Vec<Self> {
        #[cfg(feature = "sqlite")]
        let sqlite = Some(Self::sqlite());
        #[cfg(not(feature = "sqlite"))]
        let sqlite = None;
        #[cfg(feature = "postgres")]
        let postgres = Self::postgres();
        #[cfg(not(feature = "postgres"))]
        let postgres = None;
        [sqlite, postgres].into_iter().flatten().collect()
    }

    pub fn settings(&self) -> DatabaseSettings {
        DatabaseSettings::new(&self.url).unwrap()
    }

    /// Opens it as a server would.
    pub fn open(&self) -> Database {
        Database::open(&self.settings()).unwrap()
    }

    /// Opens it with the table `note (text)`, whose texts are unique.
    pub fn open_with_notes(&self) -> Database {
        let database = self.open();
        let table = "CREATE TABLE note (id integer PRIMARY KEY, text varchar(100) NOT NULL UNIQUE)";
        database.connection().unwrap().batch_execute(table).unwrap();
        database
    }

    /// Opens it with Django's tables.
    pub fn open_migrated(&self) -> Database {
        let database = self.open();
        all_migrations().migrate(&mut database.connection().unwrap(), chrono::Utc::now()).unwrap();
        database
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some((server, schema)) = &self.schema {
            let database = Database::open(&DatabaseSettings::new(server).unwrap()).unwrap();
            database.connection().unwrap().batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).unwrap();
        }
    }
}

/// Returns when a query has had a connection, which the pool keeps. Tests with a short pool timeout begin with this, because
/// connecting alone may take longer on a busy machine.
#[cfg(feature = "postgres")]
pub fn connect(database: &Database) {
    while block_on(database.query(|_| Ok::<_, DatabaseError>(()))).is_err() {}
}

/// Runs a future as a worker of the server does.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

#[derive(diesel::QueryableByName)]
struct Value {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(diesel::QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The number that `SELECT … AS value` answers.
pub fn number(conn: &mut DbConnection, query: &str) -> Result<i64, DatabaseError> {
    Ok(sql_query(query).get_result::<Value>(conn)?.value)
}

/// The text that `SELECT … AS value` answers.
pub fn text(conn: &mut DbConnection, query: &str) -> String {
    sql_query(query).get_result::<Words>(conn).unwrap().value
}

/// Writes one row.
pub fn add_note(conn: &mut DbConnection, id: i64) -> Result<(), DatabaseError> {
    sql_query(format!("INSERT INTO note (id, text) VALUES ({id}, 'note {id}')")).execute(conn)?;
    Ok(())
}

/// The ids of all rows, in order and with commas.
pub fn notes(conn: &mut DbConnection) -> Result<String, DatabaseError> {
    let rows = sql_query("SELECT CAST(id AS text) AS value FROM note ORDER BY id").load::<Words>(conn)?;
    Ok(rows.into_iter().map(|row| row.value).collect::<Vec<_>>().join(","))
}
