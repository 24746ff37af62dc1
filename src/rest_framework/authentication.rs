//! Who sent a request. Python counterpart: `rest_framework.authentication`.
//!
//! An [`Authentication`] has three outcomes: the request has no credential of its kind (`Ok(None)`), it has a good one
//! (`Ok(Some(…))`), or a bad one (`Err`, a 401). A database that cannot be asked is a fourth thing, a 500 or 503: it
//! never counts as "not logged in".

#[cfg(feature = "database")]
pub mod basic;

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::http::header;
use futures_util::future::{LocalBoxFuture, ready};
use serde_json::Value;

use super::exceptions::ApiError;
use super::test::forced_user;
use crate::contrib::auth::SharedUser;
use crate::http::headers::header_bytes;

/// What an authentication class answers: a user and the credential that proved it, or nothing of its kind.
pub type Authenticating<U, C> = LocalBoxFuture<'static, Result<Option<(U, C)>, ApiError>>;

/// A way to find out who sent a request: DRF's `BaseAuthentication`.
///
/// What a class needs (keys, the database) it takes from the application data of the request.
pub trait Authentication: 'static {
    /// Class name, as written in `DEFAULT_AUTHENTICATION_CLASSES`.
    const NAME: &'static str;
    /// `request.user`.
    type User: Clone + Into<SharedUser> + 'static;
    /// `request.auth`: the credential itself.
    type Credential: Clone + 'static;

    /// Looks for a credential of this kind in `req` and checks it.
    fn authenticate(req: &HttpRequest) -> Authenticating<Self::User, Self::Credential>;

    /// Value of `WWW-Authenticate` in a 401. `None` makes it a 403.
    fn challenge(req: &HttpRequest) -> Option<String>;

    /// What this class would find, when the view has found a caller, or nobody, already; `None` when it has to look itself.
    /// Default: the caller, when it was this class that found it.
    #[must_use]
    fn recall(found: Option<&Caller>) -> Option<Option<(Self::User, Self::Credential)>>
    where
        Self: Sized,
    {
        found?.as_made_by::<Self>().map(Some)
    }

    /// What a good credential of `user` would have given, for tests that skip the proof by
    /// [`ApiClient::force_authenticate`](super::test::ApiClient::force_authenticate). Default: nothing, and then this class
    /// insists on a credential.
    fn force(req: &HttpRequest, user: &SharedUser) -> Option<(Self::User, Self::Credential)> {
        let _ = (req, user);
        None
    }

    /// How a client sends a credential of this kind, for the API's description: a name and an OpenAPI Security Scheme
    /// Object. Default: not described.
    fn security_definition(_req: &HttpRequest) -> Option<(&'static str, Value)> {
        None
    }

    /// What is said about a bad credential, for the API's description. Default: not described.
    fn refusals(_req: &HttpRequest) -> Vec<ApiError> {
        Vec::new()
    }
}

/// [`Authentication::authenticate`], unless a test has forced a user.
pub(super) fn prove<A: Authentication>(req: &HttpRequest) -> Authenticating<A::User, A::Credential> {
    match forced_user(req).and_then(|user| A::force(req, &user)) {
        Some(forced) => Box::pin(ready(Ok(Some(forced)))),
        None => A::authenticate(req),
    }
}

type FindingCaller = LocalBoxFuture<'static, Result<Option<Caller>, ApiError>>;

/// An [`Authentication`] as a value, to be kept in lists.
#[derive(Clone, Copy)]
pub struct AuthenticationClass {
    /// Class name.
    pub name: &'static str,
    authenticate: fn(&HttpRequest) -> FindingCaller,
    challenge: fn(&HttpRequest) -> Option<String>,
    pub(super) security_definition: fn(&HttpRequest) -> Option<(&'static str, Value)>,
    pub(super) refusals: fn(&HttpRequest) -> Vec<ApiError>,
}

impl AuthenticationClass {
    /// The class `A`.
    #[must_use]
    pub fn of<A: Authentication>() -> Self {
        Self {
            name: A::NAME,
            authenticate: |req| {
                let found = prove::<A>(req);
                Box::pin(async move { Ok(found.await?.map(|(user, auth)| Caller::new::<A>(user, auth))) })
            },
            challenge: A::challenge,
            security_definition: A::security_definition,
            refusals: A::refusals,
        }
    }

