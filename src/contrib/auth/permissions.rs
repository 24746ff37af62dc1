//! The permissions of users and of their groups. Python counterpart: `django.contrib.auth.backends.ModelBackend`
//! (`has_perm` and its relatives) and `PermissionsMixin`.
//!
//! A permission is written `app_label.codename`, such as `auth.add_user`. Inactive users have no permission. Active
//! superusers have every permission. A user who exists only in a token has no permissions.

use std::collections::BTreeSet;

use diesel::QueryResult;

use super::AbstractUser;
pub use super::models::UserPermissions;
use super::models::{UserModel, all_names};
use crate::db::DbConnection;

/// Whether `user`, who is one of `users`, has `permission`: `user.has_perm("app.codename")`.
///
/// # Errors
/// Returns the errors of the database.
pub fn has_perm(
    conn: &mut DbConnection,
    users: &dyn UserModel,
    user: &dyn AbstractUser,
    permission: &str,
) -> QueryResult<bool> {
    has_perms(conn, users, user, &[permission])
}

/// Whether `user` has every one of `permissions`: `user.has_perms([…])`. True for an empty list.
///
/// # Errors
/// Returns the errors of the database.
pub fn has_perms(
    conn: &mut DbConnection,
    users: &dyn UserModel,
    user: &dyn AbstractUser,
    permissions: &[&str],
) -> QueryResult<bool> {
    let own = users.permissions(conn, user)?;
    Ok(permissions.iter().all(|permission| own.contains(permission)))
}

/// Every permission of `user`: `user.get_all_permissions()`.
///
/// # Errors
/// Returns the errors of the database.
pub fn get_all_permissions(
    conn: &mut DbConnection,
    users: &dyn UserModel,
    user: &dyn AbstractUser,
) -> QueryResult<BTreeSet<String>> {
    match users.permissions(conn, user)? {
        UserPermissions::Every => all_names(conn),
        UserPermissions::These(permissions) => Ok(permissions.into_iter().collect()),
    }
}
