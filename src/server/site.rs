//! The project that a server serves. Python counterpart: `django.core.handlers.wsgi`.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::ServiceConfig;
use actix_web::{App, Error, web};

use super::connections::WatchedConnections;
use super::metrics::Metrics;
use super::settings::ServerSettings;
use crate::apps::Apps;
use crate::http::error_pages;
use crate::http::middleware::{Middleware, MiddlewareStack};

/// The project that a server serves: its apps and its URLs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Site {
    pub(super) apps: Apps,
    urls: fn(&mut ServiceConfig, &Apps),
    pub(super) metrics: Option<Metrics>,
}

impl Site {
    /// The site of `apps`, with the routes that `urls` mounts.
    #[must_use]
    pub fn new(apps: Apps, urls: fn(&mut ServiceConfig, &Apps)) -> Self {
        Self { apps, urls, metrics: None }
    }
}

/// The whole application: middleware, data and routes.
pub fn app(
    site: &Site,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let keep_alive = site.apps.get::<ServerSettings>().ok().map(|settings| settings.keep_alive);
    let mut entries: Vec<Arc<dyn Middleware>> = vec![Arc::new(WatchedConnections::new(keep_alive))];
    if let Some(metrics) = site.metrics.clone() {
        entries.push(Arc::new(metrics));
    }
    entries.extend_from_slice(site.apps.registry().middleware());
    let project = site.apps.get::<MiddlewareStack>().ok().cloned().unwrap_or_default();
    let stack = Rc::new(project.inside(entries));
    App::new()
        .wrap(from_fn(move |req, next| {
            let stack = Rc::clone(&stack);
            async move { stack.serve(req, next).await }
        }))
        .configure(|cfg| {
            site.apps.configure(cfg);
            (site.urls)(cfg, &site.apps);
        })
        .default_service(web::to(error_pages::page_not_found))
}
