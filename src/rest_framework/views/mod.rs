//! A view: one URL, its methods, and who may use them. Python counterpart: `rest_framework.views.APIView`.
//!
//! ```
//! use actix_simplejwt::Authenticated;
//! use actix_simplejwt::rest_framework::views::{ApiView, path};
//! use actix_web::web::ServiceConfig;
//!
//! async fn greet(auth: Authenticated) -> String {
//!     format!("Hello, {}!", auth.user.username())
//! }
//!
//! fn configure(cfg: &mut ServiceConfig) {
//!     cfg.service(path("/api/protected/", ApiView::new("Protected").get(greet)));
//! }
//! # let _ = actix_web::App::new().configure(configure);
//! ```
//!
//! A view that says nothing about access has `DEFAULT_PERMISSION_CLASSES`. A public view must say so: [`ApiView::public`].

mod dispatch;

use std::rc::Rc;

use actix_web::dev::{AppService, HttpServiceFactory, Payload};
use actix_web::http::Method;
use actix_web::web::ServiceConfig;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, web};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use self::dispatch::dispatch;
pub(super) use self::dispatch::{MountedView, vary};
use super::authentication::{self, Authentication, AuthenticationClass};
use super::exceptions::ApiError;
use super::fields::CharField;
use super::metadata::determine_metadata;
use super::parsers::Parser;
use super::permissions::{AllowAny, Model, ModelInfo, Permission, PermissionClass};
use super::renderers::Renderer;
use super::serializers::{Serializer, describe};
use super::state::RestFramework;
use super::throttling::{Throttle, ThrottleClass};
use crate::apps::Apps;

type BoxedHandler = Rc<dyn Fn(HttpRequest, Payload) -> LocalBoxFuture<'static, Result<HttpResponse, actix_web::Error>>>;

/// The order in which DRF lists methods in `Allow`; `HEAD` and `OPTIONS` are derived.
pub(super) const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// One URL's handlers with their policies.
#[derive(Clone)]
pub struct ApiView {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    handlers: Vec<(Method, BoxedHandler)>,
    authentication: Option<Vec<AuthenticationClass>>,
    permissions: Option<Vec<PermissionClass>>,
    challenge: Option<fn(&HttpRequest) -> Option<String>>,
    throttles: Option<Vec<ThrottleClass>>,
    throttle_scope: Option<&'static str>,
    model: Option<Model>,
    renderers: Option<Vec<Renderer>>,
    parsers: Option<Vec<Parser>>,
    pub(super) fields: Option<fn(&HttpRequest) -> Vec<CharField>>,
    app: Option<&'static str>,
    pub(super) tag: Option<&'static str>,
    pub(super) answer: Option<fn(&HttpRequest) -> Value>,
    pub(super) refusals: Option<fn(&HttpRequest) -> Vec<ApiError>>,
}

/// A view at its path: a line of `urlpatterns`. An actix service, so it can be mounted anywhere.
#[derive(Clone, Debug)]
pub struct Route {
    pub(super) path: String,
    pub(super) view: ApiView,
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

/// Mounts those of `routes` whose app is installed, and hands them `apps`.
pub fn mount(cfg: &mut ServiceConfig, apps: &Apps, routes: Vec<Route>) {
    apps.configure(cfg);
    for route in routes.into_iter().filter(|route| route.is_installed(apps)) {
        cfg.service(route);
    }
}

impl Route {
    /// Whether the app of the view is installed.
    #[must_use]
    pub fn is_installed(&self, apps: &Apps) -> bool {
        self.view.app.is_none_or(|app| apps.is_installed(app))
    }

