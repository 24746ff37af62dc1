//! The fuzz targets. Each target passes arbitrary bytes to the code that reads such input, and panics if a promise is
//! broken. The code itself must not panic either.
//!
//! Two drivers share them: the tests in `tests/fuzz/main.rs`, and libFuzzer in `fuzz/`.

pub mod authorization;
pub mod bodies;
pub mod claims;
pub mod database_urls;
pub mod forwarded;
pub mod hosts;
pub mod media_types;
pub mod passwords;
pub mod service;
pub mod settings;
pub mod signed;
pub mod start;
pub mod tokens;
pub mod values;

mod site;
mod support;
