//! The database. Python counterpart: `django.db`.
//!
//! [`Database`] is the only door: [`Database::read`] and [`Database::write`] run a closure with a [`DbConnection`],
//! [`Database::look_up`] finds one row by its key, and every query of the crate is inside one of these. A write is one transaction, and it is durable when the future
//! resolves. Which of SQLite and PostgreSQL is behind it, and on which thread the closure runs, is decided here and
//! seen nowhere else.
//!
//! * [`DatabaseSettings`]: what `DATABASE_URL` and its companions say.
//! * [`DatabaseError`]: unavailable (503) or wrong (500).
//! * [`schema`]: Django's tables for diesel; [`types`]: Django's times.
//! * [`migrations`]: what `migrate` and `showmigrations` do.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("a database is needed: turn on the feature `sqlite`, `postgres` or both");

mod advisory_lock;
mod connection;
mod database;
mod error;
mod lookup;
mod manager;
pub mod migrations;
#[cfg(feature = "postgres")]
mod postgres;
#[expect(missing_docs, reason = "made by diesel; the columns are Django's")]
pub mod schema;
mod settings;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(test)]
pub(crate) mod tests;
pub mod types;
mod url;
mod waiting;

pub use advisory_lock::try_advisory_lock;
pub use connection::{DbConnection, transaction};
pub(crate) use connection::{MultiBackend, with_backend};
pub use database::{Database, DatabaseLoad};
pub use error::{DatabaseError, is_foreign_key_violation, is_unique_violation};
pub use lookup::Lookup;
pub use manager::{ConnectionManager, PooledConnection, open_read_only};
pub use settings::{DatabaseSettings, Synchronous};
pub use url::{DatabaseUrl, PostgresUrl};
