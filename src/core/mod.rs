//! What every layer may use and what itself uses none of ours: the clock, secrets and JSON Web Tokens.
//!
//! Nothing in here knows HTTP or a database, so all of it is tested as plain functions.

pub mod clock;
pub mod crypto;
pub mod jwt;
