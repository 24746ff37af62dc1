//! Typed settings from the environment. Python counterpart: `django.conf`.
//!
//! [`Environment`] is a copy of the process environment, completed by the lines of `.env`. Each app declares its settings once,
//! with the macro [`settings!`]: name, type, default and documentation. The parsers are in [`values`]. A value that cannot be read
//! is a [`SettingsError`]. It names the key, shows the value and says what to write instead.

mod declaration;
#[cfg(feature = "server")]
mod dotenv;
mod environment;
mod error;
mod setting;
mod suggestion;
pub(crate) mod unsupported;
pub mod values;

#[doc(inline)]
pub use declaration::settings;
pub use environment::Environment;
pub use error::SettingsError;
pub use setting::Setting;
