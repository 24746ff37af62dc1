//! The page that sets the password of a user. Python counterpart: `UserAdmin.user_change_password` and
//! `AdminPasswordChangeForm`.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use futures_util::future::LocalBoxFuture;
use serde_json::Value as Json;

use super::super::SharedUser;
use super::super::hashers::{PasswordHashers, is_password_usable};
use super::super::models::UserModel;
use super::super::session::update_session_auth_hash;
use super::super::signals::EndOfLogins;
use super::password_form::{add_passwords, add_usable_password, validate_passwords, wants_password};
use crate::apps::Apps;
use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::forms::Form;
use crate::contrib::admin::forms::bound_field::{BoundField, ReadonlyValue, Widget};
use crate::contrib::admin::log::{ActionFlag, ChangeMessage, LoggedObject, log_action};
use crate::contrib::admin::models::Row;
use crate::contrib::admin::render::render;
use crate::contrib::admin::{
    AdminRequest, AdminSite, Cell, PageError, Registered, each_context, get_object, object_crumbs, redirect,
};
use crate::contrib::messages::{self, Level};
use crate::db::{DatabaseError, DbConnection};

/// The view of the page. `key` is the key of the user.
pub(super) fn view<'a>(request: &'a AdminRequest, key: &'a str) -> LocalBoxFuture<'a, Result<HttpResponse, PageError>> {
    Box::pin(user_change_password(request, key))
}

async fn user_change_password(request: &AdminRequest, key: &str) -> Result<HttpResponse, PageError> {
    let site = AdminSite::of(request)?;
    let registered = site.model("auth.User").ok_or(PageError::NotFound)?.clone();
    let user = get_object(&site, &registered, key, request).await?;
    if !registered.has_change_permission(request, user.as_ref()) {
        return Err(PageError::PermissionDenied);
    }
    let user = user.ok_or(PageError::NotFound)?;
    let auth = request.auth()?;
    let validators = auth.password_validators().to_vec();
    // As in Django, an empty password string counts as a usable password here.
    let has_password = is_password_usable(user.text("password"));
    let mut form = Form::default();
    if has_password {
        add_usable_password(&mut form);
        if let Some(field) = form.field_mut("usable_password") {
            field.help_warning = Some("If disabled, the current password for this user will be lost.".to_owned());
        }
    }
    add_passwords(&mut form, &validators, !has_password);
    if let Some(field) = form.field_mut("password1") {
        field.autofocus = true;
    }
    if request.is_post() {
        form.bind(request.form.clone());
    }
    let owner = user.clone();
    let clean = move |conn: &mut DbConnection| -> Result<_, DatabaseError> {
        form.full_clean(conn)?;
        if form.data().is_some() {
            validate_passwords(&mut form, &owner, &validators);
        }
        let fields: Result<Vec<BoundField>, _> =
            form.fields().iter().map(|field| form.bound_field(conn, field)).collect();
        Ok((fields?, form))
    };
    let (fields, form) = request.db.query(clean).await?;
    if !form.is_valid() {
        return page(&site, &registered, request, (&user, has_password), fields, &form).await;
    }
    if !wants_password(&form) && !request.form.contains("unset-password") {
        messages::add(&request.req, Level::Error, "Conflicting form data submitted. Please try again.");
        return Ok(redirect(&request.full_path()));
    }
    let encoded = encode(request, &form).await?;
    // As in Django, the log names the password if one was typed, even if it was disabled instead.
    let is_typed = ["password1", "password2"].iter().all(|name| !form.cleaned_text(name).is_empty());
    let Some(changed) = store(&site, &registered, request, user.pk(), encoded, is_typed).await? else {
        return Err(PageError::NotFound);
    };
    let text = match is_password_usable(changed.password()) {
        true => "Password changed successfully.",
        false => "Password-based authentication was disabled.",
    };
    messages::add(&request.req, Level::Success, text);
    update_session_auth_hash(&request.req, &changed).await.map_err(PageError::from)?;
    Ok(redirect(&site.change_url(&registered, user.pk())))
}

