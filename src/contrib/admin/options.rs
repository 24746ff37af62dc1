//! How a model is shown and edited. Python counterpart: `django.contrib.admin.options.ModelAdmin`.

use std::collections::HashSet;

use actix_web::HttpResponse;
use diesel::QueryResult;
use futures_util::future::LocalBoxFuture;

use super::action::Action;
use super::cell::Cell;
use super::error::PageError;
use super::forms::{Form, Value};
use super::models::{Manager, Model, Row};
use super::panel::Panel;
use super::request::AdminRequest;
use super::verbose_names::VerboseNames;
use crate::apps::Apps;
use crate::contrib::auth::models::UserPermissions;
use crate::db::DbConnection;

/// A group of fields of a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fieldset {
    /// Heading. `None` for no heading.
    pub name: Option<String>,
    /// Names of fields, in their order.
    pub fields: Vec<String>,
    /// `description`: a text below the heading.
    pub description: String,
    /// `classes`: `collapse` and `wide`.
    pub classes: Vec<String>,
}

impl Fieldset {
    /// The fieldset with that heading, or without a heading if it is empty.
    #[must_use]
    pub fn new(name: &str, fields: &[&str]) -> Self {
        Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            ..Self::default()
        }
    }

    /// `classes`.
    #[must_use]
    pub fn classes(mut self, classes: &[&str]) -> Self {
        self.classes = classes.iter().map(|class| (*class).to_owned()).collect();
        self
    }

    /// `description`.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        text.clone_into(&mut self.description);
        self
    }
}

/// An error in the values of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field. Empty for an error that belongs to no single field.
    pub field: String,
    /// What is wrong, as the form shows it.
    pub message: String,
}

/// An additional page of each row of a model, such as the page for the password of a user.
#[derive(Clone, Copy)]
pub struct ObjectPage {
    /// The part of the address after the key: `password` for `/admin/auth/user/7/password/`.
    pub name: &'static str,
    /// The view. The text is the key.
    pub view: for<'a> fn(&'a AdminRequest, &'a str) -> LocalBoxFuture<'a, Result<HttpResponse, PageError>>,
}

impl std::fmt::Debug for ObjectPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ObjectPage({})", self.name)
    }
}

/// A link at the top of the page of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectTool {
    /// The text of the link.
    pub text: String,
    /// The path that it leads to.
    pub url: String,
    /// Class of HTML.
    pub class: &'static str,
}

