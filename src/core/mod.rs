//! What every layer may use and what uses no other layer: the clock, secrets, signatures, JSON Web
//! Tokens and Python's rules for values.
//!
//! Nothing here knows HTTP or a database, so all of it is tested as plain functions.

pub mod checks;
pub mod clock;
pub mod crypto;
pub mod jwt;
pub mod python;
#[cfg(feature = "database")]
pub mod signing;
