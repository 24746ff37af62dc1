//! Errors of the parameters of a list. Python counterpart: `IncorrectLookupParameters` and `DisallowedModelAdminLookup`.

use crate::db::DatabaseError;

/// Why a list cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(in crate::contrib::admin) enum ChangeListError {
    /// A parameter is not a field, or has a value that the field cannot have. The list is shown without parameters.
    #[error("incorrect parameters")]
    Incorrect,
    /// The list may not be filtered by this parameter.
    #[error("filtering by {0} not allowed")]
    Disallowed(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<diesel::result::Error> for ChangeListError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}
