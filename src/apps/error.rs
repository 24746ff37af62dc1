//! The error of the set-up. Python counterpart: what `django.setup()` raises.

use crate::conf::SettingsError;
use crate::core::checks::CheckMessage;
#[cfg(feature = "database")]
use crate::db::DatabaseError;

/// Why a project could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A setting cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A system check found an error.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Checks(Vec<CheckMessage>),
    /// The database cannot be opened.
    #[cfg(feature = "database")]
    #[error(transparent)]
    Database(#[from] DatabaseError),
}
