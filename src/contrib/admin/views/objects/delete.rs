//! The deletion of an object. Python counterpart: `ModelAdmin.delete_view`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::json;

use super::clean::database_error;
use super::context::{does_not_exist, get_object, object_crumbs};
use super::preserved::{self, IS_POPUP, TO_FIELD, is_popup};
use super::respond::{close_popup, is_from_popup};
use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::deletion::{Deletion, TreeStep, tree};
use crate::contrib::admin::error::{ATTEMPTS, PageError, redirect};
use crate::contrib::admin::log::{Action, ChangeMessage, LoggedObject, log_action};
use crate::contrib::admin::model_forms::capfirst;
use crate::contrib::admin::models::Row;
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::admin::views::each_context;
use crate::contrib::messages::{self, Level};
use crate::db::{DatabaseError, DbConnection};

/// The confirmation page for the deletion of the object with the key `key`, and the deletion.
pub(in crate::contrib::admin::views) async fn delete(
    site: &AdminSite,
    registered: &Registered,
    key: &str,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    preserved::to_field(registered, request)?;
    let object = get_object(site, registered, key, request).await?;
    let admin = &registered.admin;
    if !admin.has_delete_permission(request, object.as_ref()) {
        return Err(PageError::PermissionDenied);
    }
    let Some(object) = object else { return Ok(does_not_exist(site, registered, key, request)) };
    let text = admin.to_string(&object);
    // Repeated if another request has added a row that refers to the object, or after a deadlock.
    for is_last in ATTEMPTS {
        let deletion = collect(site, registered, &object, request).await?;
        let perms_needed = deletion.perms_needed(request);
        if request.form.is_empty() || !deletion.protected.is_empty() {
            return page(site, registered, request, (&object, &text), deletion, perms_needed).await;
        }
        if !perms_needed.is_empty() {
            return Err(PageError::PermissionDenied);
        }
        match carry_out(site, registered, &object, request, deletion).await {
            Ok(Outcome::Deleted) => return Ok(respond(site, registered, request, object.pk(), &text)),
            Ok(Outcome::Gone) => return Ok(does_not_exist(site, registered, key, request)),
            Ok(Outcome::Changed) => {}
            Err(error) if !is_last && error.is_conflict() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(PageError::Unavailable(format!("what refers to {text:?} keeps changing")))
}

/// The result of a deletion.
enum Outcome {
    /// The object was deleted.
    Deleted,
    /// Another request has deleted it.
    Gone,
    /// More rows depend on the object than the user has confirmed.
    Changed,
}

async fn collect(
    site: &AdminSite,
    registered: &Registered,
    object: &Row,
    request: &AdminRequest,
) -> Result<Deletion, PageError> {
    let (site, registered, object) = (site.clone(), registered.clone(), object.clone());
    let collect = move |conn: &mut DbConnection| Deletion::collect(conn, &site, &registered, &[object]);
    Ok(request.db.query(move |conn| collect(conn).map_err(DatabaseError::from)).await?)
}

/// Deletes the object and the dependent rows that the user has confirmed, unless there are more dependent rows now.
async fn carry_out(
    site: &AdminSite,
    registered: &Registered,
    object: &Row,
    request: &AdminRequest,
    agreed: Deletion,
) -> Result<Outcome, DatabaseError> {
    let (site, registered, object) = (site.clone(), registered.clone(), object.clone());
    let (user, now) = (request.user.as_ref().and_then(|user| user.pk()), request.now());
    let delete = move |conn: &mut DbConnection| -> Result<Outcome, DatabaseError> {
        if !Deletion::claim(conn, &registered, &object)? {
            return Ok(Outcome::Gone);
        }
        let deletion = Deletion::collect(conn, &site, &registered, std::slice::from_ref(&object))?;
        if !deletion.is_within(&agreed) || !deletion.protected.is_empty() {
            return Ok(Outcome::Changed);
        }
        // The log comes first, because the log entries of a user are deleted with the user.
        if let Some(user) = user {
            let (model, repr) = (&registered.model, registered.admin.to_string(&object));
            let logged = LoggedObject { model: (&model.app_label, &model.model_name), id: object.pk(), repr: &repr };
            log_action(conn, user, Action::Deletion, logged, &ChangeMessage::Nothing, now)?;
        }
        deletion.delete_related(conn)?;
        registered.admin.delete_model(conn, &registered.objects, &object).map_err(database_error)?;
        Ok(Outcome::Deleted)
    };
    request.db.write(delete).await
}

fn respond(site: &AdminSite, registered: &Registered, request: &AdminRequest, key: &str, text: &str) -> HttpResponse {
    if is_from_popup(request) {
        return close_popup(site, request, &json!({ "action": "delete", "value": key }));
    }
    let name = &registered.model.verbose_name;
    messages::add(&request.req, Level::Success, format!("The {name} “{text}” was deleted successfully."));
    let may_change = registered.admin.has_change_permission(request, None);
    let list = format!("{}{}", site.base(), registered.path(""));
    redirect(&if may_change { preserved::list_url(request, &list) } else { site.base().to_owned() })
}

/// The confirmation page.
#[derive(Template)]
#[template(path = "admin/delete_confirmation.html")]
struct DeleteConfirmation<'a> {
    chrome: Chrome,
    app_label: &'a str,
    model_name: &'a str,
    object_name: &'a str,
    object: &'a str,
    tree: Vec<TreeStep<'a>>,
    model_count: Vec<(String, u64)>,
    perms_lacking: Vec<String>,
    is_protected: bool,
    hidden: Vec<(&'static str, &'a str)>,
    action: String,
    back_url: String,
}

async fn page(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    (object, text): (&Row, &str),
    deletion: Deletion,
    perms_lacking: Vec<String>,
) -> Result<HttpResponse, PageError> {
    let model = &registered.model;
    let is_possible = perms_lacking.is_empty() && deletion.protected.is_empty();
    let title = if is_possible { "Delete".to_owned() } else { format!("Cannot delete {}", model.verbose_name) };
    let chrome = each_context(site, request).await?.titled(title);
    let mut chrome = object_crumbs(chrome, site, registered, Some((object, text)), true).last_crumb("Delete");
    chrome.is_popup = is_popup(request);
    let mut hidden = vec![("post", "yes")];
    if chrome.is_popup {
        hidden.push((IS_POPUP, "1"));
    }
    let to_field = preserved::to_field(registered, request)?;
    if !to_field.is_empty() {
        hidden.push((TO_FIELD, to_field));
    }
    let change = format!(
        "{}{}",
        site.base(),
        registered.path(&format!("{}/change/", crate::contrib::admin::urls::quote(object.pk())))
    );
    let counted = deletion.model_count.iter().map(|(name, count)| (capfirst(name), *count));
    let template = DeleteConfirmation {
        chrome,
        app_label: &model.app_label,
        model_name: &model.model_name,
        object_name: &model.verbose_name,
        object: text,
        tree: tree(if deletion.protected.is_empty() { &deletion.objects } else { &deletion.protected }),
        model_count: counted.collect(),
        perms_lacking,
        is_protected: !deletion.protected.is_empty(),
        hidden,
        action: preserved::url_with_query(request, request.req.path()),
        back_url: preserved::url(request, &change),
    };
    Ok(render(StatusCode::OK, &template))
}
