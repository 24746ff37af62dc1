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
//! A view that says nothing about access has `DEFAULT_PERMISSION_CLASSES`. Being public is what one has to write:
//! [`ApiView::public`].

use std::rc::Rc;

use actix_web::body::BoxBody;
use actix_web::dev::{AppService, HttpServiceFactory, Payload};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, Handler, HttpMessage, HttpRequest, HttpResponse, Responder, ResponseError, web};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::authentication::{self, Authentication, AuthenticationClass};
use super::exceptions::ApiError;
use super::fields::CharField;
use super::metadata::determine_metadata;
use super::model_permissions::{Model, ModelInfo};
use super::negotiation::{Accepted, select_renderer};
use super::parsers::Parser;
use super::permissions::{AllowAny, Permission, PermissionClass, check_permissions};
use super::renderers::{Renderer, is_as_asked, render};
use super::request::Seen;
use super::serializers::Serializer;
use super::state::RestFramework;
use super::throttling::{Throttle, ThrottleClass, check_throttles};

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

impl Route {
    /// The path as it was written.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// A view in its place, with what is the same for every request.
pub(super) struct Mounted {
    view: ApiView,
    allow: HeaderValue,
}

impl Mounted {
    /// The parsers of the view.
    pub(super) fn parser_classes<'a>(&'a self, framework: &'a RestFramework) -> &'a [Parser] {
        self.view.parser_classes(framework)
    }
}

impl HttpServiceFactory for Route {
    fn register(self, config: &mut AppService) {
        // Names of methods, commas and spaces are a header value.
        let allow = HeaderValue::from_str(&self.view.allow()).unwrap_or(HeaderValue::from_static("OPTIONS"));
        let view = Rc::new(Mounted { allow, view: self.view });
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

    /// `authentication_classes = [A]` in place of the default ones. May be repeated.
    #[must_use]
    pub fn authentication<A: Authentication>(mut self) -> Self {
        self.authentication.get_or_insert_default().push(AuthenticationClass::of::<A>());
        self
    }

    /// `permission_classes = [P]` in place of the default ones. May be repeated.
    #[must_use]
    pub fn permission<P: Permission>(mut self) -> Self {
        self.permissions.get_or_insert_default().push(PermissionClass::of::<P>());
        self
    }

    /// Open to everybody: `permission_classes = [AllowAny]`. A bad credential is still refused.
    #[must_use]
    pub fn public(self) -> Self {
        self.permission::<AllowAny>()
    }

    /// `authentication_classes = []` and `permission_classes = []`: credentials are not even looked at, as on the views
    /// that hand tokens out. A 401 of the handler itself gets `challenge`.
    #[must_use]
    pub fn unauthenticated(mut self, challenge: fn(&HttpRequest) -> Option<String>) -> Self {
        self.authentication = Some(Vec::new());
        self.permissions = Some(Vec::new());
        self.challenge = Some(challenge);
        self
    }

    /// `throttle_classes = [T]` in place of the default ones. May be repeated.
    #[must_use]
    pub fn throttle<T: Throttle>(mut self) -> Self {
        self.throttles.get_or_insert_default().push(ThrottleClass::of::<T>());
        self
    }

    /// `throttle_classes = []`: as many requests as one likes.
    #[must_use]
    pub fn unthrottled(mut self) -> Self {
        self.throttles = Some(Vec::new());
        self
    }

    /// Name of the rate that [`ScopedRateThrottle`](super::throttling::ScopedRateThrottle) has for this view.
    #[must_use]
    pub fn throttle_scope(mut self, scope: &'static str) -> Self {
        self.throttle_scope = Some(scope);
        self
    }

    /// The model whose permissions [`DjangoModelPermissions`](super::model_permissions::DjangoModelPermissions) asks
    /// for: `queryset = M.objects`.
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
        self.fields = Some(S::fields);
        self
    }

    /// The heading under which the API's description lists the view. Default: the first part of its path.
    #[must_use]
    pub fn tag(mut self, tag: &'static str) -> Self {
        self.tag = Some(tag);
        self
    }

    /// The JSON Schema of the body of a 200, for the API's description; [`shapes`](super::schemas::shapes) helps to
    /// write it. The request is there for shapes that depend on settings.
    #[must_use]
    pub fn answers(mut self, schema: fn(&HttpRequest) -> Value) -> Self {
        self.answer = Some(schema);
        self
    }

