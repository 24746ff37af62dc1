//! Logging in.

mod permissions;
mod stored_passwords;
mod user_models;
