//! Code that every layer may use and that uses no other layer: the clock, secrets, signatures, JSON Web
//! Tokens and Python's rules for values.
//!
//! Nothing here uses HTTP or a database, so plain unit tests cover all of it.

pub mod checks;
pub mod clock;
pub mod crypto;
pub mod json;
pub mod jwt;
pub mod python;
#[cfg(feature = "database")]
pub mod signing;
