//! Typed settings out of the environment. Python counterpart: `django.conf`.
//!
//! [`Environment`] is a copy of the process environment with the lines of `.env` underneath. The settings of every app
//! read their keys from it through the parsers in [`values`]; a value that cannot be read becomes a [`SettingsError`],
//! which names the key, shows the value and says what was expected.

#[cfg(feature = "server")]
mod dotenv;
mod environment;
mod error;
pub mod values;

pub use environment::Environment;
pub use error::SettingsError;
