//! Permissions for a whole scope, and authentication for `actix-web-httpauth`. Python counterpart: Django's
//! `LoginRequiredMiddleware`.
//!
//! ```
//! use actix_simplejwt::rest_framework::middleware::require;
//! use actix_simplejwt::rest_framework::permissions::IsAdminUser;
//! use actix_web::web;
//!
//! let scope = web::scope("/admin").wrap(require(IsAdminUser));
//! # let _ = scope;
//! ```
//!
//! Wrap CORS around it, not inside it: a browser sends no credentials with its preflight `OPTIONS`.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::authentication::{self, Authentication, AuthenticationClass, Caller};
use super::checked::Checked;
use super::exceptions::ApiError;
use super::permissions::{Permission, PermissionClass, check_permissions};
use super::state::RestFramework;

/// Lets a request through if `permission` allows it. Otherwise the answer is 401 for an anonymous request, and 403 for a user.
pub fn require(permission: impl Permission) -> Require {
    Require { authentication: Vec::new(), permissions: vec![PermissionClass::new(permission)] }
}

/// The middleware of [`require`].
#[derive(Clone, Debug)]
#[must_use = "a middleware does nothing before it wraps a scope"]
pub struct Require {
    authentication: Vec<AuthenticationClass>,
    permissions: Vec<PermissionClass>,
}

impl Require {
    /// A further permission that must allow the request. It keeps its message, which a combination of both does not.
    pub fn permission(mut self, permission: impl Permission) -> Self {
        self.permissions.push(PermissionClass::new(permission));
        self
    }

    /// Authenticates by `class` in place of `DEFAULT_AUTHENTICATION_CLASSES`. May be repeated.
    pub fn authentication(mut self, class: impl Authentication) -> Self {
        self.authentication.push(AuthenticationClass::new(class));
        self
    }

    /// The caller, if the permissions allow the request.
    async fn check(&self, req: &HttpRequest) -> Result<Option<Caller>, ApiError> {
        let classes = match self.authentication.as_slice() {
            [] => &RestFramework::of(req)?.authentication_classes,
            classes => classes,
        };
        let caller = authentication::authenticate(req, classes).await?;
        match check_permissions(req, &self.permissions, caller.as_ref(), true).await {
            Ok(()) => Ok(caller),
            Err(error) => Err(error.with_challenge(authentication::challenge(req, classes))),
        }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Require
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = RequireService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(RequireService { service: Rc::new(service), require: Rc::new(self.clone()) }))
    }
}

/// [`Require`] in front of a service.
#[derive(Debug)]
pub struct RequireService<S> {
    service: Rc<S>,
    require: Rc<Require>,
}

impl<S, B> Service<ServiceRequest> for RequireService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let (service, require) = (Rc::clone(&self.service), Rc::clone(&self.require));
        Box::pin(async move {
            match require.check(req.request()).await {
                Ok(caller) => {
                    Checked::by_scope(req.request(), caller, &require.permissions);
                    Ok(service.call(req).await?.map_into_left_body())
                }
                // A response rather than an `Err`: middleware around this one, such as CORS, has to see it.
                Err(error) => {
                    let error = error.in_request(req.request());
                    Ok(req.error_response(error).map_into_right_body())
                }
            }
        })
    }
}

/// Authenticates by `A` where a project has [`HttpAuthentication`](actix_web_httpauth::middleware::HttpAuthentication) already,
/// with DRF's answers. Extractors behind it use the same caller without another look-up.
///
/// `T` is what the middleware reads the header into, and is not used. With `Option<BearerAuth>` every 401 is DRF's. With
/// `BearerAuth` actix-web-httpauth answers a missing header, without a body.
///
/// ```
/// use actix_simplejwt::rest_framework::middleware::validator;
/// use actix_simplejwt::simplejwt::authentication::JwtStatelessUserAuthentication;
/// use actix_web::web;
/// use actix_web_httpauth::extractors::bearer::BearerAuth;
/// use actix_web_httpauth::middleware::HttpAuthentication;
///
/// let bearer = HttpAuthentication::with_fn(validator::<JwtStatelessUserAuthentication, Option<BearerAuth>>);
/// let scope = web::scope("/api").wrap(bearer);
/// # let _ = scope;
/// ```
///
/// # Errors
/// The 401 for a missing or invalid credential.
pub async fn validator<A: Authentication + Default, T>(
    req: ServiceRequest,
    credentials: T,
) -> Result<ServiceRequest, (Error, ServiceRequest)> {
    drop(credentials);
    let classes = [AuthenticationClass::new(A::default())];
    let refusal = match authentication::authenticate(req.request(), &classes).await {
        Ok(Some(caller)) => {
            Checked::by_scope(req.request(), Some(caller), &[]);
            return Ok(req);
        }
        Ok(None) => ApiError::not_authenticated().with_challenge(authentication::challenge(req.request(), &classes)),
        Err(error) => error,
    };
    let refusal = refusal.in_request(req.request());
    Err((refusal.into(), req))
}
