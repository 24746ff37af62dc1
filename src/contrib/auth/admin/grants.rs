//! Limits the permissions that a user may give to others. Django has no such rules: there, a user who may change users or groups
//! can give any permission to any user. Here only superusers make superusers, and other users can give only what they have.

use std::collections::HashSet;
use std::sync::Arc;

use diesel::QueryResult;
use diesel::prelude::*;

use super::super::models::UserPermissions;
use crate::contrib::admin::AdminRequest;
use crate::contrib::admin::forms::{Form, Rule, Value};
use crate::db::DbConnection;
use crate::db::schema::{auth_group_permissions, auth_permission, django_content_type};

/// The permissions that the user of a request may give to others.
pub(super) struct Grants {
    permissions: Arc<UserPermissions>,
    is_superuser: bool,
}

impl Grants {
    pub(super) fn of(request: &AdminRequest) -> Self {
        let is_superuser = request.user.as_ref().is_some_and(|user| user.is_superuser());
        Self { permissions: Arc::clone(&request.permissions), is_superuser }
    }

    /// Lets only superusers change the field `name`.
    pub(super) fn superusers_only(&self, form: &mut Form, name: &str) {
        if let Some(field) = form.field_mut(name).filter(|_| !self.is_superuser) {
            field.ignored = Some("The superuser status was not changed: only superusers can change it.");
        }
    }

    /// Allows a permission in the field `name` only if the user has it.
    pub(super) fn limit_permissions(&self, form: &mut Form, name: &str) {
        if let Some(field) = form.field_mut(name).filter(|_| !self.is_superuser) {
            field.rule =
                Some(Arc::new(OwnPermissions { permissions: Arc::clone(&self.permissions), of_groups: false }));
        }
    }

    /// Allows a group in the field `name` only if the user has all of its permissions.
    pub(super) fn limit_groups(&self, form: &mut Form, name: &str) {
        if let Some(field) = form.field_mut(name).filter(|_| !self.is_superuser) {
            field.rule = Some(Arc::new(OwnPermissions { permissions: Arc::clone(&self.permissions), of_groups: true }));
        }
    }
}

struct OwnPermissions {
    permissions: Arc<UserPermissions>,
    of_groups: bool,
}

impl Rule for OwnPermissions {
    fn check(&self, conn: &mut DbConnection, before: &Value, after: &Value) -> QueryResult<Vec<String>> {
        let added: HashSet<i32> =
            after.keys().iter().filter(|key| !before.keys().contains(key)).filter_map(|key| key.parse().ok()).collect();
        let added: Vec<i32> = added.into_iter().collect();
        let names = auth_permission::table
            .inner_join(django_content_type::table)
            .select((django_content_type::app_label, auth_permission::codename));
        let names: Vec<(String, String)> = match self.of_groups {
            true => {
                let of_groups = auth_group_permissions::table
                    .filter(auth_group_permissions::group_id.eq_any(added))
                    .select(auth_group_permissions::permission_id);
                names.filter(auth_permission::id.eq_any(of_groups)).load(conn)?
            }
            false => names.filter(auth_permission::id.eq_any(added)).load(conn)?,
        };
        let has =
            |(app_label, codename): &(String, String)| self.permissions.contains(&format!("{app_label}.{codename}"));
        let problem = match self.of_groups {
            true => "You can only add groups whose permissions you have yourself.",
            false => "You can only add permissions that you have yourself.",
        };
        Ok(if names.iter().all(has) { Vec::new() } else { vec![problem.to_owned()] })
    }
}
