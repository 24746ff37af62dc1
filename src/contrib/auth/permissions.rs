//! What users may do, by themselves or by their groups. Python counterpart: `django.contrib.auth.backends.ModelBackend`
//! (`has_perm` and its relatives) and `PermissionsMixin`.
//!
//! A permission is written `app_label.codename`, such as `auth.add_user`. Inactive users have none, active superusers
//! have all.

use std::collections::BTreeSet;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::AbstractUser;
use super::models::User;
use crate::db::DbConnection;
use crate::db::schema::{
    auth_group_permissions, auth_permission, auth_user_groups, auth_user_user_permissions, django_content_type,
};

/// Whether `user` has `permission`: `user.has_perm("app.codename")`.
///
/// # Errors
/// Those of the database.
pub fn has_perm(conn: &mut DbConnection, user: &User, permission: &str) -> QueryResult<bool> {
    if !user.is_active() || user.is_superuser() {
        return Ok(user.is_active());
    }
    let Some((app_label, codename)) = permission.split_once('.') else { return Ok(false) };
    let wanted = auth_permission::table.inner_join(django_content_type::table).filter(
        django_content_type::app_label
            .eq(app_label)
            .and(auth_permission::codename.eq(codename))
            .and(auth_permission::id.eq_any(of_user(user.id)).or(auth_permission::id.eq_any(of_groups(user.id)))),
    );
    diesel::select(exists(wanted)).get_result(conn)
}

/// Whether `user` has every one of `permissions`: `user.has_perms([…])`. True for none.
///
/// # Errors
/// Those of the database.
pub fn has_perms(conn: &mut DbConnection, user: &User, permissions: &[&str]) -> QueryResult<bool> {
    for permission in permissions {
        if !has_perm(conn, user, permission)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Every permission of `user`: `user.get_all_permissions()`.
///
/// # Errors
/// Those of the database.
pub fn get_all_permissions(conn: &mut DbConnection, user: &User) -> QueryResult<BTreeSet<String>> {
    if !user.is_active() {
        return Ok(BTreeSet::new());
    }
    let names = auth_permission::table
        .inner_join(django_content_type::table)
        .select((django_content_type::app_label, auth_permission::codename));
    let found: Vec<(String, String)> = if user.is_superuser() {
        names.load(conn)?
    } else {
        let own = auth_permission::id.eq_any(of_user(user.id)).or(auth_permission::id.eq_any(of_groups(user.id)));
        names.filter(own).load(conn)?
    };
    Ok(found.into_iter().map(|(app_label, codename)| format!("{app_label}.{codename}")).collect())
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
