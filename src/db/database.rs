//! The database of a server. Python counterpart: `django.db.connections["default"]`.

use std::fmt;
use std::sync::Arc;

use diesel::{RunQueryDsl, sql_query};

use super::open::open;
use super::{DatabaseError, DatabaseLoad, DatabaseSettings, DbConnection, Lookup};

/// The database of a server. Cheap to clone. It is closed when the last clone is dropped, after all queued writes.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    settings: Arc<DatabaseSettings>,
    engine: Engine,
}

enum Engine {
    #[cfg(feature = "sqlite")]
    Sqlite { readers: super::sqlite::readers::Readers, writer: super::sqlite::writer::Writer },
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::pool::PostgresPool),
}

impl Database {
    /// Connects once, so that an unusable database is reported at the start.
    ///
    /// A SQLite file that does not exist is created, as by Django. Its directory must exist.
    ///
    /// # Errors
    /// Returns [`DatabaseError::Unavailable`], with the address but without the password.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, DatabaseError> {
        let settings = Arc::new(settings.clone());
        let engine = match open(&settings)? {
            #[cfg(feature = "sqlite")]
            conn @ DbConnection::Sqlite(_) => Engine::Sqlite {
                readers: super::sqlite::readers::Readers::new(Arc::clone(&settings)),
                writer: super::sqlite::writer::Writer::start(Arc::clone(&settings), conn)?,
            },
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(_) => Engine::Postgres(super::postgres::pool::PostgresPool::new(&settings)),
        };
        Ok(Self(Arc::new(Inner { settings, engine })))
    }

    /// Runs `f`, which reads a few rows by short statements. It sees every write that has been answered.
    ///
    /// On SQLite `f` runs on the calling thread in a transaction, unless it would have to wait. A write in it fails. On
    /// PostgreSQL each statement is independent, so open a transaction of diesel in `f` if several statements must see the same
    /// state.
    ///
    /// # Errors
    /// Returns the errors of `f`, and [`DatabaseError`] if there is no connection or `f` panicked.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        match &self.0.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite { readers, .. } => readers.read(f).await,
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => pool.read(f).await,
        }
    }

    /// Runs `f`, which reads and may take longer: a page, a list. It sees every write that has been answered.
    ///
    /// `f` runs on a thread that may block. The number of such queries at a time is limited, and so is the number that wait.
    ///
    /// # Errors
    /// Returns the errors of `f`, and [`DatabaseError`] if too many queries wait, there is no connection within
    /// `DATABASE_POOL_TIMEOUT`, or `f` panicked.
    pub async fn query<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        match &self.0.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite { readers, .. } => readers.query(f).await,
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => pool.query(f).await,
        }
    }

    /// The row of `key`. It sees every write that has been answered. On PostgreSQL simultaneous look-ups share a statement.
    ///
    /// # Errors
    /// Returns [`DatabaseError`] if there is no connection or the statement failed.
    pub async fn look_up<L: Lookup>(&self, key: L) -> Result<Option<L::Found>, DatabaseError> {
        match &self.0.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite { readers, .. } => readers.look_up(key).await,
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => pool.look_up(key).await,
        }
    }

    /// Runs `f` in one transaction, which is committed if `f` returns `Ok` and rolled back if it returns `Err`. When the future
    /// resolves with `Ok`, the write is durable.
    ///
    /// `f` must be quick: on SQLite all writes of the process run on one thread, and several may share a commit. Check in `f`
    /// everything the write depends on, such as that the user still exists: foreign keys are checked at the commit, and on
    /// SQLite a violation makes all writes that share the commit unavailable.
    ///
    /// If the future is dropped before `f` has begun, `f` does not run. If it is dropped later, `f` is committed.
    ///
    /// # Errors
    /// Returns the errors of `f`, and [`DatabaseError`]. Nothing was written then.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        match &self.0.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite { writer, .. } => writer.run(f).await,
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => pool.write(f).await,
        }
    }

    /// A new connection, for callers that may block, such as management commands. It does not count towards
    /// `DATABASE_POOL_SIZE`, and its statements may take as long as they need. Write on it in a
    /// [`transaction`](super::transaction).
    ///
    /// # Errors
    /// Returns an error if the database cannot be reached.
    pub fn connection(&self) -> Result<Box<DbConnection>, DatabaseError> {
        open(&DatabaseSettings { statement_timeout: None, ..self.settings().clone() }).map(Box::new)
    }

    /// Runs a statement, for health checks.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        self.read(|conn| sql_query("SELECT 1").execute(conn).map(drop).map_err(DatabaseError::from)).await
    }

    /// How busy it is now.
    #[must_use]
    pub fn load(&self) -> DatabaseLoad {
        match &self.0.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite { readers, writer, .. } => {
                DatabaseLoad { waiting: readers.waiting() + writer.waiting(), connections: 0, idle: 0 }
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => pool.load(),
        }
    }

    /// The settings it was opened with.
    #[must_use]
    pub fn settings(&self) -> &DatabaseSettings {
        &self.0.settings
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.settings().url)
    }
}
