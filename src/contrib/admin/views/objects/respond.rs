//! The response after an object was saved. Python counterpart: `ModelAdmin.response_add` and `response_change`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::json;

use super::preserved;
use crate::contrib::admin::changelist::IS_POPUP;
use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::error::redirect;
use crate::contrib::admin::models::Row;
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::messages::{self, Level, MessagePart};

/// Closes the popup window of a form.
#[derive(Template)]
#[template(path = "admin/popup_response.html")]
struct PopupResponse {
    chrome: Chrome,
    response: String,
}

/// Whether the form came from a popup window of another form. As in Django, the query does not count here.
pub(super) fn is_from_popup(request: &AdminRequest) -> bool {
    request.form.contains(IS_POPUP)
}

/// The page that closes the popup window and passes the object to the form that has opened it. Messages are shown on the next
/// page.
pub(super) fn close_popup(site: &AdminSite, request: &AdminRequest, response: &serde_json::Value) -> HttpResponse {
    let chrome = Chrome::anonymous(site, request);
    render(StatusCode::OK, &PopupResponse { chrome, response: response.to_string() })
}

/// Adds the message that the object was saved, and redirects to the next page.
pub(super) fn respond(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    object: &Row,
    text: &str,
    is_add: bool,
) -> HttpResponse {
    let (admin, form) = (&registered.admin, &request.form);
    if is_from_popup(request) {
        let response = match is_add {
            true => json!({ "value": object.pk(), "obj": text }),
            false => json!({ "action": "change", "value": object.pk(), "obj": text, "new_value": object.pk() }),
        };
        return close_popup(site, request, &response);
    }
    let url = |rest: &str| site.url_of(registered, rest);
    let own_url = site.change_url(registered, object.pk());
    let may_change = registered.has_change_permission(request, Some(object));
    let verb = if is_add { "added" } else { "changed" };
    let name = &registered.model.verbose_name;
    let adds_another = form.contains("_addanother");
    let continues = form.contains("_continue") || (is_add && admin.add_continues() && !adds_another);
    let (more, location) = if continues {
        let more = if may_change || !is_add { " You may edit it again below." } else { "" };
        (more.to_owned(), preserved::url_with_query(request, &own_url))
    } else if adds_another {
        (format!(" You may add another {name} below."), preserved::url_with_query(request, &url("add/")))
    } else {
        let location = if registered.may_see(request, None) {
            preserved::list_url(request, &url(""))
        } else {
            site.base().to_owned()
        };
        (String::new(), location)
    };
    let object = match may_change || !is_add {
        true => MessagePart::Link { href: own_url, text: text.to_owned() },
        false => MessagePart::Text(text.to_owned()),
    };
    let parts = [
        MessagePart::Text(format!("The {name} “")),
        object,
        MessagePart::Text(format!("” was {verb} successfully.{more}")),
    ];
    messages::add_parts(&request.req, Level::Success, &parts);
    redirect(&location)
}
