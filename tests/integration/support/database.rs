//! A migrated database for one test, removed when the test ends.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix_simplejwt::db::migrations::MigrationPlan;
use actix_simplejwt::db::{Database, DatabaseSettings};
use actix_simplejwt::settings::APPS;
use diesel::connection::{Connection, SimpleConnection};
use diesel::dsl::sql;
use diesel::sql_types::Integer;
use diesel::{RunQueryDsl, sql_query};
use futures_util::future::{Either, select};
use tempfile::TempDir;

use super::server_address;

/// The database of one test.
pub struct TestDatabase {
    /// The settings to open it with.
    pub settings: DatabaseSettings,
    /// The same as a `DATABASE_URL`.
    pub url: String,
    _kept: Kept,
}

enum Kept {
    Folder(#[expect(dead_code, reason = "removes the folder when dropped")] TempDir),
    Schema { name: String, server: DatabaseSettings },
}

impl TestDatabase {
    /// A SQLite file: a copy of a file that is migrated once per process.
    pub fn sqlite() -> Self {
        static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            let folder = TempDir::new().unwrap();
            let file = folder.path().join("template.sqlite3");
            migrate(&sqlite_settings(&file));
            // Only one file is copied: everything must be in it.
            let mut conn = diesel::SqliteConnection::establish(&file.to_string_lossy()).unwrap();
            conn.batch_execute("PRAGMA journal_mode = DELETE").unwrap();
            std::fs::read(&file).unwrap()
        });
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("db.sqlite3");
        std::fs::write(&file, template).unwrap();
        let url = format!("sqlite://{}", file.display());
        Self { settings: sqlite_settings(&file), url, _kept: Kept::Folder(folder) }
    }

    /// A schema on the server of `TEST_DATABASE_URL`; `None` if the test is skipped.
    pub fn postgres() -> Option<Self> {
        let created = Self::schema(&server_address("TEST_DATABASE_URL")?);
        migrate(&created.settings);
        Some(created)
    }

    /// An empty database on the same engine.
    pub fn empty(&self) -> Self {
        match &self._kept {
            Kept::Folder(_) => {
                let folder = TempDir::new().unwrap();
                let file = folder.path().join("empty.sqlite3");
                let url = format!("sqlite://{}", file.display());
                Self { settings: sqlite_settings(&file), url, _kept: Kept::Folder(folder) }
            }
            Kept::Schema { .. } => Self::schema(&std::env::var("TEST_DATABASE_URL").unwrap()),
        }
    }

    fn schema(url: &str) -> Self {
        static COUNTER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let server = DatabaseSettings::new(url).unwrap();
        execute(&server, &format!("CREATE SCHEMA {name}"));
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}options=-csearch_path%3D{name}");
        let mut settings = DatabaseSettings::new(&url).unwrap();
        settings.pool_size = 4;
        Self { settings, url, _kept: Kept::Schema { name, server } }
    }

    /// Another client's connection to the same tables.
    pub fn connect(&self) -> Box<dyn SimpleConnection> {
        match self.url.strip_prefix("sqlite://") {
            Some(file) => Box::new(diesel::SqliteConnection::establish(file).unwrap()),
            None => Box::new(diesel::PgConnection::establish(&self.url).unwrap()),
        }
    }

    /// The output of `request`, which runs beside another transaction. That one has run `statements` and is committed as soon as
    /// the request waits for it. PostgreSQL only: on SQLite transactions that write do not overlap.
    pub async fn meet_transaction<T>(&self, statements: &str, request: impl Future<Output = T>) -> T {
        self.meet(statements, "COMMIT", request).await
    }

    /// Same as [`TestDatabase::meet_transaction`], but when the request waits, the other transaction runs `and_then`, which has
    /// to wait for the request. PostgreSQL ends the deadlock with an error in the request.
    pub async fn meet_deadlock<T>(&self, statements: &str, and_then: &str, request: impl Future<Output = T>) -> T {
        // The transaction of the request is the first one that checks for a deadlock.
        let statements = format!("SET LOCAL deadlock_timeout = '1h'; {statements}");
        self.meet(&statements, &format!("{and_then}; COMMIT"), request).await
    }

    async fn meet<T>(&self, statements: &str, end: &str, request: impl Future<Output = T>) -> T {
        let connect = || diesel::PgConnection::establish(&self.url).unwrap();
        let (mut other, mut watcher) = (connect(), connect());
        other.batch_execute(&format!("BEGIN; {statements}")).unwrap();
        let pid: i32 = diesel::select(sql::<Integer>("pg_backend_pid()")).get_result(&mut other).unwrap();
        let waits = format!("SELECT 1 FROM pg_stat_activity WHERE {pid} = ANY(pg_blocking_pids(pid))");
        let commit = async {
            let deadline = Instant::now() + Duration::from_secs(60);
            while sql_query(&waits).execute(&mut watcher).unwrap() == 0 {
                assert!(Instant::now() < deadline, "the request neither waits for the other transaction nor ends");
                tokio::task::yield_now().await;
            }
            other.batch_execute(end).unwrap();
        };
        match select(pin!(request), pin!(commit)).await {
            Either::Left(_) => panic!("the request did not wait for the other transaction"),
            Either::Right(((), request)) => request.await,
        }
    }

    /// The settings for the same server at another address.
    pub fn at(&self, address: SocketAddr) -> DatabaseSettings {
        let mut settings = DatabaseSettings::new(&self.url_at(&address.to_string())).unwrap();
        settings.pool_size = self.settings.pool_size;
        settings
    }

    /// The same, with a pool timeout that a test can wait for. A request that needs a new connection may get it too late on a busy
    /// machine, so wait for [`TestApp::connected`](super::TestApp::connected) first. No other time limit ends in a test.
    pub fn impatient_at(&self, address: SocketAddr) -> DatabaseSettings {
        let url = format!("{}&connect_timeout=60", self.url_at(&address.to_string()));
        let mut settings = DatabaseSettings::new(&url).unwrap();
        settings.pool_size = self.settings.pool_size;
        settings.pool_timeout = Duration::from_secs(1);
        settings.statement_timeout = Some(Duration::from_secs(3600));
        settings
    }

    /// The URL with another address, or several with commas between them.
    pub fn url_at(&self, address: &str) -> String {
        let (scheme, rest) = self.url.split_once("://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap();
        let login = authority.rsplit_once('@').map_or(String::new(), |(login, _)| format!("{login}@"));
        format!("{scheme}://{login}{address}/{path}")
    }

    /// The address in the URL, as `host:port`.
    pub fn address(&self) -> SocketAddr {
        let authority = self.url.split_once("://").unwrap().1.split('/').next().unwrap();
        let address = authority.rsplit('@').next().unwrap();
        let with_port = if address.contains(':') { address.to_owned() } else { format!("{address}:5432") };
        with_port.to_socket_addrs().unwrap().next().unwrap()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Self::Schema { name, server } = self {
            execute(server, &format!("DROP SCHEMA {name} CASCADE"));
        }
    }
}

fn sqlite_settings(file: &Path) -> DatabaseSettings {
    DatabaseSettings::new(&format!("sqlite://{}", file.display())).unwrap()
}

fn migrate(settings: &DatabaseSettings) {
    MigrationPlan::new(APPS.iter().flat_map(|app| app.migrations())).run(&Database::open(settings).unwrap()).unwrap();
}

fn execute(settings: &DatabaseSettings, sql: &str) {
    let database = Database::open(settings).unwrap();
    sql_query(sql).execute(&mut *database.connection().unwrap()).unwrap();
}
