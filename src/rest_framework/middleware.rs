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
//! Wrap CORS around it, not inside: a browser sends no credentials with its preflight `OPTIONS`.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::{Error, HttpMessage, HttpRequest};
use futures_util::future::LocalBoxFuture;

use super::authentication::{self, Authentication, AuthenticationClass, Caller};
use super::exceptions::ApiError;
use super::permissions::{Permission, PermissionClass, check_permissions};
use super::request::Seen;
use super::state::RestFramework;

/// Lets those requests through to whom `permission` says yes; nobody is a 401, somebody else a 403.
#[must_use]
pub fn require<P: Permission>(permission: P) -> Require {
    let _ = permission;
    Require { authentication: Vec::new(), permissions: vec![PermissionClass::of::<P>()] }
}

/// The middleware of [`require`].
#[derive(Clone, Debug)]
pub struct Require {
    authentication: Vec<AuthenticationClass>,
    permissions: Vec<PermissionClass>,
}

impl Require {
    /// A further permission, which has to say yes as well.
    #[must_use]
    pub fn and<P: Permission>(mut self, permission: P) -> Self {
        let _ = permission;
        self.permissions.push(PermissionClass::of::<P>());
        self
    }

    /// Logs in by `A` in place of `DEFAULT_AUTHENTICATION_CLASSES`. May be repeated.
    #[must_use]
    pub fn authentication<A: Authentication>(mut self) -> Self {
        self.authentication.push(AuthenticationClass::of::<A>());
        self
    }

    /// The caller, when the permissions say yes.
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
                    req.extensions_mut().insert(Seen { caller, view: None });
                    Ok(service.call(req).await?.map_into_left_body())
                }
                // A response rather than an `Err`: middleware around this one, such as CORS, has to see it.
                Err(error) => Ok(req.error_response(error).map_into_right_body()),
            }
        })
    }
}

/// Logs in by `A` where a project has [`HttpAuthentication`](actix_web_httpauth::middleware::HttpAuthentication) already,
/// with DRF's answers. Extractors behind it find the caller without another look-up.
///
/// `T` is what the middleware reads the header into and is not looked at. With `Option<BearerAuth>` every refusal is
/// DRF's; with `BearerAuth` a missing header is answered by actix-web-httpauth, without a body.
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
/// The 401 for a missing or bad credential.
pub async fn validator<A: Authentication, T>(
    req: ServiceRequest,
    credentials: T,
) -> Result<ServiceRequest, (Error, ServiceRequest)> {
    drop(credentials);
    let classes = [AuthenticationClass::of::<A>()];
    let refusal = match authentication::authenticate(req.request(), &classes).await {
        Ok(Some(caller)) => {
            req.extensions_mut().insert(Seen { caller: Some(caller), view: None });
            return Ok(req);
        }
        Ok(None) => ApiError::not_authenticated().with_challenge(A::challenge(req.request())),
        Err(error) => error,
    };
    Err((refusal.into(), req))
}
