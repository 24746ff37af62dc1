//! How busy the database is.

/// How busy the database is. For metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatabaseLoad {
    /// Callers that use the database or wait for it. On SQLite without the reads that do not wait.
    pub waiting: usize,
    /// Connections of the pool. SQLite has none.
    pub connections: usize,
    /// Connections of the pool that are not in use.
    pub idle: usize,
}
