//! The implementation of [`Database`](super::super::Database) for PostgreSQL.

use std::sync::Arc;

use super::super::blocking::Permits;
use super::super::callers::Callers;
use super::super::connection::finish;
use super::super::{DatabaseError, DatabaseLoad, DatabaseSettings, DbConnection, Lookup};
use super::lookups::Lookups;
use super::sessions::PostgresSessions;

/// Queries that may wait for a session.
const QUEUE: usize = 256;

/// The sessions of one database, and who uses them.
pub(in crate::db) struct PostgresPool {
    sessions: PostgresSessions,
    /// Queries take at most half of the sessions, so that the others stay free for short work.
    queries: Permits,
    lookups: Lookups,
    callers: Callers,
}

impl PostgresPool {
    pub(in crate::db) fn new(settings: &Arc<DatabaseSettings>) -> Self {
        let sessions = PostgresSessions::new(settings);
        Self {
            lookups: Lookups::new(sessions.clone()),
            sessions,
            queries: Permits::new((settings.pool_size as usize).div_ceil(2), QUEUE, settings.pool_timeout),
            callers: Callers::default(),
        }
    }

    pub(in crate::db) fn load(&self) -> DatabaseLoad {
        let state = self.sessions.connections().state();
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
        let _caller = self.callers.enter();
        let rights = (self.sessions.acquire().await?, None);
        self.sessions.run(rights, |session| f(session.connection()?)).await
    }

    pub(in crate::db) async fn query<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let _caller = self.callers.enter();
        let query = self.queries.acquire().await?;
        let rights = (self.sessions.acquire().await?, Some(query));
        self.sessions.run(rights, |session| f(session.connection()?)).await
    }

    pub(in crate::db) async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut DbConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let _caller = self.callers.enter();
        let rights = (self.sessions.acquire().await?, None);
        let work = |session: &mut super::session::PostgresSession| {
            let (conn, level) = session.begin()?;
            finish(conn, level, f)
        };
        self.sessions.run(rights, work).await
    }

    pub(in crate::db) async fn look_up<L: Lookup>(&self, key: L) -> Result<Option<L::Found>, DatabaseError> {
        let _caller = self.callers.enter();
        self.lookups.find(key).await
    }
}
