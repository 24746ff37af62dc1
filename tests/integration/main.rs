//! Tests of the server as its clients and its database see it, in one test binary.
//!
//! Each test has its own database and its own clock. A test inside `per_database!` runs on SQLite, and on PostgreSQL if
//! `TEST_DATABASE_URL` is set. A test that is skipped prints a line with `SKIPPED`.

#[macro_use]
mod support;

mod admin;
mod auth;
mod authtoken;
mod library;
mod operations;
mod operators;
mod rest_framework;
mod security;
mod sessions;
mod simplejwt;
