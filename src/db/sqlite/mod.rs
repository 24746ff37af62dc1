//! SQLite. Python counterpart: `django.db.backends.sqlite3`.

pub(super) mod readers;
pub(super) mod writer;

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, Connection, SimpleConnection, TransactionManager};
use diesel::{ConnectionError, QueryResult, SqliteConnection};

use super::{DatabaseSettings, Synchronous};

/// The error of SQLite if it may not write.
const READ_ONLY: &str = "attempt to write a readonly database";

/// The page cache of a connection in KiB. The default of SQLite is 2,000. With a million users and tokens each request needs
/// different pages, and reading one from the file is a system call.
const CACHE: u32 = 4_096;

/// A new connection with all its settings.
///
/// If the file cannot be written, the connection can only read, so that a server starts and answers requests that do not write.
/// Such a connection must not be kept until the file can be written again, because it would prevent other connections of this
/// process from writing. So it is opened in a transaction: connections in a transaction are closed after their first use.
pub(super) fn open(path: &Path, settings: &DatabaseSettings) -> Result<SqliteConnection, String> {
    // With `./` at the beginning SQLite does not take the path for a `file:` URL.
    let file = if path.is_relative() { Path::new(".").join(path) } else { path.to_owned() };
    // If this fails, SQLite reports the same error.
    let _ = create_private(&file);
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).map_err(|error| explained(&file, &error))?;
    match set_up(&mut conn, settings).map_err(|error| error.to_string()) {
        Ok(AccessMode::Write) => return Ok(conn),
        Ok(AccessMode::Read) => {}
        Err(error) if is_unwritable_folder(&file, &error) => {
            conn = SqliteConnection::establish(&url(&file, "immutable=1")).map_err(|error| error.to_string())?;
        }
        Err(error) => return Err(error),
    }
    AnsiTransactionManager::begin_transaction(&mut conn).map_err(|error| error.to_string())?;
    Ok(conn)
}

/// Creates a missing file with mode 0600, readable only by its owner, because it has password hashes and tokens. SQLite
/// would let everyone read it. The files that SQLite makes next to it get the same mode.
fn create_private(file: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

/// `error`, with the reason of the operating system, which SQLite does not tell.
fn explained(file: &Path, error: &ConnectionError) -> String {
    let folder = file.parent().filter(|folder| !folder.is_dir());
    let reason = match folder {
        Some(folder) => Some(format!("there is no folder {}", folder.display())),
        None if file.exists() => {
            std::fs::OpenOptions::new().write(true).open(file).err().map(|error| error.to_string())
        }
        None => create_private(file).err().map(|error| error.to_string()),
    };
    reason.map_or_else(|| error.to_string(), |reason| format!("{error}: {reason}"))
}

/// A connection that cannot write, to an existing file. The journal mode is not changed.
pub(super) fn open_read_only(path: &Path, settings: &DatabaseSettings) -> Result<SqliteConnection, String> {
    let mut conn = SqliteConnection::establish(&url(path, "mode=ro")).map_err(|error| error.to_string())?;
    let busy_timeout = settings.sqlite_busy_timeout.as_millis();
    conn.batch_execute(&format!("PRAGMA busy_timeout = {busy_timeout}")).map_err(|error| error.to_string())?;
    Ok(conn)
}

fn url(path: &Path, parameters: &str) -> String {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?{parameters}")
}

/// Whether `error` means that the folder is read-only or full. A file in WAL mode can then not even be read, because SQLite
/// creates two files next to it. If these already contain data, the file cannot be read without them.
fn is_unwritable_folder(file: &Path, error: &str) -> bool {
    let has_data = |suffix: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        Path::new(&name).metadata().is_ok_and(|found| found.len() > 0)
    };
    let errors = [READ_ONLY, "unable to open database file", "disk I/O error"];
    errors.contains(&error) && file.is_file() && !has_data("-wal") && !has_data("-journal")
}

/// The rights of a connection.
enum AccessMode {
    Write,
    Read,
}

fn set_up(conn: &mut SqliteConnection, settings: &DatabaseSettings) -> QueryResult<AccessMode> {
    let busy_timeout = settings.sqlite_busy_timeout;
    let synchronous = match settings.sqlite_synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON; \
         PRAGMA cache_size = -{CACHE};",
        busy_timeout.as_millis(),
    ))?;
    // In WAL mode readers and the writer do not wait for each other. The file keeps the mode, so this changes it once. If other
    // connections use the file at that moment, SQLite fails immediately, and `busy_timeout` has no effect.
    let deadline = Instant::now() + busy_timeout;
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Ok(()) => break,
            Err(error) if error.to_string() == "database is locked" && Instant::now() < deadline => {
                sleep(Duration::from_millis(5));
            }
            Err(error) if error.to_string() == READ_ONLY => {
                return conn.batch_execute("PRAGMA schema_version").map(|()| AccessMode::Read);
            }
            Err(error) => return Err(error),
        }
    }
    // `BEGIN IMMEDIATE` would succeed. This begins to write and then does nothing, or frees one page if `auto_vacuum` is on.
    // It does not fail if another connection writes.
    let attempt = conn.batch_execute("PRAGMA busy_timeout = 0; PRAGMA incremental_vacuum(1)");
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", busy_timeout.as_millis()))?;
    let is_read_only = attempt.is_err_and(|error| error.to_string() == READ_ONLY);
    Ok(if is_read_only { AccessMode::Read } else { AccessMode::Write })
}