    /// The path as it was written.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl HttpServiceFactory for Route {
    fn register(self, config: &mut AppService) {
        let view = Rc::new(MountedView::new(self.view));
        let serve =
            move |req: HttpRequest, payload: web::Payload| dispatch(Rc::clone(&view), req, payload.into_inner());
        web::resource(self.path).to(serve).register(config);
    }
}

impl ApiView {
    /// A view called `name` in `OPTIONS` and on its page.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            description: "",
            handlers: Vec::new(),
            authentication: None,
            permissions: None,
            challenge: None,
            throttles: None,
            throttle_scope: None,
            model: None,
            renderers: None,
            parsers: None,
            fields: None,
            app: None,
            tag: None,
            answer: None,
            refusals: None,
        }
    }

    /// What the view does, for `OPTIONS`.
    #[must_use]
    pub fn description(mut self, text: &'static str) -> Self {
        self.description = text;
        self
    }

    /// Handles `GET`, and `HEAD` without the body.
    #[must_use]
    pub fn get<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::GET, handler)
    }

    /// Handles `POST`.
    #[must_use]
    pub fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.on(Method::POST, handler)
    }

    /// Handles `method`: one of `GET`, `POST`, `PUT`, `PATCH` and `DELETE`.
    #[must_use]
    pub fn on<F, Args>(mut self, method: Method, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let boxed: BoxedHandler = Rc::new(move |req, mut payload| {
            let handler = handler.clone();
            Box::pin(async move {
                let args = Args::from_request(&req, &mut payload).await.map_err(Into::into)?;
                Ok(handler.call(args).await.respond_to(&req).map_into_boxed_body())
            })
        });
        self.handlers.push((method, boxed));
        self
    }

    /// `authentication_classes = [class]` in place of the default ones. May be repeated.
    #[must_use]
    pub fn authentication(mut self, class: impl Authentication) -> Self {
        self.authentication.get_or_insert_default().push(AuthenticationClass::new(class));
        self
    }

    /// `permission_classes = [permission]` in place of the default ones. May be repeated; all of them must allow the request.
    #[must_use]
    pub fn permission(mut self, permission: impl Permission) -> Self {
        self.permissions.get_or_insert_default().push(PermissionClass::new(permission));
        self
    }

    /// Open to everyone: `permission_classes = [AllowAny]`. An invalid credential is still a 401.
    #[must_use]
    pub fn public(self) -> Self {
        self.permission(AllowAny)
    }

    /// `authentication_classes = []` and `permission_classes = []`: credentials are ignored, as in the views that issue
    /// tokens. A 401 of the handler itself has `challenge`.
    #[must_use]
    pub fn unauthenticated(mut self, challenge: fn(&HttpRequest) -> Option<String>) -> Self {
        self.authentication = Some(Vec::new());
        self.permissions = Some(Vec::new());
        self.challenge = Some(challenge);
        self
    }

    /// `throttle_classes = [throttle]` in place of the default ones. May be repeated.
    #[must_use]
    pub fn throttle(mut self, throttle: impl Throttle) -> Self {
        self.throttles.get_or_insert_default().push(ThrottleClass::new(throttle));
        self
    }

    /// `throttle_classes = []`: no limit.
    #[must_use]
    pub fn unthrottled(mut self) -> Self {
        self.throttles = Some(Vec::new());
        self
    }

    /// The name of the rate of [`ScopedRateThrottle`](super::throttling::ScopedRateThrottle) for this view.
    #[must_use]
    pub fn throttle_scope(mut self, scope: &'static str) -> Self {
        self.throttle_scope = Some(scope);
        self
    }

    /// The model for `DjangoModelPermissions`: `queryset = M.objects`.
    #[must_use]
    pub fn model<M: ModelInfo>(mut self) -> Self {
        self.model = Some(Model::of::<M>());
        self
    }

    /// `renderer_classes` in place of the default ones.
    #[must_use]
    pub fn renderers(mut self, renderers: &[Renderer]) -> Self {
        self.renderers = Some(renderers.to_vec());
        self
    }

    /// `parser_classes` in place of the default ones.
    #[must_use]
    pub fn parsers(mut self, parsers: &[Parser]) -> Self {
        self.parsers = Some(parsers.to_vec());
        self
    }

    /// `serializer_class`: the fields that `OPTIONS` describes.
    #[must_use]
    pub fn serializer<S: Serializer>(mut self) -> Self {
        self.fields = Some(describe::<S>);
        self
    }

    /// The app that the view belongs to, by its name in `INSTALLED_APPS`. The view is mounted only if the app is installed.
    /// Default: none, always mounted.
    #[must_use]
    pub fn app(mut self, name: &'static str) -> Self {
        self.app = Some(name);
        self
    }

    /// The heading under which the API's description lists the view. Default: the first part of its path.
    #[must_use]
    pub fn tag(mut self, tag: &'static str) -> Self {
        self.tag = Some(tag);
        self
    }

    /// The JSON Schema of the body of a 200, for the API's description; see [`shapes`](super::schemas::shapes). The request
    /// is for schemas that depend on settings.
    #[must_use]
    pub fn answers(mut self, schema: fn(&HttpRequest) -> Value) -> Self {
        self.answer = Some(schema);
        self
    }

    /// The handler's own errors, for the API's description. Those of the framework (bodies, authentication, permissions,
    /// throttles, negotiation) are known.
    #[must_use]
    pub fn refuses(mut self, errors: fn(&HttpRequest) -> Vec<ApiError>) -> Self {
        self.refusals = Some(errors);
        self
    }

    pub(super) fn handles(&self, method: &Method) -> bool {
        *method == Method::OPTIONS || self.handler(method).is_some()
    }

    fn handler(&self, method: &Method) -> Option<&BoxedHandler> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.handlers.iter().find(|(handled, _)| handled == method).map(|(_, handler)| handler)
    }

    /// Value of `Allow`.
    pub(super) fn allow(&self) -> String {
        let mut methods = Vec::new();
        for method in METHODS.iter().filter(|method| self.handler(method).is_some()) {
            methods.push(method.as_str());
        }
        if self.handler(&Method::GET).is_some() {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.join(", ")
    }

    pub(super) fn authentication_classes<'a>(&'a self, framework: &'a RestFramework) -> &'a [AuthenticationClass] {
        self.authentication.as_deref().unwrap_or(&framework.authentication_classes)
    }

    pub(super) fn permission_classes<'a>(&'a self, framework: &'a RestFramework) -> &'a [PermissionClass] {
        self.permissions.as_deref().unwrap_or(&framework.permission_classes)
    }

    pub(super) fn throttle_classes<'a>(&'a self, framework: &'a RestFramework) -> &'a [ThrottleClass] {
        self.throttles.as_deref().unwrap_or(&framework.throttle_classes)
    }

    pub(super) fn renderer_classes<'a>(&'a self, framework: &'a RestFramework) -> &'a [Renderer] {
        self.renderers.as_deref().unwrap_or(&framework.settings.default_renderer_classes)
    }

    pub(super) fn parser_classes<'a>(&'a self, framework: &'a RestFramework) -> &'a [Parser] {
        self.parsers.as_deref().unwrap_or(&framework.settings.default_parser_classes)
    }

    pub(super) fn is_throttled(&self, framework: &RestFramework) -> bool {
        self.throttle_classes(framework).iter().any(|class| class.has_rate(self.throttle_scope, framework))
    }

    /// The body of the answer to `OPTIONS`.
    pub(super) fn metadata(&self, req: &HttpRequest, framework: &RestFramework) -> Value {
        let fields = self.fields.filter(|_| self.handler(&Method::POST).is_some()).map(|fields| fields(req));
        let parsers = self.parser_classes(framework);
        determine_metadata(self.name, self.description, self.renderer_classes(framework), parsers, fields)
    }

    pub(super) fn challenge(&self, req: &HttpRequest, framework: &RestFramework) -> Option<String> {
        match self.challenge {
            Some(challenge) => challenge(req),
            None => authentication::challenge(req, self.authentication_classes(framework)),
        }
    }
}

impl std::fmt::Debug for ApiView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiView({}: {})", self.name, self.allow())
    }
}
