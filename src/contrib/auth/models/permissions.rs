//! The permissions of one user. Python counterpart: `user._perm_cache`.
//!
//! Inactive users have no permission. Active superusers have every permission. A user who exists only in a token has no
//! permissions.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::{
    auth_group_permissions, auth_permission, auth_user_groups, auth_user_user_permissions, django_content_type,
};

/// The permissions of a user, loaded by one query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserPermissions {
    /// Every permission, as an active superuser has.
    Every,
    /// These permissions, each written `app_label.codename`.
    These(HashSet<String>),
}

impl UserPermissions {
    /// No permission.
    #[must_use]
    pub fn none() -> Self {
        Self::These(HashSet::new())
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

/// The permissions of a user of `auth_user`, and of the user's groups.
pub(super) fn granted_to(conn: &mut DbConnection, user_id: i32) -> QueryResult<UserPermissions> {
    let id = auth_permission::id;
    let own = id.eq_any(of_user(user_id)).or(id.eq_any(of_groups(user_id)));
    let names = names().filter(own).load::<(String, String)>(conn)?;
    Ok(UserPermissions::These(names.into_iter().map(join).collect()))
}

fn join((app_label, codename): (String, String)) -> String {
    format!("{app_label}.{codename}")
}

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
