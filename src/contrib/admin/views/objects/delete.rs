//! The deletion of an object. Python counterpart: `ModelAdmin.delete_view`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::json;

use super::context::{does_not_exist, get_object, object_crumbs};
use super::preserved::{self, is_popup};
use super::respond::{close_popup, is_from_popup};
use crate::contrib::admin::changelist::{IS_POPUP, TO_FIELD};
use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::deletion::{Deletion, TreeStep, tree};
use crate::contrib::admin::error::{PageError, redirect};
use crate::contrib::admin::models::Row;
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::admin::views::deletion::{DeletionOutcome, IfGone, delete_rows};
use crate::contrib::admin::views::each_context;
use crate::contrib::messages::{self, Level};
use crate::core::python::capfirst;

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
    if !registered.has_delete_permission(request, object.as_ref()) {
        return Err(PageError::PermissionDenied);
    }
    let Some(object) = object else { return Ok(does_not_exist(site, registered, key, request)) };
    let text = admin.to_string(&object);
    let rows = std::slice::from_ref(&object);
    match delete_rows(site, registered, request, rows, !request.form.is_empty(), IfGone::Stop).await? {
        DeletionOutcome::Deleted => Ok(respond(site, registered, request, object.pk(), &text)),
        DeletionOutcome::Gone => Ok(does_not_exist(site, registered, key, request)),
        DeletionOutcome::Question(deletion, perms_needed) => {
            page(site, registered, request, (&object, &text), deletion, perms_needed).await
        }
    }
}

fn respond(site: &AdminSite, registered: &Registered, request: &AdminRequest, key: &str, text: &str) -> HttpResponse {
    if is_from_popup(request) {
        return close_popup(site, request, &json!({ "action": "delete", "value": key }));
    }
    let name = &registered.model.verbose_name;
    messages::add(&request.req, Level::Success, format!("The {name} “{text}” was deleted successfully."));
    let may_change = registered.has_change_permission(request, None);
    let list = site.url_of(registered, "");
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
        back_url: preserved::url(request, &site.change_url(registered, object.pk())),
    };
    Ok(render(StatusCode::OK, &template))
}
