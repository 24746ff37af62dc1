//! Limits the permissions that a user may give to others. Django has no such rules: there, a user who may change users or groups
//! can give any permission to any user, and can act as any user. Here only superusers make superusers. Other users can give only what
//! they have, and can change only users who have no more than they have.

use std::collections::HashSet;
use std::sync::Arc;

use diesel::QueryResult;
use diesel::prelude::*;

use super::super::models::UserPermissions;
use crate::contrib::admin::AdminRequest;
use crate::contrib::admin::forms::{Form, Rule, Value};
use crate::contrib::admin::models::{Field, Manager};
use crate::db::DbConnection;
use crate::db::schema::{auth_group_permissions, auth_permission, django_content_type};

/// The permissions that the user of a request may give to others.
pub(super) struct Grants {
    permissions: Arc<UserPermissions>,
    pub(super) is_superuser: bool,
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
        let problem = match self.of_groups {
            true => "You can only add groups whose permissions you have yourself.",
            false => "You can only add permissions that you have yourself.",
        };
        let missing = missing(conn, &self.permissions, &added, self.of_groups)?;
        Ok(if missing.is_empty() { Vec::new() } else { vec![problem.to_owned()] })
    }
}

/// Those of `keys` that are not in `permissions`: permissions, or groups with such a permission if `of_groups`.
fn missing(
    conn: &mut DbConnection,
    permissions: &UserPermissions,
    keys: &[i32],
    of_groups: bool,
) -> QueryResult<HashSet<i32>> {
    let names = (django_content_type::app_label, auth_permission::codename);
    let named = auth_permission::table.inner_join(django_content_type::table);
    let found: Vec<(i32, (String, String))> = match of_groups {
        true => auth_group_permissions::table
            .inner_join(named)
            .filter(auth_group_permissions::group_id.eq_any(keys))
            .select((auth_group_permissions::group_id, names))
            .load(conn)?,
        false => named.filter(auth_permission::id.eq_any(keys)).select((auth_permission::id, names)).load(conn)?,
    };
    let missing = found.into_iter().filter(|(_, (app, codename))| !permissions.contains(&format!("{app}.{codename}")));
    Ok(missing.map(|(key, _)| key).collect())
}

/// The keys of those of the users `keys` who are superusers or have a permission, their own or of a group, that is not in
/// `permissions`. Inactive users count as well, because whoever may change them could activate them. For
/// [`ModelAdmin::unchangeable`](crate::contrib::admin::ModelAdmin::unchangeable) of a model of users.
///
/// # Errors
/// Returns the errors of the statements.
pub fn with_more_permissions(
    conn: &mut DbConnection,
    users: &Manager,
    permissions: &UserPermissions,
    keys: &[&str],
) -> QueryResult<HashSet<String>> {
    if *permissions == UserPermissions::Every {
        return Ok(HashSet::new());
    }
    let superusers = users.filter_by(conn, "pk", keys)?.into_iter().filter(|user| user.is_true("is_superuser"));
    let mut found: HashSet<String> = superusers.map(|user| user.pk().to_owned()).collect();
    for (name, of_groups) in [("groups", true), ("user_permissions", false)] {
        let Some(between) = users.model().get_field(name).and_then(Field::many) else { continue };
        let pairs = users.many_of(conn, between, keys)?;
        let given: HashSet<i32> = pairs.iter().filter_map(|(_, key)| key.parse().ok()).collect();
        let given: Vec<i32> = given.into_iter().collect();
        let missing = missing(conn, permissions, &given, of_groups)?;
        let has_more = |key: &str| key.parse().is_ok_and(|key| missing.contains(&key));
        found.extend(pairs.into_iter().filter(|(_, key)| has_more(key)).map(|(user, _)| user));
    }
    Ok(found)
}
