//! PostgreSQL: connections of a pool, used on threads that may wait for the network.

use std::time::Duration;

use diesel::r2d2::Pool;
use tokio::time::timeout;

use super::super::blocking::{Permits, on_blocking_thread};
use super::super::callers::Callers;
use super::super::connection::{begin, finish};
use super::super::manager::{ConnectionManager, PooledConnection, get};
use super::super::{DatabaseError, DatabaseLoad, DbConnection, Lookup};
use super::lookups::Lookups;

/// Queries that may wait for a connection.
const QUEUE: usize = 256;

/// The connections of one database.
pub(in crate::db) struct PostgresPool {
    pool: Pool<ConnectionManager>,
    /// One permit per connection, so that waiting for one occupies no thread.
    permits: Permits,
    /// Queries take at most half of the connections, so that the others stay free for short work.
    queries: Permits,
    /// How long a caller waits in all. Work that is still in progress then continues without its caller.
    limit: Option<Duration>,
    callers: Callers,
    lookups: Lookups,
}

impl PostgresPool {
    pub(in crate::db) fn new(manager: &ConnectionManager) -> Self {
        let settings = manager.settings();
        let patience = settings.pool_timeout;
        let size = settings.pool_size as usize;
        Self {
            pool: manager.pool(),
            permits: Permits::new(size, usize::MAX, patience),
            queries: Permits::new(size.div_ceil(2), QUEUE, patience),
            limit: settings.statement_timeout.map(|statement| statement + patience),
            callers: Callers::default(),
            lookups: Lookups::default(),
        }
    }

    /// A connection, for callers that may block.
    pub(in crate::db) fn get(&self) -> Result<PooledConnection, DatabaseError> {
        get(&self.pool)
    }

    pub(in crate::db) fn load(&self) -> DatabaseLoad {
        let state = self.pool.state();
        DatabaseLoad {
            waiting: self.callers.count(),
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

    pub(in crate::db) async fn query<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let permit = self.queries.acquire().await?;
        self.read(|conn| {
            let result = f(conn);
            drop(permit);
            result
        })
        .await
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
                // Nothing has happened yet, so a closed connection may be replaced.
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
        let _caller = self.callers.enter();
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
        let _caller = self.callers.enter();
        let permit = self.permits.acquire().await?;
        let pool = self.pool.clone();
        let work = on_blocking_thread(move || {
            let result = f(&pool);
            // Not before the connection is back in the pool.
            drop(permit);
            result
        });
        match self.limit {
            None => work.await,
            // The server enforces `statement_timeout`. If it hangs, or the network drops packets, libpq would wait without a limit.
            Some(limit) => timeout(limit, work).await.unwrap_or_else(|_| Err(no_answer(limit).into())),
        }
    }
}

fn no_answer(limit: Duration) -> DatabaseError {
    DatabaseError::Unavailable(format!("no answer within {limit:?}"))
}
