//! Code that the pages of an object share.

use std::sync::Arc;

use diesel::QueryResult;

use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::error::{PageError, redirect};
use crate::contrib::admin::models::Row;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::messages::{self, Level};
use crate::core::python::capfirst;
use crate::db::{DatabaseError, DbConnection};

/// The largest number of words of an object's text in the breadcrumbs.
const CRUMB_WORDS: usize = 18;

/// The row with the key `key`, with the related rows that its text needs. It is marked if the user may not change it.
pub(in crate::contrib) async fn get_object(
    site: &AdminSite,
    registered: &Registered,
    key: &str,
    request: &AdminRequest,
) -> Result<Option<Row>, PageError> {
    // PostgreSQL has no NUL in a text.
    if key.contains('\0') {
        return Ok(None);
    }
    let (site, registered, key) = (site.clone(), registered.clone(), key.to_owned());
    let permissions = Arc::clone(&request.permissions);
    let get = move |conn: &mut DbConnection| -> QueryResult<_> {
        let mut object = site.get_object(conn, &registered, &key)?;
        registered.mark_unchangeable(conn, &permissions, object.as_mut_slice())?;
        Ok(object)
    };
    Ok(request.db.query(move |conn| get(conn).map_err(DatabaseError::from)).await?)
}

/// Redirects to the index page with a message that the object does not exist.
pub(super) fn does_not_exist(
    site: &AdminSite,
    registered: &Registered,
    key: &str,
    request: &AdminRequest,
) -> actix_web::HttpResponse {
    let name = capfirst(&registered.model.verbose_name);
    let text = format!("{name} with ID “{key}” doesn’t exist. Perhaps it was deleted?");
    messages::add(&request.req, Level::Warning, text);
    redirect(site.base())
}

/// The breadcrumbs down to the object, if there is one. The list has a link unless `has_list` is false.
pub(in crate::contrib) fn object_crumbs(
    chrome: Chrome,
    site: &AdminSite,
    registered: &Registered,
    object: Option<(&Row, &str)>,
    has_list: bool,
) -> Chrome {
    let model = &registered.model;
    let app = site.app_name(&model.app_label).unwrap_or(&model.app_label);
    let chrome = chrome.crumb(app, format!("{}{}/", site.base(), model.app_label));
    let list = capfirst(&model.verbose_name_plural);
    let chrome = match has_list {
        true => chrome.crumb(list, site.url_of(registered, "")),
        false => chrome.last_crumb(list),
    };
    match object {
        Some((object, text)) => chrome.crumb(truncate_words(text), site.change_url(registered, object.pk())),
        None => chrome,
    }
}

/// The first words of a text.
pub(super) fn truncate_words(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.get(..CRUMB_WORDS) {
        Some(first) if words.len() > CRUMB_WORDS => format!("{} …", first.join(" ")),
        _ => text.to_owned(),
    }
}
