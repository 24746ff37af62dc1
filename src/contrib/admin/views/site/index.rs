//! The list of apps and models. Python counterpart: `AdminSite.index` and `app_index`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::contrib::admin::chrome::{Chrome, NavApp, app_list};
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::log::{ActionFlag, LogEntry};
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::core::python::capfirst;
use crate::db::{DatabaseError, DbConnection};

/// The number of the user's own actions on the page.
const RECENT: i64 = 10;

#[derive(Template)]
#[template(path = "admin/index.html")]
struct IndexPage {
    chrome: Chrome,
    apps: Vec<NavApp>,
    recent: Vec<RecentAction>,
}

#[derive(Template)]
#[template(path = "admin/app_index.html")]
struct AppIndexPage {
    chrome: Chrome,
    apps: Vec<NavApp>,
}

/// An entry of the log on the index page.
struct RecentAction {
    class: &'static str,
    verb: &'static str,
    repr: String,
    url: Option<String>,
    model: String,
}

/// The first page.
pub(in crate::contrib::admin::views) async fn index(
    site: &AdminSite,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    let recent = match request.user()?.pk() {
        Some(user) => {
            let read = move |conn: &mut DbConnection| LogEntry::recent(conn, user, RECENT).map_err(DatabaseError::from);
            request.db.query(read).await?
        }
        None => Vec::new(),
    };
    let recent = recent.into_iter().map(|(entry, model)| RecentAction::new(site, entry, model)).collect();
    let page = IndexPage {
        chrome: Chrome::of(site, request).titled(site.index_title()),
        apps: app_list(site, request, None),
        recent,
    };
    Ok(render(StatusCode::OK, &page))
}

/// The page of the app with this label.
pub(in crate::contrib::admin::views) async fn app_index(
    site: &AdminSite,
    app_label: &str,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    let apps = app_list(site, request, Some(app_label));
    let name = apps.first().ok_or(PageError::NotFound)?.name.clone();
    let chrome = Chrome::of(site, request).titled(format!("{name} administration")).last_crumb(name);
    Ok(render(StatusCode::OK, &AppIndexPage { chrome, apps }))
}

impl RecentAction {
    fn new(site: &AdminSite, entry: LogEntry, model: Option<(String, String)>) -> Self {
        let action = entry.action();
        let registered = model.as_ref().and_then(|(app, model)| site.find(app, model));
        let url = registered.zip(entry.object_id.as_deref()).map(|(registered, id)| site.change_url(registered, id));
        let name = registered.map(|registered| registered.model.verbose_name.clone()).or(model.map(|(_, name)| name));
        let (class, verb) = match action {
            Some(ActionFlag::Addition) => ("addlink", "Added:"),
            Some(ActionFlag::Change) => ("changelink", "Changed:"),
            Some(ActionFlag::Deletion) => ("deletelink", "Deleted:"),
            None => ("", ""),
        };
        Self {
            class,
            verb,
            repr: entry.object_repr,
            url: url.filter(|_| action != Some(ActionFlag::Deletion)),
            model: name.map_or_else(|| "Unknown content".to_owned(), |name| capfirst(&name)),
        }
    }
}
