//! Views at their paths. Python counterpart: `path` and `include` of `django.urls`.

use std::rc::Rc;

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::web::ServiceConfig;
use actix_web::{HttpRequest, web};

use super::dispatch::dispatch;
use super::mounted::MountedView;
use super::view::ApiView;
use crate::apps::Apps;
#[cfg(feature = "server")]
use crate::rest_framework::browsable::resource_name;

/// A view at its path: a line of `urlpatterns`. An actix service, so it can be mounted anywhere.
#[derive(Clone, Debug)]
pub struct Route {
    pub(in crate::rest_framework) path: String,
    pub(in crate::rest_framework) view: ApiView,
}

/// Puts `view` at `path`, which ends in a slash as Django's do: `path()` of `django.urls`.
#[must_use]
pub fn path(path: &str, view: ApiView) -> Route {
    Route { path: path.to_owned(), view }
}

/// Puts the routes of an app below `prefix`, which has no slash at its end: `include()` of `django.urls`.
#[must_use]
pub fn include(prefix: &str, routes: Vec<Route>) -> Vec<Route> {
    let below = |route: Route| Route { path: format!("{prefix}{}", route.path), view: route.view };
    routes.into_iter().map(below).collect()
}

/// Mounts the routes whose app is installed, and passes them `apps`.
pub fn mount(cfg: &mut ServiceConfig, apps: &Apps, routes: Vec<Route>) {
    apps.configure(cfg);
    for route in routes.into_iter().filter(|route| route.is_installed(apps)) {
        cfg.service(route);
    }
}

impl Route {
    /// Whether the app of the view is installed, and the view is not off by settings.
    #[must_use]
    pub fn is_installed(&self, apps: &Apps) -> bool {
        let condition = self.view.condition.is_none_or(|condition| condition(apps));
        condition && self.view.app.is_none_or(|app| apps.is_installed(app))
    }

    /// The path as it was written.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl HttpServiceFactory for Route {
    fn register(self, config: &mut AppService) {
        #[cfg(feature = "server")]
        let resource = web::resource(&*self.path).name(&resource_name(self.view.name, &self.path));
        #[cfg(not(feature = "server"))]
        let resource = web::resource(&*self.path);
        let view = Rc::new(MountedView::new(self.view));
        let serve =
            move |req: HttpRequest, payload: web::Payload| dispatch(Rc::clone(&view), req, payload.into_inner());
        resource.to(serve).register(config);
    }
}