/// The text to store for the password of the form, or for none.
pub(super) async fn encode(request: &AdminRequest, form: &Form) -> Result<String, PageError> {
    if !wants_password(form) {
        return Ok(PasswordHashers::make_unusable());
    }
    let password = form.cleaned_text("password1").to_owned();
    request.auth()?.hash(move |hashers| hashers.encode(&password)).await?.map_err(PageError::internal)
}

/// Stores the password, ends the logins of the user, and writes the log. Returns the stored user, or `None` if the user does not
/// exist any more.
async fn store(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    key: &str,
    encoded: String,
    is_typed: bool,
) -> Result<Option<SharedUser>, PageError> {
    let (site, registered, key) = (site.clone(), registered.clone(), key.to_owned());
    let (apps, now) = (request.apps.clone(), request.now());
    let users = Arc::clone(request.auth()?.users());
    let by = request.user()?.pk();
    let permissions = Arc::clone(&request.permissions);
    let store = move |conn: &mut DbConnection| -> Result<Option<SharedUser>, PageError> {
        registered.objects.lock(conn, &[&key])?;
        // Checked again, because another request may have given the user more permissions.
        if !registered.unchangeable(conn, &permissions, &[&key])?.is_empty() {
            return Err(PageError::PermissionDenied);
        }
        let mut password = Row::new(&registered.model);
        password.set("password", Some(encoded));
        if !registered.objects.update(conn, &key, &password)? {
            return Ok(None);
        }
        end_logins(conn, &apps, &key, EndOfLogins::PasswordChanged)?;
        let Some(user) = site.get_object(conn, &registered, &key)? else { return Ok(None) };
        if let Some(by) = by {
            let (model, repr) = (&registered.model, registered.admin.to_string(&user));
            let object = LoggedObject { model: (&model.app_label, &model.model_name), id: &key, repr: &repr };
            let fields = if is_typed { vec!["password".to_owned()] } else { Vec::new() };
            log_action(conn, by, ActionFlag::Change, object, &ChangeMessage::Changed(fields), now)?;
        }
        Ok(find(conn, users.as_ref(), &key)?)
    };
    request.db.write(store).await
}

/// The user with that key.
fn find(conn: &mut DbConnection, users: &dyn UserModel, key: &str) -> diesel::QueryResult<Option<SharedUser>> {
    users.get_by_attribute(conn, "pk", &Json::from(key))
}

/// Tells every app that the logins of the user with that key end.
pub(super) fn end_logins(
    conn: &mut DbConnection,
    apps: &Apps,
    key: &str,
    reason: EndOfLogins,
) -> Result<(), DatabaseError> {
    let Ok(auth) = apps.auth() else { return Ok(()) };
    match find(conn, auth.users().as_ref(), key)?.and_then(|user| user.pk()) {
        Some(id) => apps.end_logins(conn, id, reason),
        None => Ok(()),
    }
}

/// The page that sets the password of a user.
#[derive(Template)]
#[template(path = "admin/auth/user/change_password.html")]
struct ChangePassword<'a> {
    chrome: Chrome,
    username: &'a str,
    has_password: bool,
    error_count: usize,
    fields: Vec<BoundField>,
    action: &'a str,
}

async fn page(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    (user, has_password): (&Row, bool),
    fields: Vec<BoundField>,
    form: &Form,
) -> Result<HttpResponse, PageError> {
    let name = registered.admin.to_string(user);
    let verb = if has_password { "Change password" } else { "Set password" };
    let chrome = each_context(site, request).await?.titled(format!("{verb}: {name}"));
    let chrome = object_crumbs(chrome, site, registered, Some((user, &name)), true).last_crumb(verb);
    let template = ChangePassword {
        chrome: chrome.with_errors(!form.errors().is_empty()),
        username: &name,
        has_password,
        error_count: form.errors().len(),
        fields,
        action: request.req.uri().path_and_query().map_or("", |address| address.as_str()),
    };
    Ok(render(StatusCode::OK, &template))
}
