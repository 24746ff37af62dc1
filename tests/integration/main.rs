//! The server as its clients and its database see it, in one test binary.
//!
//! Each test has a database and a clock of its own; nothing is shared, nothing sleeps. A test inside `per_database!` runs
//! on SQLite, and on PostgreSQL when `TEST_DATABASE_URL` is set.

#[macro_use]
mod support;

mod auth;
mod authtoken;
mod library;
mod operations;
mod rest_framework;
mod security;
mod simplejwt;
