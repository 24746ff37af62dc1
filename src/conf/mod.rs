//! Typed settings out of the environment. Python counterpart: `django.conf`.
//!
//! [`Environment`] is a copy of the process environment, completed by the lines of `.env`. Each app declares its
//! settings once, with the macro `settings!` of `group.rs`: name, type, default and documentation. The parsers are in
//! [`values`]. A value that cannot be read is a [`SettingsError`], which names the key, shows the value and says what to
//! write instead.

#[cfg(feature = "server")]
mod dotenv;
mod elsewhere;
mod environment;
mod error;
mod group;
mod setting;
mod suggestion;
pub mod values;

pub use environment::Environment;
pub use error::SettingsError;
pub use group::SettingsGroup;
pub(crate) use group::{concat, count, settings};
pub use setting::Setting;
