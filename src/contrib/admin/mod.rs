//! The admin site. Python counterpart: `django.contrib.admin`.

mod apps;
#[cfg(feature = "server")]
pub mod chrome;
pub mod log;
#[cfg(feature = "server")]
pub mod render;
#[cfg(feature = "server")]
pub mod static_files;

pub use apps::AdminConfig;
