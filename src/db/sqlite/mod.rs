//! SQLite. Python counterpart: `django.db.backends.sqlite3`.

mod lookups;
pub(super) mod readers;
pub(super) mod writer;

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, Connection, SimpleConnection, TransactionManager};
use diesel::{QueryResult, SqliteConnection};

use super::{DatabaseSettings, Synchronous};

/// What SQLite says when it may not write.
const READ_ONLY: &str = "attempt to write a readonly database";

/// Memory that a connection may use for pages of the file, KiB: twice SQLite's own 2,000. Among a million users and tokens
/// each request needs pages of its own, and one that is not in memory is a system call.
const CACHE: u32 = 4_096;

/// A connection, set up.
///
/// While the file cannot be written this gives one that can read, so that a server starts and serves what needs no write.
/// It would stay as it is when the file can be written again, and keep others of this process from writing. So it is born
/// in a transaction: what is left in one is closed after its first use.
pub(super) fn open(path: &Path, settings: &DatabaseSettings) -> Result<SqliteConnection, String> {
    // With a `./` in front no path is taken for one of SQLite's `file:` URLs.
    let file = if path.is_relative() { Path::new(".").join(path) } else { path.to_owned() };
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).map_err(|error| error.to_string())?;
    match set_up(&mut conn, settings).map_err(|error| error.to_string()) {
        Ok(Access::Write) => return Ok(conn),
        Ok(Access::Read) => {}
        Err(error) if is_kept_from_its_log(&file, &error) => {
            conn = SqliteConnection::establish(&url(&file, "immutable=1")).map_err(|error| error.to_string())?;
        }
        Err(error) => return Err(error),
    }
    AnsiTransactionManager::begin_transaction(&mut conn).map_err(|error| error.to_string())?;
    Ok(conn)
}

/// A connection that cannot write, to a file that exists. Its journal mode stays as it is.
pub(super) fn open_read_only(path: &Path, settings: &DatabaseSettings) -> Result<SqliteConnection, String> {
    let mut conn = SqliteConnection::establish(&url(path, "mode=ro")).map_err(|error| error.to_string())?;
    let patience = settings.sqlite_busy_timeout.as_millis();
    conn.batch_execute(&format!("PRAGMA busy_timeout = {patience}")).map_err(|error| error.to_string())?;
    Ok(conn)
}

fn url(path: &Path, parameters: &str) -> String {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?{parameters}")
}

/// Whether `error` means that the folder is read-only or full: a file in WAL mode can then not even be read, since SQLite
/// makes two files beside it first. When there is something in them already it counts, and this is no help.
fn is_kept_from_its_log(file: &Path, error: &str) -> bool {
    let beside = |suffix: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        Path::new(&name).metadata().is_ok_and(|found| found.len() > 0)
    };
    let errors = [READ_ONLY, "unable to open database file", "disk I/O error"];
    errors.contains(&error) && file.is_file() && !beside("-wal") && !beside("-journal")
}

/// What a connection can do.
enum Access {
    Write,
    Read,
}

fn set_up(conn: &mut SqliteConnection, settings: &DatabaseSettings) -> QueryResult<Access> {
    let patience = settings.sqlite_busy_timeout;
    let synchronous = match settings.sqlite_synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; \
         PRAGMA cache_size = -{CACHE};",
        patience.as_millis(),
    ))?;
    // In WAL readers and the writer do not wait for each other. The file keeps it, so this does something once; when
    // others use the file at that moment SQLite refuses at once, whatever `busy_timeout` says.
    let deadline = Instant::now() + patience;
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Ok(()) => break,
            Err(error) if error.to_string() == "database is locked" && Instant::now() < deadline => {
                sleep(Duration::from_millis(5));
            }
            Err(error) if error.to_string() == READ_ONLY => {
                return conn.batch_execute("PRAGMA schema_version").map(|()| Access::Read);
            }
            Err(error) => return Err(error),
        }
    }
    // `BEGIN IMMEDIATE` would succeed. This begins to write and then does nothing, or frees one page when `auto_vacuum`
    // is on. Whether somebody else is writing is not asked here.
    let attempt = conn.batch_execute("PRAGMA busy_timeout = 0; PRAGMA incremental_vacuum(1)");
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", patience.as_millis()))?;
    let is_read_only = attempt.is_err_and(|error| error.to_string() == READ_ONLY);
    Ok(if is_read_only { Access::Read } else { Access::Write })
}
