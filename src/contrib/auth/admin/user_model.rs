//! The model of users. Python counterpart: the fields of `django.contrib.auth.models.AbstractUser`.

use crate::contrib::admin::models::{Field, Model};
use crate::db::schema::{auth_user, auth_user_groups, auth_user_user_permissions};

pub(super) const GROUPS_HELP: &str =
    "The groups this user belongs to. A user will get all permissions granted to each of their groups.";
pub(super) const PERMISSIONS_HELP: &str = "Specific permissions for this user.";

/// `auth.User`.
pub(super) fn auth_user() -> Model {
    let groups = Field::many_to_many("groups", "auth.Group", auth_user_groups::user_id, auth_user_groups::group_id);
    let permissions = Field::many_to_many(
        "user_permissions",
        "auth.Permission",
        auth_user_user_permissions::user_id,
        auth_user_user_permissions::permission_id,
    );
    let model = Model::new("auth", "User", auth_user::table)
        .field(Field::of(auth_user::password).max_length(128))
        .field(Field::of(auth_user::last_login))
        .field(Field::of(auth_user::is_superuser))
        .field(Field::of(auth_user::username).max_length(150))
        .field(Field::of(auth_user::first_name).max_length(150))
        .field(Field::of(auth_user::last_name).max_length(150))
        .field(Field::of(auth_user::email).max_length(254).email())
        .field(Field::of(auth_user::is_staff))
        .field(Field::of(auth_user::is_active))
        .field(Field::of(auth_user::date_joined))
        .field(groups)
        .field(permissions);
    Model { fields: model.fields.into_iter().map(like_abstract_user).collect(), ..model }
}

/// The field with the options that Django's `AbstractUser` has for a field of its name.
pub(super) fn like_abstract_user(field: Field) -> Field {
    match field.name.as_str() {
        "password" => field.password(),
        "last_login" => field.blank(),
        "is_superuser" => field
            .default_value("false")
            .verbose_name("superuser status")
            .help_text("Designates that this user has all permissions without explicitly assigning them."),
        "username" => {
            let help = "Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.";
            field.help_text(help).unique_message("A user with that username already exists.")
        }
        "first_name" | "last_name" => field.blank(),
        "email" if !field.unique => field.blank().verbose_name("email address"),
        "email" => field.verbose_name("email address"),
        "is_staff" => field
            .default_value("false")
            .verbose_name("staff status")
            .help_text("Designates whether the user can log into this admin site."),
        "is_active" => field.default_value("true").verbose_name("active").help_text(
            "Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
        ),
        "date_joined" => field.default_now(),
        "groups" => field.blank().help_text(GROUPS_HELP),
        "user_permissions" => field.blank().help_text(PERMISSIONS_HELP),
        _ => field,
    }
}
