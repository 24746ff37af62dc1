//! The door to the database. Python counterpart: `django.db.connections["default"]`.

use std::fmt;
use std::sync::Arc;

use diesel::{RunQueryDsl, sql_query};

use super::manager::{ConnectionManager, PooledConnection};
use super::{DatabaseError, DatabaseSettings, DbConnection, Lookup};

/// How busy the database is, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatabaseLoad {
    /// Requests that use the database or wait for their turn; on SQLite only those that write.
    pub waiting: usize,
    /// Connections of the pool. SQLite has none.
    pub connections: usize,
    /// Those of them that nobody uses.
    pub idle: usize,
}

/// The database of a server. Cheap to clone; closed when the last clone is gone, and then every write that was queued
/// is done.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    manager: ConnectionManager,
    engine: Engine,
}

enum Engine {
    #[cfg(feature = "sqlite")]
    Sqlite {
        readers: super::sqlite::readers::Readers,
        writer: super::sqlite::writer::Writer,
        /// For management commands only, so that a server does not start its threads.
        pool: std::sync::OnceLock<diesel::r2d2::Pool<ConnectionManager>>,
    },
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::pool::PostgresPool),
}

impl Database {
    /// Connects once, to report an unusable database at start and at once.
    ///
    /// A SQLite file that does not exist is made, as Django does; its directory must exist.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`], with the address but without the password.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, DatabaseError> {
        let manager = ConnectionManager::new(settings.clone());
        let engine = match manager.open()? {
            #[cfg(feature = "sqlite")]
            conn @ DbConnection::Sqlite(_) => Engine::Sqlite {
                readers: super::sqlite::readers::Readers::new(manager.clone()),
                writer: super::sqlite::writer::Writer::start(manager.clone(), conn)?,
                pool: std::sync::OnceLock::new(),
            },
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(_) => Engine::Postgres(super::postgres::pool::PostgresPool::new(&manager)),
        };
        Ok(Self(Arc::new(Inner { manager, engine })))
    }

    /// Runs `f`, which reads. It sees every write that was answered before.
    ///
    /// Each statement stands alone; for several that must see the same moment, open a transaction in `f`, and the one
    /// of diesel: [`transaction`](super::transaction) would wait for the writers. On SQLite `f` runs on the calling
    /// thread and a write in it fails.
    ///
    /// # Errors
    /// Those of `f`, and [`DatabaseError`] when there is no connection or `f` panicked.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        match &self.0.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite { readers, .. } => readers.run(f),
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => pool.read(f).await,
        }
    }

    /// The row that `key` names. It sees every write that was answered before. Those that are asked for at the same time
    /// may share a statement.
    ///
    /// # Errors
    /// [`DatabaseError`], when there is no connection or the statement failed.
    pub async fn look_up<L: Lookup>(&self, key: L) -> Result<Option<L::Found>, DatabaseError> {
        match &self.0.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite { readers, .. } => readers.look_up(key).await,
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => pool.look_up(key).await,
        }
    }

    /// Runs `f` in one transaction: committed when it answers `Ok`, rolled back when it answers `Err`. When the future
    /// resolves with `Ok`, the write is durable.
    ///
    /// `f` must be quick: on SQLite all writes of the process pass through one thread, and several may share a commit.
    /// Check in `f` whatever the write relies on, such as that the user still exists: Django's foreign keys are checked
    /// at the commit, and on SQLite one that fails there makes all writes that share it unavailable.
    ///
    /// A future that is dropped before `f` has begun takes `f` back; later it is too late, and `f` is committed.
    ///
    /// # Errors
    /// Those of `f`; else [`DatabaseError`], and then nothing was written.
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

    /// A connection of the pool, for management commands and others that may block. Write on it in a
    /// [`transaction`](super::transaction).
    ///
    /// # Errors
    /// When there is none within `DATABASE_POOL_TIMEOUT`.
    pub fn connection(&self) -> Result<PooledConnection, DatabaseError> {
        match &self.0.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite { pool, .. } => {
                let pool = pool.get_or_init(|| self.0.manager.pool());
                super::manager::get(pool)
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => pool.get(),
        }
    }

    /// Asks the database for an answer, for health checks.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ping(&self) -> Result<(), DatabaseError> {
        self.read(|conn| sql_query("SELECT 1").execute(conn).map(drop).map_err(DatabaseError::from)).await
    }

    /// How busy it is at this moment.
    #[must_use]
    pub fn load(&self) -> DatabaseLoad {
        match &self.0.engine {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite { writer, .. } => DatabaseLoad { waiting: writer.waiting(), connections: 0, idle: 0 },
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => pool.load(),
        }
    }

    /// The settings it was opened with.
    #[must_use]
    pub fn settings(&self) -> &DatabaseSettings {
        self.0.manager.settings()
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.settings().url)
    }
}
