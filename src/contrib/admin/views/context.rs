//! The frame of a page. Python counterpart: `AdminSite.each_context` and `get_app_list`.

use crate::contrib::admin::chrome::{Chrome, NavApp, NavModel, PageMessage, Theme};
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::model_forms::capfirst;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::auth::hashers::is_password_usable;
use crate::contrib::messages;
use crate::contrib::sessions::Session;
use crate::http::cookies;
use crate::http::csrf::get_token;

/// The frame of the page that answers `request`.
pub(in crate::contrib) async fn each_context(site: &AdminSite, request: &AdminRequest) -> Result<Chrome, PageError> {
    // Messages that are too long for a cookie are in the session.
    Session::of(&request.req).await.map_err(PageError::internal)?;
    let user = request.user.as_ref().filter(|user| user.is_active() && user.is_staff());
    let name = |user: &crate::contrib::auth::SharedUser| {
        let first_name = user.attribute("first_name").and_then(|name| name.as_str().map(str::to_owned));
        first_name.filter(|name| !name.is_empty()).unwrap_or_else(|| user.username().to_owned())
    };
    let messages = messages::take(&request.req);
    Ok(Chrome {
        language: "en-us",
        site_title: site.site_title().to_owned(),
        site_header: site.site_header().to_owned(),
        site_url: Some("/".to_owned()),
        root: site.base().to_owned(),
        full_path: request.full_path().to_owned(),
        user: user.map(name),
        has_usable_password: user.is_some_and(|user| is_password_usable(user.password())),
        csrf_token: get_token(&request.req),
        messages: messages
            .iter()
            .map(|message| PageMessage { tags: message.level.as_str().to_owned(), text: capfirst(&message.to_text()) })
            .collect(),
        nav: if user.is_some() { app_list(site, request) } else { Vec::new() },
        theme: Theme::from_name(&cookies::get(&request.req, "theme").unwrap_or_default()),
        ..Chrome::default()
    })
}

/// The apps with the models that the user may see.
pub(in crate::contrib) fn app_list(site: &AdminSite, request: &AdminRequest) -> Vec<NavApp> {
    let app = |(label, name): &(String, String)| {
        let models = site.models().filter(|registered| registered.model.app_label == *label);
        let models: Vec<_> = models.filter_map(|registered| nav_model(site, registered, request)).collect();
        (!models.is_empty()).then(|| NavApp { name: name.clone(), url: format!("{}{label}/", site.base()), models })
    };
    site.apps().iter().filter_map(app).collect()
}

fn nav_model(site: &AdminSite, registered: &Registered, request: &AdminRequest) -> Option<NavModel> {
    let admin = &registered.admin;
    let (may_add, may_change) = (admin.has_add_permission(request), admin.has_change_permission(request, None));
    let may_view = admin.has_view_permission(request, None);
    if !admin.has_module_permission(request)
        || !(may_add || may_change || may_view || admin.has_delete_permission(request, None))
    {
        return None;
    }
    let url = |rest: &str| format!("{}{}", site.base(), registered.path(rest));
    Some(NavModel {
        name: capfirst(&registered.model.verbose_name_plural),
        url: (may_view || may_change).then(|| url("")),
        add_url: may_add.then(|| url("add/")),
        is_view_only: !may_change,
    })
}
