//! The database. Python counterpart: `django.db`.
//!
//! Every query of the crate goes through [`Database`]:
//!
//! | | for |
//! |---|---|
//! | [`look_up`](Database::look_up) | one row by its key, as most requests need it |
//! | [`read`](Database::read) | a few short statements |
//! | [`query`](Database::query) | pages and lists |
//! | [`write`](Database::write) | one transaction, which is durable when the future resolves |
//!
//! Whether the database is SQLite or PostgreSQL, and on which thread a closure runs, is decided here and visible nowhere
//! else.
//!
//! * [`DatabaseSettings`]: `DATABASE_URL` and related settings.
//! * [`DatabaseError`]: the database is unavailable (503) or the statement failed (500).
//! * [`introspection`], [`text_query`] and [`tables`]: tables that are known only when the program runs.
//! * [`schema`]: the tables of Django for diesel. [`types`]: the times of Django.
//! * [`migrations`]: for `migrate` and `showmigrations`.

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("a database is required: enable the feature `sqlite`, `postgres` or both");

mod advisory_lock;
mod batches;
mod blocking;
mod callers;
mod connection;
mod database;
mod error;
pub mod introspection;
mod load;
mod lookup;
pub mod migrations;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
#[expect(missing_docs, reason = "made by diesel; the columns are Django's")]
pub mod schema;
mod settings;
#[cfg(feature = "sqlite")]
mod sqlite;
pub mod tables;
#[cfg(test)]
pub(crate) mod tests;
pub mod text_query;
pub mod types;
mod url;

pub use advisory_lock::{advisory_lock, shared_advisory_lock, try_advisory_lock};
pub use batches::delete_in_batches;
pub use connection::{DbConnection, snapshot, transaction};
pub(crate) use connection::{MultiBackend, with_backend};
pub use database::Database;
pub use error::{DatabaseError, is_foreign_key_violation, is_unique_violation};
pub use load::DatabaseLoad;
pub use lookup::Lookup;
pub use open::open_read_only;
pub use settings::{DatabaseSettings, Synchronous};
pub use url::{DatabaseUrl, PostgresUrl};
