//! The URLs of the admin site. Python counterpart: `admin.site.urls`.
//!
//! The pages depend on the registered models, so one actix resource takes every path below `ADMIN_URL`, and
//! `resolve` finds the page.

use actix_web::web::{self, ServiceConfig};

pub use super::quoting::{quote, unquote};
use super::sites::{AdminSite, Registered};
use super::{static_files, views};
use crate::apps::Apps;

/// Mounts the admin site at `ADMIN_URL`, if `django.contrib.admin` is installed.
pub fn configure(cfg: &mut ServiceConfig, apps: &Apps) {
    if let Ok(site) = AdminSite::of_apps(apps) {
        static_files::configure(cfg);
        cfg.service(web::resource(format!("{}{{path:.*}}", site.base())).to(views::dispatch));
    }
}

/// A page of the site.
#[derive(Clone, Copy, Debug)]
pub(super) enum SitePage<'a> {
    Index,
    Login,
    Logout,
    PasswordChange,
    PasswordChangeDone,
    Theme,
    Dashboard,
    Search,
    /// Choices for `autocomplete_fields`, which no model has.
    Autocomplete,
    /// "View on site", which no model has: `r/TYPE/KEY/`.
    ViewOnSite,
    /// The models of the app with this label.
    AppIndex(&'a str),
    Model(&'a Registered, ModelPage<'a>),
}

/// A page of a model. Keys are as in the address; see [`unquote`].
#[derive(Clone, Copy, Debug)]
pub(super) enum ModelPage<'a> {
    ChangeList,
    Export,
    Add,
    Change(&'a str),
    Delete(&'a str),
    History(&'a str),
    /// One of [`ModelAdmin::object_pages`](super::ModelAdmin::object_pages), by its name.
    Own(&'a str, &'static str),
    /// The address of an object without a page name. It leads to the page of the object.
    Object,
}

/// The page at `path`, which is relative to the path of the site.
pub(super) fn resolve<'a>(site: &'a AdminSite, path: &'a str) -> Option<SitePage<'a>> {
    match path {
        "" => return Some(SitePage::Index),
        "login/" => return Some(SitePage::Login),
        "logout/" => return Some(SitePage::Logout),
        "password_change/" => return Some(SitePage::PasswordChange),
        "password_change/done/" => return Some(SitePage::PasswordChangeDone),
        "autocomplete/" => return Some(SitePage::Autocomplete),
        "dashboard/" => return Some(SitePage::Dashboard),
        "search/" => return Some(SitePage::Search),
        "theme/" => return Some(SitePage::Theme),
        _ => {}
    }
    let path = path.strip_suffix('/')?;
    if path
        .strip_prefix("r/")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
    {
        return Some(SitePage::ViewOnSite);
    }
    let Some((app, rest)) = path.split_once('/') else {
        return site.app_name(path).map(|_| SitePage::AppIndex(path));
    };
    let (model, rest) = rest.split_once('/').map_or((rest, None), |(model, rest)| (model, Some(rest)));
    let registered = site.find(app, model)?;
    Some(SitePage::Model(registered, model_page(registered, rest)?))
}

/// `rest` is the path after the name of the model, without the last slash.
fn model_page<'a>(registered: &Registered, rest: Option<&'a str>) -> Option<ModelPage<'a>> {
    let rest = match rest {
        None => return Some(ModelPage::ChangeList),
        Some("add") => return Some(ModelPage::Add),
        Some("export") => return Some(ModelPage::Export),
        Some("") => return None,
        Some(rest) => rest,
    };
    // Keys may have slashes, so the last word decides.
    let Some((key, page)) = rest.rsplit_once('/').filter(|(key, _)| !key.is_empty()) else {
        return Some(ModelPage::Object);
    };
    Some(match page {
        "change" => ModelPage::Change(key),
        "delete" => ModelPage::Delete(key),
        "history" => ModelPage::History(key),
        _ => {
            // As in Django, the keys of these addresses have no slash.
            let mut pages = registered.admin.object_pages().into_iter().filter(|_| !key.contains('/'));
            let own = pages.find(|own| own.name == page);
            own.map_or(ModelPage::Object, |own| ModelPage::Own(key, own.name))
        }
    })
}
