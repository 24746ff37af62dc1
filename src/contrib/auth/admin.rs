//! The pages of users and groups in the admin site. Python counterpart: `django.contrib.auth.admin`.

use super::models::UserModel;
use crate::contrib::admin::models::{Field, Model, Row};
use crate::contrib::admin::{ModelAdmin, Registrations};
use crate::db::schema::{
    auth_group, auth_group_permissions, auth_permission, auth_user, auth_user_groups, auth_user_user_permissions,
    django_content_type,
};

/// The table of users that the pages below know.
const AUTH_USER: &str = "auth_user";

/// Registers groups, permissions, and users if they are those of `auth_user`. A project with another model of users registers it
/// itself.
pub(super) fn register(admin: &mut Registrations<'_>, users: &dyn UserModel) {
    admin.describe(ContentTypeAdmin);
    admin.describe(PermissionAdmin);
    admin.register(GroupAdmin);
    if users.table() == AUTH_USER {
        admin.register(UserAdmin);
    }
}

/// `UserAdmin`.
#[derive(Clone, Copy, Debug)]
pub struct UserAdmin;

impl ModelAdmin for UserAdmin {
    fn model(&self) -> Model {
        Model::new("auth", "User", auth_user::table)
            .field(Field::of(auth_user::password).max_length(128).password())
            .field(Field::of(auth_user::last_login).blank())
            .field(
                Field::of(auth_user::is_superuser).default_value("false").verbose_name("superuser status").help_text(
                    "Designates that this user has all permissions without explicitly assigning them.",
                ),
            )
            .field(Field::of(auth_user::username).max_length(150).unique().help_text(
                "Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
            ))
            .field(Field::of(auth_user::first_name).max_length(150).blank())
            .field(Field::of(auth_user::last_name).max_length(150).blank())
            .field(Field::of(auth_user::email).max_length(254).email().blank().verbose_name("email address"))
            .field(
                Field::of(auth_user::is_staff)
                    .default_value("false")
                    .verbose_name("staff status")
                    .help_text("Designates whether the user can log into this admin site."),
            )
            .field(Field::of(auth_user::is_active).default_value("true").verbose_name("active").help_text(
                "Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
            ))
            .field(Field::of(auth_user::date_joined).default_now())
            .field(
                Field::many_to_many("groups", "auth.Group", auth_user_groups::user_id, auth_user_groups::group_id)
                    .blank()
                    .help_text(
                        "The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                    ),
            )
            .field(
                Field::many_to_many(
                    "user_permissions",
                    "auth.Permission",
                    auth_user_user_permissions::user_id,
                    auth_user_user_permissions::permission_id,
                )
                .blank()
                .help_text("Specific permissions for this user."),
            )
    }

    fn to_string(&self, user: &Row) -> String {
        user.text("username").to_owned()
    }

    fn list_display(&self) -> &[&str] {
        &["username", "email", "first_name", "last_name", "is_staff"]
    }

    fn list_filter(&self) -> &[&str] {
        &["is_staff", "is_superuser", "is_active", "groups"]
    }

    fn search_fields(&self) -> &[&str] {
        &["username", "first_name", "last_name", "email"]
    }

    fn ordering(&self) -> &[&str] {
        &["username"]
    }

    fn filter_horizontal(&self) -> &[&str] {
        &["groups", "user_permissions"]
    }
}

/// `GroupAdmin`.
#[derive(Clone, Copy, Debug)]
pub struct GroupAdmin;

impl ModelAdmin for GroupAdmin {
    fn model(&self) -> Model {
        Model::new("auth", "Group", auth_group::table)
            .field(Field::of(auth_group::name).max_length(150).unique())
            .field(
                Field::many_to_many(
                    "permissions",
                    "auth.Permission",
                    auth_group_permissions::group_id,
                    auth_group_permissions::permission_id,
                )
                .blank(),
            )
    }

    fn to_string(&self, group: &Row) -> String {
        group.text("name").to_owned()
    }

    fn search_fields(&self) -> &[&str] {
        &["name"]
    }

    fn ordering(&self) -> &[&str] {
        &["name"]
    }

    fn filter_horizontal(&self) -> &[&str] {
        &["permissions"]
    }
}

/// Permissions, which users and groups refer to.
struct PermissionAdmin;

impl ModelAdmin for PermissionAdmin {
    fn model(&self) -> Model {
        Model::new("auth", "Permission", auth_permission::table)
            .field(Field::of(auth_permission::name).max_length(255))
            .field(Field::foreign_key(auth_permission::content_type_id, "contenttypes.ContentType"))
            .field(Field::of(auth_permission::codename).max_length(100))
            .ordering(&["content_type__app_label", "content_type__model", "codename"])
    }

    fn to_string(&self, permission: &Row) -> String {
        format!("{} | {}", permission.label("content_type").unwrap_or_default(), permission.text("name"))
    }

    fn list_select_related(&self) -> &[&str] {
        &["content_type"]
    }
}

/// Content types, which permissions refer to.
struct ContentTypeAdmin;

impl ModelAdmin for ContentTypeAdmin {
    fn model(&self) -> Model {
        Model::new("contenttypes", "ContentType", django_content_type::table)
            .field(Field::of(django_content_type::app_label).max_length(100))
            .field(Field::of(django_content_type::model).max_length(100).verbose_name("python model class name"))
            .ordering(&["app_label", "model"])
    }

    fn to_string(&self, content_type: &Row) -> String {
        format!("{} | {}", content_type.text("app_label"), content_type.text("model"))
    }
}
