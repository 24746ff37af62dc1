//! Logging in.

mod permissions;
mod user_models;
