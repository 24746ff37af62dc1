//! Groups, permissions and content types. Python counterpart: `django.contrib.auth.admin.GroupAdmin`.

use std::sync::OnceLock;

use super::grants::Grants;
use crate::contrib::admin::forms::Form;
use crate::contrib::admin::models::{Field, Model, Row};
use crate::contrib::admin::{AdminRequest, ModelAdmin, VerboseNames};
use crate::db::schema::{auth_group, auth_group_permissions, auth_permission, django_content_type};

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

    fn form(&self, request: &AdminRequest, form: &mut Form, _object: Option<&Row>) {
        Grants::of(request).limit_permissions(form, "permissions");
    }
}

/// Permissions, which users and groups refer to.
pub(super) struct PermissionAdmin;

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
#[derive(Default)]
pub(super) struct ContentTypeAdmin {
    names: OnceLock<VerboseNames>,
}

impl ModelAdmin for ContentTypeAdmin {
    fn model(&self) -> Model {
        Model::new("contenttypes", "ContentType", django_content_type::table)
            .field(Field::of(django_content_type::app_label).max_length(100))
            .field(Field::of(django_content_type::model).max_length(100).verbose_name("python model class name"))
            .ordering(&["app_label", "model"])
    }

    /// The names of app and model, or the name in the table if the app is not installed.
    fn to_string(&self, content_type: &Row) -> String {
        let (app, model) = (content_type.text("app_label"), content_type.text("model"));
        self.names.get().and_then(|names| names.of_model(app, model)).unwrap_or_else(|| model.to_owned())
    }

    fn ready(&self, names: &VerboseNames) {
        // The site may be made again when the database is open. The names are then the same.
        let _ = self.names.set(names.clone());
    }
}
