//! Orders.

mod admin;
pub mod apps;
mod management;
mod models;
pub mod views;
