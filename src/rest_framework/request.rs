//! The request as handler arguments: who is calling, and what was sent. Python counterpart:
//! `rest_framework.request.Request`.
//!
//! Inside an [`ApiView`](super::views::ApiView) the work has been done before the handler runs and these read it off.
//! On a plain actix route they do it themselves, so that `Authenticated<JwtAuthentication>` protects any handler of any
//! application.

use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::{Either, LocalBoxFuture, Ready, ready};

use super::authentication::{self, Authentication, Caller, Credential};
use super::exceptions::ApiError;
use super::parsers;
use super::permissions::{Permission, PermissionClass, check_permissions};
use super::serializers::{Serializer, validate};
use super::state::RestFramework;
use super::views::Mounted;
use crate::contrib::auth::SharedUser;

/// What a view or a middleware has found out about the request, left in its extensions for the extractors.
#[derive(Clone)]
pub(super) struct Seen {
    pub caller: Option<Caller>,
    /// The view, inside one.
    pub view: Option<Rc<Mounted>>,
}

/// The classes of `DEFAULT_AUTHENTICATION_CLASSES`, or those of the view.
#[derive(Debug)]
pub struct DefaultAuthentication;

impl Authentication for DefaultAuthentication {
    const NAME: &'static str = "DefaultAuthentication";
    type User = SharedUser;
    type Credential = Credential;

    fn authenticate(req: &HttpRequest) -> authentication::Authenticating<SharedUser, Credential> {
        let req = req.clone();
        Box::pin(async move {
            let seen = req.extensions().get::<Seen>().cloned();
            let caller = match seen {
                Some(seen) => seen.caller,
                None => authentication::authenticate(&req, &RestFramework::of(&req)?.authentication_classes).await?,
            };
            Ok(caller.map(|caller| (caller.user, caller.auth)))
        })
    }

    fn recall(found: Option<&Caller>) -> Option<Option<(SharedUser, Credential)>> {
        Some(found.map(|caller| (caller.user.clone(), caller.auth.clone())))
    }

    fn challenge(req: &HttpRequest) -> Option<String> {
        RestFramework::of(req).ok().and_then(|rf| authentication::challenge(req, &rf.authentication_classes))
    }
}

/// The caller, proven by authentication class `A`. No proof, no handler: the answer is 401 with `A`'s challenge.
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

/// The caller, or nobody. **A bad credential is still 401**; only an absent one gives `None`.
///
/// `Option<Authenticated<A>>` compiles too and is not the same: actix turns every error into `None`, so an expired
/// token, or a database that is down, would pass for an anonymous visitor.
pub struct MaybeAuthenticated<A: Authentication = DefaultAuthentication>(pub Option<Authenticated<A>>);

/// A result that is at hand, as inside a view, or one that has to be worked out.
type Extracting<T> = Either<Ready<Result<T, ApiError>>, LocalBoxFuture<'static, Result<T, ApiError>>>;

impl<A: Authentication> FromRequest for MaybeAuthenticated<A> {
    type Error = ApiError;
    type Future = Extracting<Self>;

    fn from_request(req: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        if let Some(found) = recall::<A>(req) {
            return Either::Left(ready(Ok(Self(found))));
        }
        let req = req.clone();
        Either::Right(Box::pin(async move { prove(&req).await.map(Self) }))
    }
}

impl<A: Authentication> FromRequest for Authenticated<A> {
    type Error = ApiError;
    type Future = Extracting<Self>;

    fn from_request(req: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        if let Some(found) = recall::<A>(req) {
            return Either::Left(ready(found.ok_or_else(|| not_authenticated::<A>(req))));
        }
        let req = req.clone();
        Either::Right(Box::pin(async move { prove(&req).await?.ok_or_else(|| not_authenticated::<A>(&req)) }))
    }
}

fn not_authenticated<A: Authentication>(req: &HttpRequest) -> ApiError {
    ApiError::not_authenticated().with_challenge(A::challenge(req))
}

/// What the view has found: the look-up behind it need not be done twice.
fn recall<A: Authentication>(req: &HttpRequest) -> Option<Option<Authenticated<A>>> {
    let extensions = req.extensions();
    let found = A::recall(extensions.get::<Seen>()?.caller.as_ref())?;
    Some(found.map(|(user, auth)| Authenticated { user, auth }))
}

async fn prove<A: Authentication>(req: &HttpRequest) -> Result<Option<Authenticated<A>>, ApiError> {
    let found = authentication::prove::<A>(req).await.map_err(|error| error.with_challenge(A::challenge(req)))?;
    Ok(found.map(|(user, auth)| Authenticated { user, auth }))
}

/// A caller, proven by `A`, to whom `P` has said yes. Nobody is a 401, somebody else a 403.
pub struct Permitted<P: Permission, A: Authentication = DefaultAuthentication> {
    /// `request.user`.
    pub user: A::User,
    /// `request.auth`.
    pub auth: A::Credential,
    permission: std::marker::PhantomData<P>,
}

impl<P: Permission, A: Authentication> FromRequest for Permitted<P, A> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Authenticated::<A>::from_request(req, payload);
        let req = req.clone();
        Box::pin(async move {
            let Authenticated { user, auth } = caller.await?;
            let caller = Caller::new::<A>(user.clone(), auth.clone());
            check_permissions(&req, &[PermissionClass::of::<P>()], Some(&caller), true).await?;
            Ok(Self { user, auth, permission: std::marker::PhantomData })
        })
    }
}

/// The body, read by the view's parsers and checked against the fields of `S`: `serializer.validated_data`.
///
/// Refuses with DRF's 400, 413 or 415.
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
            let framework = RestFramework::of(&req)?;
            let settings = &framework.settings;
            let view = req.extensions().get::<Seen>().and_then(|seen| seen.view.clone());
            let parsers =
                view.as_ref().map_or(&*settings.default_parser_classes, |view| view.parser_classes(framework));
            let data = parsers::parse(req.headers(), payload, parsers, settings.limits).await?;
            validate(&req, &data, &settings.non_field_errors_key).map(Self)
        })
    }
}
