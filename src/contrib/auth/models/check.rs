//! Checks whether users can be read from the database, and be looked up as the settings say.

use super::error::UserModelError;
use super::user_model::UserModel;
use crate::db::DbConnection;

/// An attribute for looking users up, which a setting such as `SIMPLE_JWT_USER_ID_FIELD` names. An app registers it, and it is
/// checked at the start.
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
