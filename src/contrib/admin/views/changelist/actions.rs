//! Actions on the selected rows. Python counterpart: `ModelAdmin.get_actions` and `response_action`.

use std::sync::Arc;

use actix_web::HttpResponse;

use super::delete_selected::delete_selected;
use crate::contrib::admin::action::Action;
use crate::contrib::admin::changelist::{self, ChangeListError, IS_POPUP, Wanted};
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::models::Row;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::messages::{self, Level};
use crate::db::DbConnection;

/// The largest number of rows for an action. All are written in one transaction, for which other writes wait.
const MAX_SELECTED: u64 = 1_000;

/// The name of the deletion of the selected rows.
const DELETE_SELECTED: &str = "delete_selected";

const NOTHING_SELECTED: &str =
    "Items must be selected in order to perform actions on them. No items have been changed.";

const NOT_ALLOWED: &str = "You may not change some of the selected items. No items have been changed.";

/// The result of the form of a list.
pub(super) enum ActionOutcome {
    /// A separate page, such as a confirmation.
    Page(HttpResponse),
    /// The action was carried out, or a message says why not.
    Done,
    /// The form has no action. The list is shown.
    NotAnAction,
}

/// The actions that the user may carry out, the deletion first: `get_actions`.
pub(super) fn offered_actions(registered: &Registered, request: &AdminRequest) -> Vec<Action> {
    let admin = &registered.admin;
    if !admin.has_actions(request) || request.params.contains(IS_POPUP) {
        return Vec::new();
    }
    let delete = Action::new(DELETE_SELECTED, "Delete selected %(verbose_name_plural)s", |_, _, _| Ok(String::new()));
    let is_offered = |action: &Action| action.permissions.iter().all(|action| may(registered, request, action, None));
    let all = [delete.permissions(&["delete"])].into_iter().chain(admin.actions());
    all.filter(is_offered).collect()
}

fn may(registered: &Registered, request: &AdminRequest, action: &str, object: Option<&Row>) -> bool {
    match action {
        "add" => registered.has_add_permission(request),
        "change" => registered.has_change_permission(request, object),
        "delete" => registered.has_delete_permission(request, object),
        "view" => registered.has_view_permission(request, object),
        other => request.has_perm(&registered.model.permission(other)),
    }
}

/// Carries out the action that the form names.
pub(super) async fn run(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    actions: &[Action],
    wanted: changelist::ListRequest,
) -> Result<ActionOutcome, PageError> {
    let form = &request.form;
    let selected = form.get_list("_selected_action");
    let is_action = (form.contains("index") || !selected.is_empty()) && !form.contains("_save");
    if !is_action {
        return Ok(ActionOutcome::NotAnAction);
    }
    if selected.is_empty() {
        messages::add(&request.req, Level::Warning, NOTHING_SELECTED);
        return Ok(ActionOutcome::Done);
    }
    // A list may have a menu above and below. The button says which one was used.
    let menu = form.get("index").and_then(|index| index.trim().parse::<usize>().ok()).unwrap_or(0);
    let names = form.get_list("action");
    let name = names.get(menu).or(names.last());
    let Some(action) = name.and_then(|name| actions.iter().find(|action| action.name == **name)) else {
        messages::add(&request.req, Level::Warning, "No action selected.");
        return Ok(ActionOutcome::Done);
    };
    let takes_all = form.get("select_across").is_some_and(|value| !["", "0", "False", "false"].contains(&value));
    let keys = (!takes_all).then(|| selected.iter().map(|key| (*key).to_owned()).collect());
    let Some(rows) = selected_rows(site, registered, request, wanted.clone(), keys).await? else {
        let text = format!("No more than {MAX_SELECTED} items can be selected at once. No items have been changed.");
        messages::add(&request.req, Level::Warning, text);
        return Ok(ActionOutcome::Done);
    };
    if action.name == DELETE_SELECTED {
        return match delete_selected(site, registered, request, rows).await? {
            Some(page) => Ok(ActionOutcome::Page(page)),
            None => Ok(ActionOutcome::Done),
        };
    }
    let may_all = |name: &String| rows.iter().all(|row| may(registered, request, name, Some(row)));
    if !action.permissions.iter().all(may_all) {
        messages::add(&request.req, Level::Warning, NOT_ALLOWED);
        return Ok(ActionOutcome::Done);
    }
    let message = carry_out(site, registered, request, action, wanted, rows).await?;
    if !message.is_empty() {
        messages::add(&request.req, Level::Success, message);
    }
    Ok(ActionOutcome::Done)
}

/// Runs the action on those of `rows` that the list still has, as they are in the transaction that writes. An action that writes
/// whole rows would otherwise undo what another request has changed meanwhile.
async fn carry_out(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    action: &Action,
    wanted: changelist::ListRequest,
    rows: Vec<Row>,
) -> Result<String, PageError> {
    let (site, registered, action) = (site.clone(), registered.clone(), action.clone());
    let permissions = Arc::clone(&request.permissions);
    let run = move |conn: &mut DbConnection| -> Result<String, PageError> {
        let keys: Vec<&str> = rows.iter().map(Row::pk).collect();
        registered.objects.lock(conn, &keys)?;
        let changes = action.permissions.iter().any(|name| name == "change");
        if changes && !registered.unchangeable(conn, &permissions, &keys)?.is_empty() {
            return Err(PageError::PermissionDenied);
        }
        let rows = wanted.rows(conn, &site, &registered, Wanted::Keys(&keys), MAX_SELECTED).map_err(page_error)?;
        action.run(conn, &registered.objects, &rows)
    };
    request.db.write(run).await
}

/// The list itself was loaded with the same parameters.
fn page_error(error: ChangeListError) -> PageError {
    match error {
        ChangeListError::Database(error) => error.into(),
        error => PageError::BadRequest(error.to_string()),
    }
}

/// The rows of the list with these keys, or all its rows. Those that the user may not change are marked. `None` if there are too
/// many.
async fn selected_rows(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    wanted: changelist::ListRequest,
    keys: Option<Vec<String>>,
) -> Result<Option<Vec<Row>>, PageError> {
    let (site, registered, permissions) = (site.clone(), registered.clone(), Arc::clone(&request.permissions));
    let select = move |conn: &mut DbConnection| -> Result<Vec<Row>, ChangeListError> {
        let keys: Option<Vec<&str>> = keys.as_ref().map(|keys| keys.iter().map(String::as_str).collect());
        let selected = keys.as_deref().map_or(Wanted::All, Wanted::Keys);
        let mut rows = wanted.rows(conn, &site, &registered, selected, MAX_SELECTED + 1)?;
        registered.mark_unchangeable(conn, &permissions, &mut rows)?;
        Ok(rows)
    };
    let rows = request.db.query(select).await.map_err(page_error)?;
    Ok(Some(rows).filter(|rows| u64::try_from(rows.len()).is_ok_and(|count| count <= MAX_SELECTED)))
}
