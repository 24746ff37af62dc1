//! Orders.

mod admin;
pub mod apps;
mod checks;
mod management;
mod models;
mod serializers;
pub mod settings;
pub mod views;