    /// The errors of the handler's own, for the API's description. Those of the framework (bodies, authentication,
    /// permissions, throttles, negotiation) are known.
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

/// `APIView.dispatch`: negotiation, authentication, permissions, throttles, the handler; then one way out for all of it.
async fn dispatch(mounted: Rc<Mounted>, req: HttpRequest, payload: Payload) -> HttpResponse {
    let view = &mounted.view;
    let framework = match RestFramework::of(&req) {
        Ok(framework) => framework,
        Err(error) => return error.error_response(),
    };
    let renderers = view.renderer_classes(framework);
    let negotiated = select_renderer(&req, renderers, framework.settings.url_format_override.as_deref());
    let (accepted, result) = match negotiated {
        Ok(accepted) => (accepted, initial_and_handle(&mounted, &req, payload, framework).await),
        Err(error) => (Accepted::fallback(renderers), Err(error.into())),
    };
    let response = match result {
        Ok(response) => handle_exception(view, &req, framework, response),
        Err(error) => handle_exception(view, &req, framework, error.into()),
    };
    let mut response = if is_as_asked(accepted, &response) {
        response
    } else {
        // Boxed, since it is rare and its future is large: see the test of the size.
        Box::pin(render(view.name, accepted, response)).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, mounted.allow.clone());
    if let Some(vary) = vary(renderers, accepted) {
        headers.append(header::VARY, HeaderValue::from_static(vary));
    }
    response
}

async fn initial_and_handle(
    mounted: &Rc<Mounted>,
    req: &HttpRequest,
    payload: Payload,
    framework: &RestFramework,
) -> Result<HttpResponse, actix_web::Error> {
    let view = &mounted.view;
    let classes = view.authentication_classes(framework);
    let caller = authentication::authenticate(req, classes).await?;
    if let Some(model) = view.model {
        req.extensions_mut().insert(model);
    }
    check_permissions(req, view.permission_classes(framework), caller.as_ref(), !classes.is_empty()).await?;
    let throttles = view.throttle_classes(framework);
    if !throttles.is_empty() {
        Box::pin(check_throttles(req, throttles, view.throttle_scope, caller.as_ref(), framework)).await?;
    }

    if *req.method() == Method::OPTIONS {
        return Ok(HttpResponse::Ok().json(view.metadata(req, framework)));
    }
    let handler = view.handler(req.method()).ok_or_else(|| ApiError::method_not_allowed(req.method().as_str()))?;
    req.extensions_mut().insert(Seen { caller, view: Some(Rc::clone(mounted)) });
    handler(req.clone(), payload).await
}

/// The page has a form with a CSRF token and the name of whoever is logged in, so in Django it depends on cookies.
pub(super) fn vary(renderers: &[Renderer], accepted: Accepted) -> Option<&'static str> {
    match (renderers.len() > 1, accepted.renderer) {
        (true, Renderer::Json) => Some("Accept"),
        (true, Renderer::BrowsableApi) => Some("Accept, Cookie"),
        (false, Renderer::Json) => None,
        (false, Renderer::BrowsableApi) => Some("Cookie"),
    }
}

/// Gives an authentication error of the handler or of an extractor the challenge of this view.
fn handle_exception(
    view: &ApiView,
    req: &HttpRequest,
    framework: &RestFramework,
    mut response: HttpResponse<BoxBody>,
) -> HttpResponse {
    let error = response.error().and_then(|error| error.as_error::<ApiError>());
    let needs_challenge = error.is_some_and(ApiError::needs_challenge);
    if needs_challenge {
        match view.challenge(req, framework).and_then(|text| HeaderValue::from_str(&text).ok()) {
            Some(challenge) => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            None => *response.status_mut() = actix_web::http::StatusCode::FORBIDDEN,
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_future_of_a_view_is_small() {
        // Up to 1,032 bytes glibc gives out of a list that each thread has; what is larger takes many times as long.
        let mounted = Rc::new(Mounted { view: ApiView::new("Any"), allow: HeaderValue::from_static("OPTIONS") });
        let future = dispatch(mounted, TestRequest::default().to_http_request(), Payload::None);
        assert!(size_of_val(&future) <= 1032, "{}", size_of_val(&future));
    }
}
