//! `Authorization: Token <key>`: one key per user, kept in a table. Python counterpart: `rest_framework.authtoken`.
//!
//! A key does not expire; deleting its row, or making the user inactive, ends it at once.

#[cfg(feature = "server")]
mod accounts;
#[cfg(feature = "server")]
pub mod admin;
pub mod apps;
pub mod authentication;
pub mod exceptions;
pub mod management;
mod migrations;
pub mod models;
pub mod serializers;
pub mod urls;
pub mod views;
