//! What users may do, by themselves and by their groups. Python counterpart: `django.contrib.auth.backends.ModelBackend`
//! (`has_perm` and its relatives) and `PermissionsMixin`.
//!
//! A permission is written `app_label.codename`, such as `auth.add_user`. Inactive users have no permission. Active
//! superusers have every permission.

use std::collections::{BTreeSet, HashSet};

use diesel::prelude::*;

use super::AbstractUser;
use super::models::User;
use crate::db::DbConnection;
use crate::db::schema::{
    auth_group_permissions, auth_permission, auth_user_groups, auth_user_user_permissions, django_content_type,
};

/// The permissions of one user, loaded by one query: Django's `user._perm_cache`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserPermissions {
    /// Every permission, as an active superuser has.
    Every,
    /// These permissions, each written `app_label.codename`.
    These(HashSet<String>),
}

impl UserPermissions {
    /// Loads the permissions of `user`. Inactive users and superusers take no query.
    ///
    /// # Errors
    /// Those of the database.
    pub fn load(conn: &mut DbConnection, user: &User) -> QueryResult<Self> {
        match (user.is_active(), user.is_superuser()) {
            (false, _) => Ok(Self::These(HashSet::new())),
            (true, true) => Ok(Self::Every),
            (true, false) => {
                let id = auth_permission::id;
                let own = id.eq_any(of_user(user.id)).or(id.eq_any(of_groups(user.id)));
                Ok(Self::These(names().filter(own).load::<(String, String)>(conn)?.into_iter().map(join).collect()))
            }
        }
    }

    /// Whether `permission` is among them.
    #[must_use]
    pub fn contains(&self, permission: &str) -> bool {
        match self {
            Self::Every => true,
            Self::These(permissions) => permissions.contains(permission),
        }
    }
}

/// Whether `user` has `permission`: `user.has_perm("app.codename")`.
///
/// # Errors
/// Those of the database.
pub fn has_perm(conn: &mut DbConnection, user: &User, permission: &str) -> QueryResult<bool> {
    has_perms(conn, user, &[permission])
}

/// Whether `user` has every one of `permissions`: `user.has_perms([…])`. True for an empty list.
///
/// # Errors
/// Those of the database.
pub fn has_perms(conn: &mut DbConnection, user: &User, permissions: &[&str]) -> QueryResult<bool> {
    let own = UserPermissions::load(conn, user)?;
    Ok(permissions.iter().all(|permission| own.contains(permission)))
}

/// Every permission of `user`: `user.get_all_permissions()`.
///
/// # Errors
/// Those of the database.
pub fn get_all_permissions(conn: &mut DbConnection, user: &User) -> QueryResult<BTreeSet<String>> {
    match UserPermissions::load(conn, user)? {
        UserPermissions::Every => Ok(names().load::<(String, String)>(conn)?.into_iter().map(join).collect()),
        UserPermissions::These(permissions) => Ok(permissions.into_iter().collect()),
    }
}

fn join((app_label, codename): (String, String)) -> String {
    format!("{app_label}.{codename}")
}

/// Every permission that there is.
#[diesel::dsl::auto_type]
fn names() -> _ {
    let rows = auth_permission::table.inner_join(django_content_type::table);
    rows.select((django_content_type::app_label, auth_permission::codename))
}

/// Ids of the permissions that a user was given.
#[diesel::dsl::auto_type]
fn of_user(user_id: i32) -> _ {
    let rows = auth_user_user_permissions::table.filter(auth_user_user_permissions::user_id.eq(user_id));
    rows.select(auth_user_user_permissions::permission_id)
}

/// Ids of the permissions of a user's groups.
#[diesel::dsl::auto_type]
fn of_groups(user_id: i32) -> _ {
    let groups =
        auth_user_groups::table.filter(auth_user_groups::user_id.eq(user_id)).select(auth_user_groups::group_id);
    let rows = auth_group_permissions::table.filter(auth_group_permissions::group_id.eq_any(groups));
    rows.select(auth_group_permissions::permission_id)
}
