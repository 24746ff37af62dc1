//! The interface of authentication classes, and their results. Python counterpart:
//! `rest_framework.authentication.BaseAuthentication`.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::http::header;
use serde_json::Value;

use crate::contrib::auth::SharedUser;
use crate::core::jwt::Claims;
use crate::http::headers::header_bytes;
use crate::rest_framework::class_name;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::test::forced_user;

/// The user and the credential that class `A` has found, if any.
pub type Found<A> = Option<(<A as Authentication>::User, <A as Authentication>::Credential)>;

/// A way to find out who sent a request: DRF's `BaseAuthentication`.
///
/// A class takes values of the application, such as keys and the database, from the application data of the request.
pub trait Authentication: Send + Sync + 'static {
    /// `request.user`.
    type User: Clone + Into<SharedUser> + 'static;
    /// `request.auth`: the credential itself.
    type Credential: Clone + 'static;

    /// The name for `DEFAULT_AUTHENTICATION_CLASSES` and the log. Default: the name of the type.
    fn name(&self) -> Cow<'static, str> {
        class_name::<Self>()
    }

    /// Looks for a credential of this kind in `req` and checks it. `None` if there is none.
    fn authenticate(&self, req: &HttpRequest) -> impl Future<Output = Result<Found<Self>, ApiError>>;

    /// The value of `WWW-Authenticate` in a 401. `None` makes it a 403.
    fn challenge(&self, req: &HttpRequest) -> Option<String>;

    /// Whether the credential is a cookie, which browsers send with requests of other sites as well. Then the CSRF token may be
    /// in a form, which is read before the class is called. Default: no.
    fn trusts_cookies(&self) -> bool {
        false
    }

    /// The result of this class, if the view has already authenticated the request and found `caller`. `None` if this class must
    /// look for itself. Default: the caller, if this class found it and has no arguments. Another value of a class with arguments
    /// might find another user.
    #[must_use]
    fn reuse(caller: Option<&Caller>) -> Option<Found<Self>>
    where
        Self: Sized,
    {
        let has_no_arguments = size_of::<Self>() == 0;
        caller.filter(|_| has_no_arguments)?.found_by::<Self>().map(Some)
    }

    /// The claims of `credential`, if it is a token that has some. Default: `None`.
    #[must_use]
    fn claims(credential: &Self::Credential) -> Option<&Claims>
    where
        Self: Sized,
    {
        let _ = credential;
        None
    }

    /// The result of a valid credential of `user`, for tests that use
    /// [`ApiClient::force_authenticate`](crate::rest_framework::test::ApiClient::force_authenticate). Default: `None`, so this
    /// class needs a credential in tests as well.
    fn force(&self, req: &HttpRequest, user: &SharedUser) -> Found<Self> {
        let _ = (req, user);
        None
    }

    /// How a client sends a credential of this kind, for the API's description: a name and an OpenAPI Security Scheme
    /// Object. Default: not described.
    fn security_definition(&self, req: &HttpRequest) -> Option<(&'static str, Value)> {
        let _ = req;
        None
    }

    /// The errors for an invalid credential, for the API's description. Default: not described.
    fn refusals(&self, req: &HttpRequest) -> Vec<ApiError> {
        let _ = req;
        Vec::new()
    }
}

/// Runs [`Authentication::authenticate`], unless a test has forced a user.
pub(in crate::rest_framework) async fn authenticate_by<A: Authentication>(
    class: &A,
    req: &HttpRequest,
) -> Result<Found<A>, ApiError> {
    match forced_user(req).and_then(|user| class.force(req, &user)) {
        Some(forced) => Ok(Some(forced)),
        None => class.authenticate(req).await,
    }
}

/// The user and the credential of an authenticated request, whichever class found them.
#[derive(Clone, Debug)]
pub struct Caller {
    /// `request.user`.
    pub user: SharedUser,
    /// `request.auth`.
    pub auth: Credential,
    /// The class that found the user: `request.successful_authenticator`.
    class: TypeId,
    /// The user as a value of [`Authentication::User`], if that is another type than [`SharedUser`].
    typed_user: Option<Rc<dyn Any>>,
}

impl Caller {
    /// A caller found by class `A`.
    pub fn new<A: Authentication>(user: A::User, auth: A::Credential) -> Self {
        let is_shared = TypeId::of::<A::User>() == TypeId::of::<SharedUser>();
        Self {
            typed_user: (!is_shared).then(|| Rc::new(user.clone()) as Rc<dyn Any>),
            user: user.into(),
            auth: Credential::new::<A>(auth),
            class: TypeId::of::<A>(),
        }
    }

    /// The user and the credential as class `A` returned them. `None` if another class found them.
    #[must_use]
    pub fn found_by<A: Authentication>(&self) -> Found<A> {
        if self.class != TypeId::of::<A>() {
            return None;
        }
        let user: &dyn Any = self.typed_user.as_deref().unwrap_or(&self.user);
        Some((user.downcast_ref::<A::User>()?.clone(), self.auth.downcast_ref::<A::Credential>()?.clone()))
    }
}

/// `request.auth` of any class: a token, or `()` for classes that have none.
#[derive(Clone, Debug)]
pub struct Credential {
    value: Rc<dyn Any>,
    claims: fn(&dyn Any) -> Option<&Claims>,
}

impl Credential {
    pub(super) fn new<A: Authentication>(credential: A::Credential) -> Self {
        Self { value: Rc::new(credential), claims: |value| value.downcast_ref().and_then(A::claims) }
    }

    /// The claims, if the credential is a token that has some.
    #[must_use]
    pub fn claims(&self) -> Option<&Claims> {
        (self.claims)(&*self.value)
    }

    /// The credential as a `C`. `None` if it has another type.
    #[must_use]
    pub fn downcast_ref<C: 'static>(&self) -> Option<&C> {
        self.value.downcast_ref()
    }
}

/// `Authorization`, as by [`header_bytes`]: DRF's `get_authorization_header`.
#[must_use]
pub fn authorization(req: &HttpRequest) -> Option<Cow<'_, [u8]>> {
    header_bytes(req, header::AUTHORIZATION)
}
