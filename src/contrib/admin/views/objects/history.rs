//! The history of an object. Python counterpart: `ModelAdmin.history_view`.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::context::{does_not_exist, get_object, object_crumbs};
use crate::contrib::admin::changelist::get_elided_page_range;
use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::display::date_time;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::log::LogEntry;
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::admin::views::each_context;
use crate::contrib::auth::{AbstractUser, UserId};
use crate::db::{DatabaseError, DbConnection};

/// The entries of a page.
const PER_PAGE: i64 = 100;

/// An entry as the page shows it.
struct HistoryEntry {
    time: String,
    user: String,
    message: String,
}

#[derive(Template)]
#[template(path = "admin/object_history.html")]
struct ObjectHistory {
    chrome: Chrome,
    entries: Vec<HistoryEntry>,
    /// The pages that have a link, with `None` for those between.
    pages: Vec<Option<u64>>,
    page: u64,
    count: i64,
}

/// The log of the object with the key `key`.
pub(in crate::contrib::admin::views) async fn history(
    site: &AdminSite,
    registered: &Registered,
    key: &str,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    let Some(object) = get_object(site, registered, key, request).await? else {
        return Ok(does_not_exist(site, registered, key, request));
    };
    let admin = &registered.admin;
    if !registered.may_see(request, Some(&object)) {
        return Err(PageError::PermissionDenied);
    }
    let (count, page, entries) = entries(registered, key, request).await?;
    let text = admin.to_string(&object);
    let chrome = each_context(site, request).await?.titled(format!("Change history: {text}"));
    let chrome = object_crumbs(chrome, site, registered, Some((&object, &text)), true).last_crumb("History");
    let page = page.unsigned_abs();
    let pages = match count > PER_PAGE {
        true => get_elided_page_range(page, last_page(count).unsigned_abs()),
        false => Vec::new(),
    };
    Ok(render(StatusCode::OK, &ObjectHistory { chrome, entries, pages, page, count }))
}

fn last_page(count: i64) -> i64 {
    ((count + PER_PAGE - 1) / PER_PAGE).max(1)
}

/// The number of entries, the number of the page, and its entries. A number that is too large gives the last page, and a text
/// that is not a number the first.
async fn entries(
    registered: &Registered,
    key: &str,
    request: &AdminRequest,
) -> Result<(i64, i64, Vec<HistoryEntry>), PageError> {
    let (model, key) = (Arc::clone(&registered.model), key.to_owned());
    let wanted = request.params.get("p").map_or(1, |page| page.trim().parse().unwrap_or(1));
    let users = Arc::clone(request.auth()?.users());
    let read = move |conn: &mut DbConnection| -> Result<_, DatabaseError> {
        let names = (model.app_label.as_str(), model.model_name.as_str());
        let (count, _) = LogEntry::of_object(conn, names, &key, (0, 0))?;
        let last = last_page(count);
        let page = if (1..=last).contains(&wanted) { wanted } else { last };
        let (_, entries) = LogEntry::of_object(conn, names, &key, ((page - 1) * PER_PAGE, PER_PAGE))?;
        let mut known: HashMap<UserId, String> = HashMap::new();
        for entry in &entries {
            if let MapEntry::Vacant(name) = known.entry(entry.user_id) {
                let user = users.get_by_pk(conn, entry.user_id)?;
                name.insert(user.map(|user| full_name(&*user)).unwrap_or_default());
            }
        }
        let entries = entries.into_iter().map(|entry| HistoryEntry {
            time: date_time(entry.time()),
            user: known.get(&entry.user_id).cloned().unwrap_or_default(),
            message: entry.get_change_message(),
        });
        Ok((count, page, entries.collect()))
    };
    Ok(request.db.query(read).await?)
}

/// The login name, and behind it first and last name in brackets, if there are any.
fn full_name(user: &dyn AbstractUser) -> String {
    let full_name = format!("{} {}", user.text("first_name"), user.text("last_name"));
    match full_name.trim() {
        "" => user.username().to_owned(),
        full_name => format!("{} ({full_name})", user.username()),
    }
}
