//! The history of an object. Python counterpart: `ModelAdmin.history_view`.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::context::{does_not_exist, get_object, object_crumbs};
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
struct Entry {
    time: String,
    user: String,
    message: String,
}

/// A link to another page of the list.
enum PageLink {
    Ellipsis,
    Current(i64),
    Other(i64),
}

#[derive(Template)]
#[template(path = "admin/object_history.html")]
struct ObjectHistory {
    chrome: Chrome,
    entries: Vec<Entry>,
    pages: Vec<PageLink>,
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
    let pages = if count > PER_PAGE { pages(page, last_page(count)) } else { Vec::new() };
    Ok(render(StatusCode::OK, &ObjectHistory { chrome, entries, pages, count }))
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
) -> Result<(i64, i64, Vec<Entry>), PageError> {
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
        let entries = entries.into_iter().map(|entry| Entry {
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
    let part =
        |name: &str| user.attribute(name).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default();
    let full_name = format!("{} {}", part("first_name"), part("last_name"));
    match full_name.trim() {
        "" => user.username().to_owned(),
        full_name => format!("{} ({full_name})", user.username()),
    }
}

/// `get_elided_page_range`: three pages on each side of this one, and two at both ends. A single page is never left out.
fn pages(current: i64, last: i64) -> Vec<PageLink> {
    let is_shown = |page: i64| last <= 10 || page <= 2 || page > last - 2 || (page - current).abs() <= 3;
    let mut links = Vec::new();
    let mut previous = 0;
    for page in (1..=last).filter(|page| is_shown(*page)) {
        match page - previous {
            1 => {}
            2 => links.push(PageLink::Other(page - 1)),
            _ => links.push(PageLink::Ellipsis),
        }
        links.push(if page == current { PageLink::Current(page) } else { PageLink::Other(page) });
        previous = page;
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_in_between_are_left_out() {
        for (current, last, text) in [
            (1, 1, "[1]"),
            (2, 3, "1 [2] 3"),
            (5, 10, "1 2 3 4 [5] 6 7 8 9 10"),
            (1, 20, "[1] 2 3 4 … 19 20"),
            (7, 20, "1 2 3 4 5 6 [7] 8 9 10 … 19 20"),
            (8, 20, "1 2 … 5 6 7 [8] 9 10 11 … 19 20"),
            (14, 20, "1 2 … 11 12 13 [14] 15 16 17 18 19 20"),
            (20, 20, "1 2 … 17 18 19 [20]"),
        ] {
            let shown: Vec<_> = pages(current, last)
                .iter()
                .map(|link| match link {
                    PageLink::Ellipsis => "…".to_owned(),
                    PageLink::Current(page) => format!("[{page}]"),
                    PageLink::Other(page) => page.to_string(),
                })
                .collect();
            assert_eq!(shown.join(" "), text);
        }
    }
}
