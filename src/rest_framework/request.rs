//! The request as handler arguments: the caller and the body. Python counterpart: `rest_framework.request.Request`.
//!
//! Inside an [`ApiView`](super::views::ApiView) the caller is known before the handler runs. On a plain actix route the
//! arguments find the caller themselves, so `Authenticated<JwtAuthentication>` protects any handler of any application.

use std::any::Any;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::{Either, LocalBoxFuture, Ready, ready};
use serde_json::Value;

use super::authentication::{self, Authentication, Caller, Credential, Found, authenticate_by};
#[cfg(feature = "server")]
use super::browsable::PageRequest;
use super::checked::Checked;
use super::exceptions::ApiError;
use super::parsers;
#[cfg(feature = "server")]
use super::parsers::{Data, ParsedData};
use super::permissions::{Permission, PermissionClass, check_object, check_permissions};
use super::serializers::{Serializer, validate};
use super::state::RestFramework;
use crate::contrib::auth::SharedUser;
use crate::core::jwt::Claims;

/// The classes of the view, or of `DEFAULT_AUTHENTICATION_CLASSES`.
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultAuthentication;

impl Authentication for DefaultAuthentication {
    type User = SharedUser;
    type Credential = Credential;

    async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
        let checked = req.extensions().get::<Checked>().map(|checked| checked.caller.clone());
        let caller = match checked {
            Some(caller) => caller,
            None => authentication::authenticate(req, &RestFramework::of(req)?.authentication_classes).await?,
        };
        Ok(caller.map(|caller| (caller.user, caller.auth)))
    }

    fn reuse(caller: Option<&Caller>) -> Option<Found<Self>> {
        Some(caller.map(|caller| (caller.user.clone(), caller.auth.clone())))
    }

    fn challenge(&self, req: &HttpRequest) -> Option<String> {
        RestFramework::of(req).ok().and_then(|rf| authentication::challenge(req, &rf.authentication_classes))
    }

    fn claims(credential: &Credential) -> Option<&Claims> {
        credential.claims()
    }
}

/// The caller, found by authentication class `A`. Without a valid credential the answer is 401 with `A`'s challenge.
///
/// ```
/// use actix_simplejwt::{Authenticated, JwtStatelessUserAuthentication};
///
/// async fn whoami(auth: Authenticated<JwtStatelessUserAuthentication>) -> String {
///     format!("{} until {}", auth.user.id(), auth.auth.claims()["exp"])
/// }
/// # let _ = actix_web::web::get().to(whoami);
/// ```
pub struct Authenticated<A: Authentication = DefaultAuthentication> {
    /// `request.user`.
    pub user: A::User,
    /// `request.auth`: the credential itself, such as the validated token.
    pub auth: A::Credential,
}

impl<A: Authentication> Authenticated<A> {
    /// The claims of the token, such as those that `get_token` has added. `None` if the credential is not a JSON Web
    /// Token.
    ///
    /// ```
    /// use actix_simplejwt::Authenticated;
    ///
    /// async fn tenant(auth: Authenticated) -> String {
    ///     let tenant = auth.claim("tenant").and_then(|tenant| tenant.as_str()).unwrap_or("none");
    ///     format!("{} of tenant {tenant}", auth.user.username())
    /// }
    /// # let _ = actix_web::web::get().to(tenant);
    /// ```
    pub fn claims(&self) -> Option<&Claims> {
        A::claims(&self.auth)
    }

    /// The claim with this name. `None` if the token does not have it, and if there is no token.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims()?.get(name)
    }
}

/// The caller, or `None` for a request without a credential. **An invalid credential is still 401.**
///
/// `Option<Authenticated<A>>` compiles too and is not the same: actix turns every error into `None`, so a request with an
/// expired token, or during a database failure, would count as anonymous.
pub struct MaybeAuthenticated<A: Authentication = DefaultAuthentication>(pub Option<Authenticated<A>>);

/// A result that is known at once, as inside a view, or a future.
type Extracting<T> = Either<Ready<Result<T, ApiError>>, LocalBoxFuture<'static, Result<T, ApiError>>>;

impl<A: Authentication + Default> FromRequest for MaybeAuthenticated<A> {
    type Error = ApiError;
    type Future = Extracting<Self>;

    fn from_request(req: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        if let Some(found) = already_found::<A>(req) {
            return Either::Left(ready(Ok(Self(found))));
        }
        let req = req.clone();
        Either::Right(Box::pin(async move { find(&req).await.map(Self) }))
    }
}

impl<A: Authentication + Default> FromRequest for Authenticated<A> {
    type Error = ApiError;
    type Future = Extracting<Self>;

    fn from_request(req: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        if let Some(found) = already_found::<A>(req) {
            return Either::Left(ready(found.ok_or_else(|| not_authenticated::<A>(req))));
        }
        let req = req.clone();
        Either::Right(Box::pin(async move { find(&req).await?.ok_or_else(|| not_authenticated::<A>(&req)) }))
    }
}

