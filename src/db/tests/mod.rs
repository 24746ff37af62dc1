//! What `db` promises, tried on a database. SQLite always; PostgreSQL when `TEST_DATABASE_URL` names one.

mod database;
mod lookups;
mod migrations;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
pub(crate) mod support;
mod times;
