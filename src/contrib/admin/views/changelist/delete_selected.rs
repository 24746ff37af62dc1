//! The deletion of the selected rows. Python counterpart: `django.contrib.admin.actions.delete_selected`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::super::context::each_context;
use super::super::deletion::{DeletionOutcome, IfGone, delete_rows};
use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::deletion::{Deletion, TreeStep, tree};
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::models::Row;
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::messages::{self, Level};
use crate::core::python::capfirst;

/// The confirmation page.
#[derive(Template)]
#[template(path = "admin/delete_selected_confirmation.html")]
struct DeleteSelectedConfirmation<'a> {
    chrome: Chrome,
    app_label: &'a str,
    model_name: &'a str,
    objects_name: &'a str,
    keys: Vec<&'a str>,
    tree: Vec<TreeStep<'a>>,
    model_count: Vec<(String, u64)>,
    perms_lacking: Vec<String>,
    is_protected: bool,
}

/// Asks for confirmation, and deletes `rows` if the user has confirmed. Returns the confirmation page, or `None` if the rows were
/// deleted.
pub(super) async fn delete_selected(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    rows: Vec<Row>,
) -> Result<Option<HttpResponse>, PageError> {
    let is_confirmed = request.form.get("post").is_some_and(|answer| !answer.is_empty());
    match delete_rows(site, registered, request, &rows, is_confirmed, IfGone::Ignore).await? {
        DeletionOutcome::Question(deletion, perms_needed) => {
            question(site, registered, request, &rows, deletion, perms_needed).await.map(Some)
        }
        DeletionOutcome::Deleted | DeletionOutcome::Gone => {
            if !rows.is_empty() {
                let count = rows.len();
                let name = registered.model.verbose_name_for(u64::try_from(count).unwrap_or(u64::MAX));
                let text = format!("Successfully deleted {count} {name}.");
                messages::add(&request.req, Level::Success, text);
            }
            Ok(None)
        }
    }
}

async fn question(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    rows: &[Row],
    deletion: Deletion,
    perms_lacking: Vec<String>,
) -> Result<HttpResponse, PageError> {
    let model = &registered.model;
    let objects_name = model.verbose_name_for(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    let is_possible = perms_lacking.is_empty() && deletion.protected.is_empty();
    let title = match is_possible {
        true => "Delete multiple objects".to_owned(),
        false => format!("Cannot delete {objects_name}"),
    };
    let chrome = each_context(site, request).await?.titled(title);
    let app_name = site.app_name(&model.app_label).unwrap_or_default();
    let chrome = chrome
        .crumb(app_name, format!("{}{}/", site.base(), model.app_label))
        .crumb(capfirst(&model.verbose_name_plural), site.url_of(registered, ""))
        .last_crumb("Delete multiple objects");
    let counted = deletion.model_count.iter().map(|(name, count)| (capfirst(name), *count));
    let template = DeleteSelectedConfirmation {
        chrome,
        app_label: &model.app_label,
        model_name: &model.model_name,
        objects_name,
        keys: rows.iter().map(Row::pk).collect(),
        model_count: counted.collect(),
        tree: tree(if deletion.protected.is_empty() { &deletion.objects } else { &deletion.protected }),
        perms_lacking,
        is_protected: !deletion.protected.is_empty(),
    };
    Ok(render(StatusCode::OK, &template))
}