    /// Value of `WWW-Authenticate` in a 401.
    #[must_use]
    pub fn challenge(&self, req: &HttpRequest) -> Option<String> {
        (self.challenge)(req)
    }
}

impl std::fmt::Debug for AuthenticationClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The outcome of a successful authentication, whichever class it was.
#[derive(Clone, Debug)]
pub struct Caller {
    /// `request.user`.
    pub user: SharedUser,
    /// `request.auth`.
    pub auth: Credential,
    class: TypeId,
    /// The user as its class made it, where that was another type.
    user_as_made: Option<Rc<dyn Any>>,
}

impl Caller {
    /// A caller proven by class `A`.
    pub fn new<A: Authentication>(user: A::User, auth: A::Credential) -> Self {
        let is_shared = TypeId::of::<A::User>() == TypeId::of::<SharedUser>();
        Self {
            user_as_made: (!is_shared).then(|| Rc::new(user.clone()) as Rc<dyn Any>),
            user: user.into(),
            auth: Credential(Rc::new(auth)),
            class: TypeId::of::<A>(),
        }
    }

    /// User and credential as class `A` made them; `None` when it was another class.
    #[must_use]
    pub fn as_made_by<A: Authentication>(&self) -> Option<(A::User, A::Credential)> {
        if self.class != TypeId::of::<A>() {
            return None;
        }
        let user: &dyn Any = self.user_as_made.as_deref().unwrap_or(&self.user);
        Some((user.downcast_ref::<A::User>()?.clone(), self.auth.downcast_ref::<A::Credential>()?.clone()))
    }
}

/// `request.auth` of some class: a token, or nothing that is of use.
#[derive(Clone, Debug)]
pub struct Credential(Rc<dyn Any>);

impl Credential {
    /// The credential as what its class makes.
    #[must_use]
    pub fn downcast_ref<C: 'static>(&self) -> Option<&C> {
        self.0.downcast_ref()
    }
}

/// Asks `classes` in their order; the first that finds a credential of its kind decides.
///
/// # Errors
/// What that class says about a bad credential, with the challenge of the *first* class, as DRF has it.
pub async fn authenticate(req: &HttpRequest, classes: &[AuthenticationClass]) -> Result<Option<Caller>, ApiError> {
    for class in classes {
        match (class.authenticate)(req).await {
            Ok(None) => {}
            Ok(found) => return Ok(found),
            Err(error) => return Err(error.with_challenge(challenge(req, classes))),
        }
    }
    Ok(None)
}

/// The challenge of the first of `classes`.
#[must_use]
pub fn challenge(req: &HttpRequest, classes: &[AuthenticationClass]) -> Option<String> {
    classes.first().and_then(|class| class.challenge(req))
}

/// `Authorization`, as [`header_bytes`].
#[must_use]
pub fn authorization(req: &HttpRequest) -> Option<Cow<'_, [u8]>> {
    header_bytes(req, header::AUTHORIZATION)
}

/// Several classes as one, asked in their order: `Authenticated<(JwtAuthentication, TokenAuthentication)>`.
macro_rules! authentication_tuple {
    ($first:ident, $($rest:ident),+) => {
        impl<$first: Authentication, $($rest: Authentication),+> Authentication for ($first, $($rest),+) {
            const NAME: &'static str = $first::NAME;
            type User = SharedUser;
            type Credential = Credential;

            fn authenticate(req: &HttpRequest) -> Authenticating<SharedUser, Credential> {
                let req = req.clone();
                Box::pin(async move {
                    let classes = [AuthenticationClass::of::<$first>(), $(AuthenticationClass::of::<$rest>()),+];
                    Ok(authenticate(&req, &classes).await?.map(|caller| (caller.user, caller.auth)))
                })
            }

            fn challenge(req: &HttpRequest) -> Option<String> {
                $first::challenge(req)
            }
        }
    };
}

authentication_tuple!(A, B);
authentication_tuple!(A, B, C);
authentication_tuple!(A, B, C, D);
