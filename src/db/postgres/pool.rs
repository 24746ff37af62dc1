//! PostgreSQL: connections from a pool, closures on threads that may wait for the network.

use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::Pool;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::super::connection::{begin, finish};
use super::super::manager::{ConnectionManager, PooledConnection, get};
use super::super::waiting::Waiting;
use super::super::{DatabaseError, DatabaseLoad, DbConnection, Lookup};
use super::lookups::Lookups;

/// The connections of one database.
pub(in crate::db) struct PostgresPool {
    pool: Pool<ConnectionManager>,
    /// As many as connections. Who waits for one waits here, where it costs no thread.
    turns: Arc<Semaphore>,
    /// How long to wait, here and for a connection.
    patience: Duration,
    /// How long a caller waits in all. What is still under way then goes on without one.
    limit: Option<Duration>,
    waiting: Waiting,
    lookups: Lookups,
}

impl PostgresPool {
    pub(in crate::db) fn new(manager: &ConnectionManager) -> Self {
        let settings = manager.settings();
        let turns = Arc::new(Semaphore::new(settings.pool_size as usize));
        let patience = settings.pool_timeout;
        let limit = settings.statement_timeout.map(|statement| statement + patience);
        Self { pool: manager.pool(), turns, patience, limit, waiting: Waiting::default(), lookups: Lookups::default() }
    }

    /// A connection for whoever may block.
    pub(in crate::db) fn get(&self) -> Result<PooledConnection, DatabaseError> {
        get(&self.pool)
    }

    pub(in crate::db) fn load(&self) -> DatabaseLoad {
        let state = self.pool.state();
        DatabaseLoad {
            waiting: self.waiting.count(),
            connections: state.connections as usize,
            idle: state.idle_connections as usize,
        }
    }

    pub(in crate::db) async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        self.run(|pool| f(&mut *get(pool)?)).await
    }

    pub(in crate::db) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        self.run(|pool| {
            let mut conn = get(pool)?;
            let level = match begin(&mut conn).map_err(DatabaseError::from) {
                // Nothing has happened yet, so a connection that died unnoticed may be replaced.
                Err(DatabaseError::Unavailable(_)) => {
                    drop(conn);
                    conn = get(pool)?;
                    begin(&mut conn).map_err(DatabaseError::from)?
                }
                result => result?,
            };
            finish(&mut conn, level, f)
        })
        .await
    }

    pub(in crate::db) async fn look_up<L: Lookup>(&self, key: L) -> Result<Option<L::Found>, DatabaseError> {
        let _place = self.waiting.enter();
        let answer = self.lookups.ask(key, &self.pool);
        let answered = match self.limit {
            None => answer.await,
            Some(limit) => timeout(limit, answer).await.map_err(|_| no_answer(limit))?,
        };
        answered.unwrap_or_else(|_| Err(DatabaseError::Unavailable("the server is stopping".to_owned())))
    }

    async fn run<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&Pool<ConnectionManager>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let _place = self.waiting.enter();
        let turn = self.turn().await?;
        let pool = self.pool.clone();
        let work = spawn_blocking(move || {
            let result = f(&pool);
            // Not before the connection is back.
            drop(turn);
            result
        });
        let joined = match self.limit {
            None => work.await,
            // `statement_timeout` is kept by the server. One that is frozen, or behind a network that swallows packets,
            // does not keep it, and libpq would wait for ever.
            Some(limit) => match timeout(limit, work).await {
                Ok(joined) => joined,
                Err(_) => return Err(no_answer(limit).into()),
            },
        };
        joined.unwrap_or_else(|error| {
            Err(match error.try_into_panic() {
                Ok(payload) => DatabaseError::panicked(&*payload),
                Err(_) => DatabaseError::Unavailable("the server is stopping".to_owned()),
            }
            .into())
        })
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, DatabaseError> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let turn = timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        turn.ok()
            .and_then(Result::ok)
            .ok_or_else(|| DatabaseError::Unavailable(format!("no connection was free within {:?}", self.patience)))
    }
}

fn no_answer(limit: Duration) -> DatabaseError {
    DatabaseError::Unavailable(format!("no answer within {limit:?}"))
}
