//! A view as a value: the handlers of one URL and their policies.

use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use crate::apps::Apps;
use crate::http::body::CREDENTIALS_BODY;
use crate::rest_framework::authentication::{self, Authentication, AuthenticationClass};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::AnyField;
use crate::rest_framework::metadata::determine_metadata;
use crate::rest_framework::parsers::Parser;
use crate::rest_framework::permissions::{AllowAny, ModelInfo, Permission, PermissionClass, PermissionModel};
use crate::rest_framework::renderers::Renderer;
use crate::rest_framework::schemas::login::IssuedToken;
use crate::rest_framework::serializers::{Serializer, describe};
use crate::rest_framework::state::RestFramework;
use crate::rest_framework::throttling::{Throttle, ThrottleClass};

type BoxedHandler = Rc<dyn Fn(HttpRequest, Payload) -> LocalBoxFuture<'static, Result<HttpResponse, actix_web::Error>>>;

/// The order in which DRF lists methods in `Allow`; `HEAD` and `OPTIONS` are derived.
pub(in crate::rest_framework) const METHODS: [Method; 5] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// One URL's handlers with their policies.
#[derive(Clone)]
pub struct ApiView {
    pub(in crate::rest_framework) name: &'static str,
    pub(in crate::rest_framework) description: &'static str,
    handlers: Vec<(Method, BoxedHandler)>,
    authentication: Option<Vec<AuthenticationClass>>,
    permissions: Option<Vec<PermissionClass>>,
    challenge: Option<fn(&HttpRequest) -> Option<String>>,
    throttles: Option<Vec<ThrottleClass>>,
    pub(super) throttle_scope: Option<&'static str>,
    pub(super) model: Option<PermissionModel>,
    renderers: Option<Vec<Renderer>>,
    parsers: Option<Vec<Parser>>,
    pub(in crate::rest_framework) body_limit: Option<usize>,
    pub(super) is_private: bool,
    pub(in crate::rest_framework) fields: Option<fn(&HttpRequest) -> Vec<AnyField>>,
    pub(super) app: Option<&'static str>,
    pub(super) condition: Option<fn(&Apps) -> bool>,
    pub(in crate::rest_framework) ignores_accept: bool,
    pub(in crate::rest_framework) bodiless: &'static [u16],
    pub(in crate::rest_framework) tag: Option<&'static str>,
    pub(in crate::rest_framework) answer: Option<fn(&HttpRequest) -> Value>,
    pub(in crate::rest_framework) refusals: Option<fn(&HttpRequest) -> Vec<ApiError>>,
    pub(in crate::rest_framework) login: Option<fn(&HttpRequest) -> Option<IssuedToken>>,
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
            body_limit: None,
            is_private: false,
            fields: None,
            app: None,
            condition: None,
            ignores_accept: false,
            bodiless: &[],
            tag: None,
            answer: None,
            refusals: None,
            login: None,
        }
    }

    /// The description of the view, for `OPTIONS`.
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

    /// Takes or gives credentials: bodies are small ([`ApiView::body_limit`] of 32 KiB, and a token is 16 KiB at most), and
    /// responses carry `Cache-Control: no-store` (RFC 6749 5.1).
    #[must_use]
    pub fn credentials(mut self) -> Self {
        self.is_private = true;
        self.body_limit(CREDENTIALS_BODY)
    }

    /// The largest size of a body in bytes, if `DATA_UPLOAD_MAX_MEMORY_SIZE` is not smaller. A larger body is refused with
    /// 413. Anyone may send bodies to a public view, so give it a limit that fits.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
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

    /// The name of the rate of [`ScopedRateThrottle`](crate::rest_framework::throttling::ScopedRateThrottle) for this view.
    #[must_use]
    pub fn throttle_scope(mut self, scope: &'static str) -> Self {
        self.throttle_scope = Some(scope);
        self
    }

    /// The model for `DjangoModelPermissions`: `queryset = M.objects`.
    #[must_use]
    pub fn model<M: ModelInfo>(mut self) -> Self {
        self.model = Some(PermissionModel::of::<M>());
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

    /// The view is mounted only if `condition` holds, which settings decide. Default: always.
    #[must_use]
    pub fn only_if(mut self, condition: fn(&Apps) -> bool) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Always answers in the first format of the view: `content_negotiation_class = IgnoreClientContentNegotiation` in DRF's
    /// documentation. For answers whose format a standard prescribes.
    #[must_use]
    pub fn ignores_accept(mut self) -> Self {
        self.ignores_accept = true;
        self
    }

    /// Statuses of answers without a body, for the API's description. With 204, the answer to a success has none.
    #[must_use]
    pub fn bodiless(mut self, statuses: &'static [u16]) -> Self {
        self.bodiless = statuses;
        self
    }

    /// The heading under which the API's description lists the view. Default: the first part of its path.
    #[must_use]
    pub fn tag(mut self, tag: &'static str) -> Self {
        self.tag = Some(tag);
        self
    }

    /// The JSON Schema of the body of a 200, for the API's description; see [`shapes`](crate::rest_framework::schemas::shapes). The request
    /// is for schemas that depend on settings.
    #[must_use]
    pub fn answers(mut self, schema: fn(&HttpRequest) -> Value) -> Self {
        self.answer = Some(schema);
        self
    }

    /// The handler's own errors, for the API's description. The errors of the framework (bodies, authentication, permissions,
    /// throttles, negotiation) are known.
    #[must_use]
    pub fn refuses(mut self, errors: fn(&HttpRequest) -> Vec<ApiError>) -> Self {
        self.refusals = Some(errors);
        self
    }

    /// The token that `POST` gives for a name and a password, for the login form of the API's page. `None` if no protected
    /// view takes it.
    #[must_use]
    pub fn logs_in(mut self, login: fn(&HttpRequest) -> Option<IssuedToken>) -> Self {
        self.login = Some(login);
        self
    }

    pub(in crate::rest_framework) fn handles(&self, method: &Method) -> bool {
        *method == Method::OPTIONS || self.handler(method).is_some()
    }

    pub(super) fn handler(&self, method: &Method) -> Option<&BoxedHandler> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.handlers.iter().find(|(handled, _)| handled == method).map(|(_, handler)| handler)
    }

    /// Value of `Allow`.
    pub(in crate::rest_framework) fn allow(&self) -> String {
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

    pub(in crate::rest_framework) fn authentication_classes<'a>(
        &'a self,
        framework: &'a RestFramework,
    ) -> &'a [AuthenticationClass] {
        self.authentication.as_deref().unwrap_or(&framework.authentication_classes)
    }

    pub(in crate::rest_framework) fn permission_classes<'a>(
        &'a self,
        framework: &'a RestFramework,
    ) -> &'a [PermissionClass] {
        self.permissions.as_deref().unwrap_or(&framework.permission_classes)
    }

    pub(in crate::rest_framework) fn throttle_classes<'a>(
        &'a self,
        framework: &'a RestFramework,
    ) -> &'a [ThrottleClass] {
        self.throttles.as_deref().unwrap_or(&framework.throttle_classes)
    }

    pub(in crate::rest_framework) fn renderer_classes<'a>(&'a self, framework: &'a RestFramework) -> &'a [Renderer] {
        self.renderers.as_deref().unwrap_or(&framework.settings.default_renderer_classes)
    }

    pub(in crate::rest_framework) fn parser_classes<'a>(&'a self, framework: &'a RestFramework) -> &'a [Parser] {
        self.parsers.as_deref().unwrap_or(&framework.settings.default_parser_classes)
    }

    pub(in crate::rest_framework) fn is_throttled(&self, framework: &RestFramework) -> bool {
        let rates = &framework.settings.default_throttle_rates;
        self.throttle_classes(framework).iter().any(|class| class.has_rate(self.throttle_scope, rates))
    }

    /// The body of the answer to `OPTIONS`.
    pub(in crate::rest_framework) fn metadata(&self, req: &HttpRequest, framework: &RestFramework) -> Value {
        let fields = self.fields.filter(|_| self.handler(&Method::POST).is_some()).map(|fields| fields(req));
        let parsers = self.parser_classes(framework);
        determine_metadata(self.name, self.description, self.renderer_classes(framework), parsers, fields)
    }

    pub(in crate::rest_framework) fn challenge(&self, req: &HttpRequest, framework: &RestFramework) -> Option<String> {
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
