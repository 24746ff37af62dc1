//! The pages of users and groups in the admin site. Python counterpart: `django.contrib.auth.admin`.

mod custom;
mod grants;
mod group;
mod password_form;
mod password_page;
mod user;
mod user_model;

pub use self::grants::with_more_permissions;
pub use self::group::GroupAdmin;
pub use self::user::UserAdmin;

use self::group::{ContentTypeAdmin, PermissionAdmin};
use super::models::UserModel;
use super::password_validation::PasswordValidator;
use super::settings::AuthSettings;
use crate::apps::Registry;
use crate::contrib::admin::AdminSite;
use crate::db::{DatabaseError, DbConnection};

/// The table of users whose columns are known without the database.
const AUTH_USER: &str = "auth_user";

/// Registers groups, permissions, and the users of `auth_user`.
pub(super) fn register(registry: &mut Registry, users: &dyn UserModel, validators: &[PasswordValidator]) {
    let mut admin = registry.admin();
    admin.describe(ContentTypeAdmin::default());
    admin.describe(PermissionAdmin);
    admin.register(GroupAdmin);
    if users.table() == AUTH_USER {
        admin.register(UserAdmin::of_auth_user(validators));
    }
}

/// Registers the users of another table, with the fields that it has. Does nothing if the table does not exist.
///
/// # Errors
/// Returns the errors of the statements.
pub(super) fn register_own_users(
    registry: &mut Registry,
    conn: &mut DbConnection,
    users: &dyn UserModel,
) -> Result<(), DatabaseError> {
    if users.table() == AUTH_USER {
        return Ok(());
    }
    let settings = registry.settings::<AuthSettings>();
    if let Some((admin, others)) = custom::user_admin(conn, users, &settings)? {
        registry.admin().register(admin);
        for other in others {
            registry.admin().describe(other);
        }
        AdminSite::refresh(registry);
    }
    Ok(())
}
