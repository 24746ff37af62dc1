//! Parameters that are passed on from page to page. Python counterpart: `django.contrib.admin.templatetags.admin_urls`.

use crate::contrib::admin::changelist::{CHANGELIST_FILTERS, IS_POPUP, TO_FIELD};
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::Registered;
use crate::http::query_dict::QueryDict;

/// Whether the page is in a popup window of a form.
pub(super) fn is_popup(request: &AdminRequest) -> bool {
    request.form.contains(IS_POPUP) || request.params.contains(IS_POPUP)
}

/// The field of the object whose value the form gets. Empty if it gets the key.
///
/// # Errors
/// Returns [`PageError::BadRequest`] if it is not the key: `DisallowedModelAdminToField`.
pub(super) fn to_field<'a>(registered: &Registered, request: &'a AdminRequest) -> Result<&'a str, PageError> {
    let field = request.form.get(TO_FIELD).or_else(|| request.params.get(TO_FIELD)).unwrap_or_default();
    let is_key = field.is_empty() || field == registered.model.pk || field == "pk";
    if is_key { Ok(field) } else { Err(PageError::BadRequest(format!("The field {field} cannot be referenced."))) }
}

/// The search and the filters of the list that the user came from. Empty if there are none.
fn filters(request: &AdminRequest) -> &str {
    request.params.get(CHANGELIST_FILTERS).unwrap_or_default()
}

/// The address of the list with the search and the filters that the user came from.
pub(super) fn list_url(request: &AdminRequest, url: &str) -> String {
    let filters = QueryDict::parse(filters(request).as_bytes());
    filters.add_to(url)
}

/// The address of another page, with the search and the filters for the way back.
pub(super) fn url(request: &AdminRequest, url: &str) -> String {
    let mut query = QueryDict::default();
    if !filters(request).is_empty() {
        query.push(CHANGELIST_FILTERS, filters(request));
    }
    query.add_to(url)
}

/// The address to which the form of an object is sent: the address of the page. As in Django, the other parameters are lost if
/// there are search and filters for the way back.
pub(super) fn form_url(request: &AdminRequest) -> String {
    let path = request.req.path();
    if filters(request).is_empty() { url_with_query(request, path) } else { url(request, path) }
}

/// Same as [`url`], with the other parameters of this page.
pub(super) fn url_with_query(request: &AdminRequest, url: &str) -> String {
    request.params.add_to(url)
}
