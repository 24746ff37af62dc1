//! The list of a model, with actions on the selected rows. Python counterpart: `ModelAdmin.changelist_view`.

mod actions;
mod delete_selected;
mod page;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use self::actions::{ActionOutcome, offered_actions, run};
pub(super) use self::page::cell;
use self::page::change_list_page;
use crate::contrib::admin::changelist::{self, ChangeList, ChangeListError};
use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::error::{PageError, redirect};
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::messages::{self, Level};

/// `ModelAdmin.changelist_view`: the list of a model, and its actions.
pub(super) async fn changelist(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    if !registered.has_view_permission(request, None) {
        return Err(PageError::PermissionDenied);
    }
    let actions = offered_actions(registered, request);
    let wanted = changelist::ListRequest {
        params: request.params.clone(),
        has_actions: !actions.is_empty(),
        now: request.now(),
    };
    let list = match load(site, registered, request, wanted.clone()).await {
        Ok(list) => list,
        Err(ChangeListError::Incorrect) => return incorrect(site, request),
        Err(ChangeListError::Disallowed(path)) => {
            return Err(PageError::BadRequest(format!("filtering by {path} is not allowed")));
        }
        Err(ChangeListError::Database(error)) => return Err(error.into()),
    };
    if let Some(problem) = &list.params.search_error {
        messages::add(&request.req, Level::Error, problem);
    }
    if request.is_post() && !actions.is_empty() {
        match run(site, registered, request, &actions, wanted).await? {
            ActionOutcome::Page(response) => return Ok(response),
            // A redirect, so that reloading the page does not send the form again.
            ActionOutcome::Done => return Ok(redirect(&request.full_path())),
            ActionOutcome::NotAnAction => {}
        }
    }
    change_list_page(site, registered, request, &list, &actions).await
}

async fn load(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    wanted: changelist::ListRequest,
) -> Result<ChangeList, ChangeListError> {
    let (site, registered) = (site.clone(), registered.clone());
    request.db.query(move |conn| ChangeList::load(conn, &site, &registered, &wanted)).await
}

/// The page for the case that even the list without parameters cannot be shown.
#[derive(Template)]
#[template(path = "admin/invalid_setup.html")]
struct InvalidSetup {
    chrome: Chrome,
}

/// The response to invalid parameters: a redirect to the list without them.
fn incorrect(site: &AdminSite, request: &AdminRequest) -> Result<HttpResponse, PageError> {
    if !request.params.contains("e") {
        return Ok(redirect(&format!("{}?e=1", request.req.path())));
    }
    // As in Django, this page does not show the user.
    let chrome = Chrome::anonymous(site, request).titled("Database error").last_crumb("Database error");
    Ok(render(StatusCode::OK, &InvalidSetup { chrome }))
}
