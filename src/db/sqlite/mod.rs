//! SQLite. Python counterpart: `django.db.backends.sqlite3`.

pub(super) mod readers;
pub(super) mod writer;

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use diesel::connection::{Connection, SimpleConnection};
use diesel::{QueryResult, SqliteConnection};

use super::{DatabaseSettings, Synchronous};

/// A connection, set up.
pub(super) fn open(path: &Path, settings: &DatabaseSettings) -> Result<SqliteConnection, String> {
    // With a `./` in front no path is taken for one of SQLite's `file:` URLs.
    let file = if path.is_relative() { Path::new(".").join(path) } else { path.to_owned() };
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).map_err(|error| error.to_string())?;
    set_up(&mut conn, settings).map_err(|error| error.to_string())?;
    Ok(conn)
}

/// A connection that cannot write, to a file that exists. Its journal mode stays as it is.
pub(super) fn open_read_only(path: &Path, settings: &DatabaseSettings) -> Result<SqliteConnection, String> {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let mut conn = SqliteConnection::establish(&format!("file:{path}?mode=ro")).map_err(|error| error.to_string())?;
    let patience = settings.sqlite_busy_timeout.as_millis();
    conn.batch_execute(&format!("PRAGMA busy_timeout = {patience}")).map_err(|error| error.to_string())?;
    Ok(conn)
}

fn set_up(conn: &mut SqliteConnection, settings: &DatabaseSettings) -> QueryResult<()> {
    let patience = settings.sqlite_busy_timeout;
    let synchronous = match settings.sqlite_synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA synchronous = {synchronous}; PRAGMA foreign_keys = ON;",
        patience.as_millis(),
    ))?;
    // In WAL readers and the writer do not wait for each other. The file keeps it, so this does something once; when
    // others use the file at that moment SQLite refuses at once, whatever `busy_timeout` says.
    let deadline = Instant::now() + patience;
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if error.to_string() == "database is locked" && Instant::now() < deadline => {
                sleep(Duration::from_millis(5));
            }
            result => return result,
        }
    }
}