/// How a model is shown and edited. Names and defaults are Django's.
///
/// ```
/// use actix_simplejwt::contrib::admin::models::{Field, Model, Row};
/// use actix_simplejwt::contrib::admin::ModelAdmin;
/// # use actix_simplejwt::diesel;
/// # diesel::table! { orders (id) { id -> BigInt, number -> Text, is_paid -> Bool, } }
///
/// struct OrderAdmin;
///
/// impl ModelAdmin for OrderAdmin {
///     fn model(&self) -> Model {
///         Model::new("shop", "Order", orders::table)
///             .field(Field::of(orders::number).max_length(20))
///             .field(Field::of(orders::is_paid))
///     }
///
///     fn to_string(&self, order: &Row) -> String {
///         format!("Order {}", order.text("number"))
///     }
///
///     fn list_display(&self) -> &[&str] {
///         &["number", "is_paid"]
///     }
/// }
/// ```
pub trait ModelAdmin: Send + Sync + 'static {
    /// The model. Called when the site is made, and by the default of [`ModelAdmin::fieldsets`].
    fn model(&self) -> Model;

    /// `__str__`: the text of the row in lists, titles, messages and log entries. Must not contain a secret. Default:
    /// `Order object (7)`.
    fn to_string(&self, object: &Row) -> String {
        format!("{} object ({})", object.model().object_name, object.pk())
    }

    /// `list_display`: the columns of the list, by names of fields, `__str__`, or names that [`ModelAdmin::display`] knows.
    fn list_display(&self) -> &[&str] {
        &["__str__"]
    }

    /// `list_display_links`: the columns that lead to the page of the row. Default: the first.
    fn list_display_links(&self) -> Option<&[&str]> {
        None
    }

    /// `list_filter`: fields that the list can be filtered by: booleans, choices, dates, foreign keys and many-to-many fields.
    fn list_filter(&self) -> &[&str] {
        &[]
    }

    /// `list_select_related`: foreign keys whose rows [`ModelAdmin::to_string`] and [`ModelAdmin::display`] read by
    /// [`Row::related`] and [`Row::label`], with `__` for a foreign key of that row: `token__user`. The rows of foreign keys in
    /// `list_display` are always read.
    fn list_select_related(&self) -> &[&str] {
        &[]
    }

    /// `search_fields`: the fields that are searched, with `__` for a field of the row that a foreign key refers to:
    /// `user__username`. A `^` in front means the beginning of the value, a `=` the whole value.
    fn search_fields(&self) -> &[&str] {
        &[]
    }

    /// `search_help_text`.
    fn search_help_text(&self) -> &str {
        ""
    }

    /// `ordering`: fields that the list is sorted by, with `-` for descending. Default: the ordering of the model.
    fn ordering(&self) -> &[&str] {
        &[]
    }

    /// `sortable_by`: the columns that the user may sort by. Default: all columns that are fields or have a
    /// [`ModelAdmin::column_order`].
    fn sortable_by(&self) -> Option<&[&str]> {
        None
    }

    /// `list_per_page`.
    fn list_per_page(&self) -> u64 {
        100
    }

    /// `list_max_show_all`: the list offers to show everything up to this number of rows.
    fn list_max_show_all(&self) -> u64 {
        200
    }

    /// The heading of a column: `short_description`. Default: the verbose name of the field.
    fn column_label(&self, column: &str) -> Option<String> {
        let _ = column;
        None
    }

    /// The field that a computed column is sorted by: `admin_order_field`. Default: none.
    fn column_order(&self, column: &str) -> Option<&str> {
        let _ = column;
        None
    }

    /// The cell of a computed column, or of a field that is shown in another way, such as a masked secret. Default: the value of
    /// the field.
    fn display(&self, column: &str, object: &Row) -> Option<Cell> {
        let _ = (column, object);
        None
    }

    /// `actions`, besides the deletion of the selected rows.
    fn actions(&self) -> Vec<Action> {
        Vec::new()
    }

    /// Whether the list has actions. `actions = None` in Django means false.
    fn has_actions(&self, request: &AdminRequest) -> bool {
        let _ = request;
        true
    }

    /// `fieldsets`, on the page for a new row if `add`. Default: all editable fields.
    fn fieldsets(&self, add: bool) -> Vec<Fieldset> {
        let _ = add;
        let model = self.model();
        let fields: Vec<_> = model.fields.iter().filter(|f| f.editable && !f.auto).map(|f| f.name.as_str()).collect();
        vec![Fieldset::new("", &fields)]
    }

    /// `readonly_fields`: fields of the form that are only shown. `object` is `None` on the page for a new row.
    fn readonly_fields(&self, request: &AdminRequest, object: Option<&Row>) -> Vec<String> {
        let _ = (request, object);
        Vec::new()
    }

    /// `raw_id_fields`: foreign keys that the user types instead of choosing from a list.
    fn raw_id_fields(&self) -> &[&str] {
        &[]
    }

    /// `filter_horizontal`: many-to-many fields that the script shows as two lists.
    fn filter_horizontal(&self) -> &[&str] {
        &[]
    }

    /// The errors in the values of `object` that its fields do not find. `original` is the stored row, if there is one.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn clean(
        &self,
        conn: &mut DbConnection,
        object: &mut Row,
        original: Option<&Row>,
    ) -> Result<Vec<FieldError>, PageError> {
        let _ = (conn, object, original);
        Ok(Vec::new())
    }

    /// Adapts the form of an object, which has the fields of the model that can be changed: `get_form`. Fields that the model does
    /// not have can be added; the fieldsets name them. Default: nothing.
    fn form(&self, request: &AdminRequest, form: &mut Form, object: Option<&Row>) {
        let _ = (request, form, object);
    }

    /// Adds errors to the form that [`ModelAdmin::clean`] does not find: `clean` of a custom form. Called last, with the object
    /// that the form would save. Default: nothing.
    ///
    /// # Errors
    /// Returns the errors of the database. Errors of the input are added to the form.
    fn clean_form(
        &self,
        conn: &mut DbConnection,
        form: &mut Form,
        object: &mut Row,
        original: Option<&Row>,
    ) -> Result<(), PageError> {
        let _ = (conn, form, object, original);
        Ok(())
    }

    /// Does work that takes long, such as hashing a password. Called after the form was found valid and before the transaction
    /// begins. Returns names and values of additional fields of the object. Default: none.
    fn before_save<'a>(
        &'a self,
        request: &'a AdminRequest,
        form: &'a Form,
        original: Option<&'a Row>,
    ) -> LocalBoxFuture<'a, Result<Vec<(String, Value)>, PageError>> {
        let _ = (request, form, original);
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Called after `object` was saved, in the same transaction. Default: nothing.
    ///
    /// # Errors
    /// Returns the errors of the database. Nothing is written then.
    fn saved(
        &self,
        conn: &mut DbConnection,
        apps: &Apps,
        object: &Row,
        original: Option<&Row>,
    ) -> Result<(), PageError> {
        let _ = (conn, apps, object, original);
        Ok(())
    }

    /// `save_model`: writes `object`. `original` is the stored row; `None` for a new row.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn save_model(
        &self,
        conn: &mut DbConnection,
        objects: &Manager,
        object: &mut Row,
        original: Option<&Row>,
    ) -> Result<(), PageError> {
        match original {
            Some(original) => objects.update(conn, original.pk(), object).map(drop)?,
            None => objects.insert(conn, object)?,
        }
        Ok(())
    }

    /// `delete_model`: deletes `object`. Rows that refer to it were deleted before.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn delete_model(&self, conn: &mut DbConnection, objects: &Manager, object: &Row) -> Result<(), PageError> {
        objects.delete(conn, &[object.pk()])?;
        Ok(())
    }

    /// Whether the user may see the rows, or this row. A user who may change them may see them as well.
    fn has_view_permission(&self, request: &AdminRequest, model: &Model, object: Option<&Row>) -> bool {
        let _ = object;
        request.has_perm(&model.permission("view")) || request.has_perm(&model.permission("change"))
    }

    /// Whether the user may add rows.
    fn has_add_permission(&self, request: &AdminRequest, model: &Model) -> bool {
        request.has_perm(&model.permission("add"))
    }

    /// Whether the user may open the page for a new row. Default: [`ModelAdmin::has_add_permission`].
    fn may_add(&self, request: &AdminRequest, model: &Model) -> bool {
        self.has_add_permission(request, model)
    }

    /// Whether saving a new row leads to its page, as for a user. Default: it leads to the list.
    fn add_continues(&self) -> bool {
        false
    }

    /// Paragraphs above the form. `object` is `None` on the page for a new row. Default: none.
    fn introduction(&self, object: Option<&Row>) -> Vec<&'static str> {
        let _ = object;
        Vec::new()
    }

    /// The panels below the form on the page of a row, such as the sessions of a user. Default: none.
    fn panels<'a>(
        &'a self,
        request: &'a AdminRequest,
        object: &'a Row,
    ) -> LocalBoxFuture<'a, Result<Vec<Panel>, PageError>> {
        let _ = (request, object);
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Links beside "History" on the page of a row. Default: none.
    fn object_tools(&self, request: &AdminRequest, object: &Row) -> Vec<ObjectTool> {
        let _ = (request, object);
        Vec::new()
    }

    /// Whether the user may change the rows, or this row.
    fn has_change_permission(&self, request: &AdminRequest, model: &Model, object: Option<&Row>) -> bool {
        let _ = object;
        request.has_perm(&model.permission("change"))
    }

    /// Whether the user may delete the rows, or this row.
    fn has_delete_permission(&self, request: &AdminRequest, model: &Model, object: Option<&Row>) -> bool {
        let _ = object;
        request.has_perm(&model.permission("delete"))
    }

    /// The keys of those of the rows `keys` that a user with `permissions` may not change, such as accounts with more permissions.
    /// Asked before [`ModelAdmin::has_change_permission`], which cannot ask the database, and again in the transaction that
    /// writes. Default: none.
    ///
    /// # Errors
    /// Returns the errors of the statements.
    fn unchangeable(
        &self,
        conn: &mut DbConnection,
        objects: &Manager,
        permissions: &UserPermissions,
        keys: &[&str],
    ) -> QueryResult<HashSet<String>> {
        let _ = (conn, objects, permissions, keys);
        Ok(HashSet::new())
    }

    /// Whether the user may see that the model exists. Default: users with any of its permissions.
    fn has_module_permission(&self, request: &AdminRequest, model: &Model) -> bool {
        ["view", "add", "change", "delete"].iter().any(|action| request.has_perm(&model.permission(action)))
    }

    /// The page that sets the password of `object`, if there is one. `base` is the path of the site. Default: none.
    fn password_url(&self, base: &str, object: &Row) -> Option<String> {
        let _ = (base, object);
        None
    }

    /// Receives the names of all models after all were registered. Default: nothing.
    fn ready(&self, names: &VerboseNames) {
        let _ = names;
    }

    /// Additional pages of each row.
    fn object_pages(&self) -> Vec<ObjectPage> {
        Vec::new()
    }
}