fn not_authenticated<A: Authentication + Default>(req: &HttpRequest) -> ApiError {
    ApiError::not_authenticated().with_challenge(A::default().challenge(req))
}

/// The results of the view or a middleware, so that nothing is looked up twice.
fn already_found<A: Authentication>(req: &HttpRequest) -> Option<Option<Authenticated<A>>> {
    let extensions = req.extensions();
    let found = A::reuse(extensions.get::<Checked>()?.caller.as_ref())?;
    Some(found.map(|(user, auth)| Authenticated { user, auth }))
}

async fn find<A: Authentication + Default>(req: &HttpRequest) -> Result<Option<Authenticated<A>>, ApiError> {
    let class = A::default();
    let found = authenticate_by(&class, req).await;
    let found = found.map_err(|error| error.with_challenge(class.challenge(req)).in_request(req))?;
    Ok(found.map(|(user, auth)| Authenticated { user, auth }))
}

/// A caller found by `A` whom permission `P` allows. The answer is 401 without a valid credential, and 403 without the
/// permission.
///
/// ```
/// use actix_simplejwt::{IsAdminUser, Permitted};
///
/// async fn report(by: Permitted<IsAdminUser>) -> String {
///     format!("For {} only.", by.user.username())
/// }
/// # let _ = actix_web::web::get().to(report);
/// ```
///
/// A permission with arguments needs a separate type that implements `Default`. Views and scopes take a value instead.
pub struct Permitted<P: Permission, A: Authentication = DefaultAuthentication> {
    /// `request.user`.
    pub user: A::User,
    /// `request.auth`.
    pub auth: A::Credential,
    caller: Caller,
    permission: std::marker::PhantomData<P>,
}

impl<P: Permission, A: Authentication> Permitted<P, A> {
    /// Same as [`Authenticated::claims`].
    pub fn claims(&self) -> Option<&Claims> {
        A::claims(&self.auth)
    }

    /// Same as [`Authenticated::claim`].
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims()?.get(name)
    }
}

impl<P: Permission + Default, A: Authentication> Permitted<P, A> {
    /// Asks `P` about `object`: `self.check_object_permissions(request, obj)`.
    ///
    /// # Errors
    /// 403 if `P` refuses.
    pub async fn check_object_permissions(&self, req: &HttpRequest, object: &dyn Any) -> Result<(), ApiError> {
        check_object(req, &[PermissionClass::new(P::default())], Some(&self.caller), true, object).await
    }
}

impl<P: Permission + Default, A: Authentication + Default> FromRequest for Permitted<P, A> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Authenticated::<A>::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let Authenticated { user, auth } = caller.await?;
            let caller = Caller::new::<A>(user.clone(), auth.clone());
            let permissions = [PermissionClass::new(P::default())];
            check_permissions(&req, &permissions, Some(&caller), true).await.map_err(|error| error.in_request(&req))?;
            Ok(Self { user, auth, caller, permission: std::marker::PhantomData })
        })
    }
}

/// The body, read by the view's parsers and checked against the fields of `S`: `serializer.validated_data`.
///
/// An invalid body is answered by DRF's 400, 413 or 415.
#[derive(Debug)]
pub struct RequestData<S: Serializer>(S);

impl<S: Serializer> RequestData<S> {
    /// The checked value.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.0
    }
}

impl<S: Serializer> FromRequest for RequestData<S> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let payload = payload.take();
        Box::pin(async move {
            let data = read(&req, payload).await.map_err(|error| error.in_request(&req))?;
            Ok(Self(data))
        })
    }
}

async fn read<S: Serializer>(req: &HttpRequest, payload: Payload) -> Result<S, ApiError> {
    let framework = RestFramework::of(req)?;
    let settings = &framework.settings;
    let view = req.extensions().get::<Checked>().and_then(|checked| checked.view.clone());
    let parsers = view.as_ref().map_or(&*settings.default_parser_classes, |view| view.parser_classes(framework));
    let view_limit = view.as_ref().and_then(|view| view.body_limit());
    let (limits, budget) = (settings.limits, &framework.body_budget);
    #[cfg(feature = "server")]
    let parsed = req.extensions_mut().remove::<ParsedData>().map(|ParsedData(data)| data);
    #[cfg(not(feature = "server"))]
    let parsed = None;
    let data = match parsed {
        Some(data) => data,
        None => parsers::parse(req.headers(), payload, parsers, limits, view_limit, budget).await?,
    };
    let checked = validate(req, &data, &settings.non_field_errors_key);
    #[cfg(feature = "server")]
    if let (Err(_), Data::Json(Value::Object(fields)) | Data::Form(fields)) = (&checked, &data) {
        PageRequest::refuse(req, fields);
    }
    checked
}
