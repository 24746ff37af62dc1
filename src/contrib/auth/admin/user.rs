//! The pages of users. Python counterpart: `django.contrib.auth.admin.UserAdmin`.

use std::collections::HashSet;
use std::sync::Arc;

use diesel::QueryResult;
use futures_util::future::LocalBoxFuture;

use super::super::hashers::is_password_usable;
use super::super::models::UserPermissions;
use super::super::password_validation::PasswordValidator;
use super::super::signals::EndOfLogins;
use super::super::validators::{normalize_email, validate_username};
use super::grants::{Grants, with_more_permissions};
use super::password_form::{add_passwords, add_usable_password, validate_passwords};
use super::password_page;
use super::user_model;
use crate::apps::Apps;
use crate::contrib::admin::forms::{FieldType, Form, Value};
use crate::contrib::admin::models::{Manager, Model, Row};
use crate::contrib::admin::urls::quote;
use crate::contrib::admin::{AdminRequest, FieldError, Fieldset, ModelAdmin, ObjectPage, PageError, Panel, accounts};
use crate::db::DbConnection;
use crate::db::tables::Statement;
use crate::db::text_query::quote_name;

/// The fieldsets of Django's `UserAdmin`, with the fields that the model has.
const FIELDSETS: [(&str, &[&str]); 3] = [
    ("Personal info", &["first_name", "last_name", "email"]),
    ("Permissions", &["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]),
    ("Important dates", &["last_login", "date_joined"]),
];

/// `UserAdmin`, for any user model.
#[derive(Clone, Debug)]
pub struct UserAdmin {
    model: Model,
    username_field: &'static str,
    required_fields: Vec<String>,
    list_display: Vec<&'static str>,
    list_filter: Vec<&'static str>,
    search_fields: Vec<&'static str>,
    ordering: [&'static str; 1],
    validators: Arc<[PasswordValidator]>,
}

impl UserAdmin {
    /// The pages of `auth.User`.
    pub(super) fn of_auth_user(validators: &[PasswordValidator]) -> Self {
        Self::new(user_model::auth_user(), "username", &[], Arc::from(validators))
    }

    /// The pages of another model. `required_fields` are those that a new user must have besides name and password.
    pub(super) fn new(
        model: Model,
        username_field: &str,
        required_fields: &[String],
        validators: Arc<[PasswordValidator]>,
    ) -> Self {
        // This leaks one small text for each project that is set up, unless the name is Django's.
        let username_field: &'static str =
            if username_field == "username" { "username" } else { String::from(username_field).leak() };
        let has = |names: &[&'static str]| -> Vec<&'static str> {
            let mut known: Vec<_> = names.iter().copied().filter(|name| model.get_field(name).is_some()).collect();
            known.dedup();
            known
        };
        let display = has(&[username_field, "email", "first_name", "last_name", "is_staff"]);
        let search = has(&[username_field, "first_name", "last_name", "email"]);
        Self {
            list_display: unique(display),
            list_filter: has(&["is_staff", "is_superuser", "is_active", "groups"]),
            search_fields: unique(search),
            ordering: [username_field],
            required_fields: required_fields.to_vec(),
            username_field,
            validators,
            model,
        }
    }

    fn existing(&self, names: &[&str]) -> Vec<String> {
        let known = names.iter().filter(|name| self.model.get_field(name).is_some());
        known.map(|name| (*name).to_owned()).collect()
    }

    /// The fields of the model that Django's `AbstractUser` does not have.
    fn own_fields(&self) -> Vec<String> {
        let usual = FIELDSETS.iter().flat_map(|(_, names)| names.iter().copied());
        let usual: Vec<&str> = usual.chain(["password", self.username_field]).collect();
        let own = self.model.fields.iter().filter(|field| field.editable && !field.auto);
        own.map(|field| field.name.clone()).filter(|name| !usual.contains(&name.as_str())).collect()
    }
}

fn unique(names: Vec<&'static str>) -> Vec<&'static str> {
    let mut known = Vec::new();
    for name in names {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    known
}

impl ModelAdmin for UserAdmin {
    fn model(&self) -> Model {
        self.model.clone()
    }

    fn to_string(&self, user: &Row) -> String {
        user.text(self.username_field).to_owned()
    }

    fn list_display(&self) -> &[&str] {
        &self.list_display
    }

    fn list_filter(&self) -> &[&str] {
        &self.list_filter
    }

    fn search_fields(&self) -> &[&str] {
        &self.search_fields
    }

    fn ordering(&self) -> &[&str] {
        &self.ordering
    }

    fn filter_horizontal(&self) -> &[&str] {
        &["groups", "user_permissions"]
    }

    /// A new user has a name and a password. The rest follows on the next page.
    fn fieldsets(&self, add: bool) -> Vec<Fieldset> {
        if add {
            let required = self.required_fields.iter().map(String::as_str);
            let names = std::iter::once(self.username_field).chain(required);
            let names: Vec<&str> = names.chain(["usable_password", "password1", "password2"]).collect();
            return vec![Fieldset::new("", &names).classes(&["wide"])];
        }
        let mut fieldsets = vec![Fieldset::new("", &[self.username_field, "password"])];
        for (name, fields) in FIELDSETS {
            let mut fields = self.existing(fields);
            if name == "Personal info" {
                fields.retain(|field| field != self.username_field);
                fields.extend(self.own_fields());
            }
            if !fields.is_empty() {
                fieldsets.push(Fieldset { name: Some(name.to_owned()), fields, ..Fieldset::default() });
            }
        }
        fieldsets
    }

    fn introduction(&self, object: Option<&Row>) -> Vec<&'static str> {
        match object {
            None => vec!["After you’ve created a user, you’ll be able to edit more user options."],
            Some(_) => Vec::new(),
        }
    }

    /// As in Django: a user who may add users but not change them could make a superuser.
    fn may_add(&self, request: &AdminRequest, model: &Model) -> bool {
        self.has_add_permission(request, model) && self.has_change_permission(request, model, None)
    }

    /// Unlike in Django, only superusers delete superusers.
    fn has_delete_permission(&self, request: &AdminRequest, model: &Model, object: Option<&Row>) -> bool {
        let is_superuser = object.is_some_and(|user| user.is_true("is_superuser"));
        (!is_superuser || Grants::of(request).is_superuser) && request.has_perm(&model.permission("delete"))
    }

    /// Unlike in Django, users who have more permissions cannot be changed. Otherwise their password could be set, or their name
    /// could be given to another account.
    fn unchangeable(
        &self,
        conn: &mut DbConnection,
        users: &Manager,
        permissions: &UserPermissions,
        keys: &[&str],
    ) -> QueryResult<HashSet<String>> {
        with_more_permissions(conn, users, permissions, keys)
    }

    fn add_continues(&self) -> bool {
        true
    }

    fn form(&self, request: &AdminRequest, form: &mut Form, object: Option<&Row>) {
        let is_name = self.username_field == "username";
        if let Some(field) = form.field_mut(self.username_field) {
            field.autocomplete = Some("username");
            field.autofocus = object.is_none();
            if let FieldType::Char { max_length, .. } = field.kind
                && is_name
            {
                field.kind = FieldType::Username { max_length };
            }
        }
        match object {
            None => {
                add_usable_password(form);
                add_passwords(form, &self.validators, false);
            }
            Some(user) => {
                let help = match is_password_usable(user.text("password")) {
                    true => "Raw passwords are not stored, so there is no way to see the user’s password.",
                    false => "Enable password-based authentication for this user by setting a password.",
                };
                if let Some(field) = form.field_mut("password") {
                    field.help_text = vec![help.to_owned()];
                }
            }
        }
        let grants = Grants::of(request);
        grants.superusers_only(form, "is_superuser");
        grants.limit_groups(form, "groups");
        grants.limit_permissions(form, "user_permissions");
    }

    fn clean(
        &self,
        _conn: &mut DbConnection,
        user: &mut Row,
        _original: Option<&Row>,
    ) -> Result<Vec<FieldError>, PageError> {
        // `AbstractUser.clean`
        if user.text("email").contains('@') {
            user.set("email", Some(normalize_email(user.text("email"))));
        }
        let problem = match self.username_field {
            "username" => validate_username(user.text("username")).err(),
            _ => None,
        };
        let error = problem.map(|problem| FieldError { field: "username".to_owned(), message: problem.to_string() });
        Ok(error.into_iter().collect())
    }

    fn clean_form(
        &self,
        conn: &mut DbConnection,
        form: &mut Form,
        user: &mut Row,
        original: Option<&Row>,
    ) -> Result<(), PageError> {
        if original.is_some() {
            return Ok(());
        }
        let name = user.text(self.username_field);
        // New users need a name that differs in more than case.
        let is_fine = form.errors_of(self.username_field).is_empty();
        if is_fine && is_taken_in_another_case(conn, &self.model, self.username_field, name)? {
            let message = self.model.get_field(self.username_field).and_then(|field| field.unique_message.clone());
            let message = message.unwrap_or_else(|| "A user with that username already exists.".to_owned());
            form.add_error(self.username_field, message);
        }
        validate_passwords(form, user, &self.validators);
        Ok(())
    }

    fn before_save<'a>(
        &'a self,
        request: &'a AdminRequest,
        form: &'a Form,
        original: Option<&'a Row>,
    ) -> LocalBoxFuture<'a, Result<Vec<(String, Value)>, PageError>> {
        Box::pin(async move {
            if original.is_some() {
                return Ok(Vec::new());
            }
            let encoded = password_page::encode(request, form).await?;
            Ok(vec![("password".to_owned(), Value::text(encoded))])
        })
    }

    /// Ends the logins of a user who is deactivated.
    fn saved(&self, conn: &mut DbConnection, apps: &Apps, user: &Row, original: Option<&Row>) -> Result<(), PageError> {
        let was_active = original.is_some_and(|original| original.is_true("is_active"));
        if was_active && !user.is_true("is_active") {
            password_page::end_logins(conn, apps, user.pk(), EndOfLogins::Deactivated)?;
        }
        Ok(())
    }

    fn password_url(&self, base: &str, user: &Row) -> Option<String> {
        let Model { app_label, model_name, .. } = &self.model;
        Some(format!("{base}{app_label}/{model_name}/{}/password/", quote(user.pk())))
    }

    fn object_pages(&self) -> Vec<ObjectPage> {
        vec![ObjectPage { name: "password", view: password_page::view }, accounts::PAGE]
    }

    fn panels<'a>(
        &'a self,
        request: &'a AdminRequest,
        user: &'a Row,
    ) -> LocalBoxFuture<'a, Result<Vec<Panel>, PageError>> {
        let may_change = !user.is_unchangeable() && self.has_change_permission(request, &self.model, Some(user));
        Box::pin(accounts::panels(request, &self.model, user, may_change))
    }
}

/// Whether a user has that name, ignoring case.
fn is_taken_in_another_case(
    conn: &mut DbConnection,
    model: &Model,
    field: &str,
    name: &str,
) -> Result<bool, PageError> {
    let Some(field) = model.get_field(field).filter(|_| !name.is_empty()) else { return Ok(false) };
    let (table, column) = (quote_name(&model.table), quote_name(&field.column));
    let mut statement = Statement::new(format!("SELECT '1' FROM {table} WHERE upper({table}.{column}) = upper(CAST("));
    statement.bind_text(name).push(" AS text)) LIMIT 1");
    Ok(statement.scalar(conn)?.is_some())
}
