//! Whether users can be read from the database, and looked up as the settings say.

use super::error::UserModelError;
use super::user_model::UserModel;
use crate::db::DbConnection;

/// An attribute that a setting names and that users are looked up by, such as `SIMPLE_JWT_USER_ID_FIELD`. An app registers
/// one, and the start checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAttribute {
    /// The setting.
    pub setting: &'static str,
    /// The attribute.
    pub name: String,
}

/// Whether users can be read and looked up by all of `attributes`.
pub(in super::super) fn check_users(
    conn: &mut DbConnection,
    users: &dyn UserModel,
    attributes: &[UserAttribute],
) -> Result<(), UserModelError> {
    users.check(conn)?;
    match attributes.iter().find(|attribute| !users.has_attribute(&attribute.name)) {
        None => Ok(()),
        Some(UserAttribute { setting, name }) => Err(UserModelError::setting(
            setting,
            format!("users cannot be looked up by {name:?}: expected a unique column of numbers, texts or UUIDs"),
        )),
    }
}
