//! Tests of `db` on a database: always on SQLite, and on PostgreSQL if `TEST_DATABASE_URL` is set.

mod database;
mod lookups;
mod migrations;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
pub(crate) mod support;
mod times;
