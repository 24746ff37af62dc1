//! Logging in.

mod permissions;
