//! Finds out who sent a request. Python counterpart: `rest_framework.authentication`.
//!
//! An [`Authentication`] has three outcomes: the request has no credential of its kind (`Ok(None)`), a valid one
//! (`Ok(Some(…))`), or an invalid one (`Err`, a 401). A database failure is a fourth outcome, a 500 or 503. It never counts as
//! "not logged in".
//!
//! A class is a value, so it can have arguments:
//!
//! ```
//! use actix_simplejwt::contrib::auth::SharedUser;
//! use actix_simplejwt::http::headers::header_bytes;
//! use actix_simplejwt::rest_framework::authentication::{Authentication, Found};
//! use actix_simplejwt::rest_framework::exceptions::ApiError;
//! use actix_simplejwt::rest_framework::views::ApiView;
//! use actix_web::HttpRequest;
//!
//! /// One key that a machine sends in a header.
//! struct ApiKeyAuthentication {
//!     header: &'static str,
//!     key: String,
//!     user: SharedUser,
//! }
//!
//! impl Authentication for ApiKeyAuthentication {
//!     type User = SharedUser;
//!     type Credential = ();
//!
//!     async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
//!         match header_bytes(req, self.header) {
//!             None => Ok(None),
//!             Some(key) if *key == *self.key.as_bytes() => Ok(Some((self.user.clone(), ()))),
//!             Some(_) => Err(ApiError::authentication_failed("Invalid API key.")),
//!         }
//!     }
//!
//!     fn challenge(&self, _req: &HttpRequest) -> Option<String> {
//!         Some("ApiKey".to_owned())
//!     }
//! }
//!
//! # fn machine() -> SharedUser { unimplemented!() }
//! # async fn report() -> &'static str { "" }
//! # if false {
//! let class = ApiKeyAuthentication { header: "X-Api-Key", key: "…".to_owned(), user: machine() };
//! let view = ApiView::new("Report").authentication(class).get(report);
//! # drop(view);
//! # }
//! ```

#[cfg(feature = "database")]
pub mod basic;
mod class;

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::http::header;
use serde_json::Value;

pub use self::class::AuthenticationClass;
use super::class_name;
use super::exceptions::ApiError;
use super::test::forced_user;
use crate::contrib::auth::SharedUser;
use crate::http::headers::header_bytes;

/// The user and the credential that class `A` has found, if any.
pub type Found<A> = Option<(<A as Authentication>::User, <A as Authentication>::Credential)>;

/// A way to find out who sent a request: DRF's `BaseAuthentication`.
///
/// A class takes what belongs to the application, such as keys and the database, from the application data of the request.
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

    /// What this class would find, given that the view has already authenticated the request and found `caller`. `None` if
    /// this class must look for itself. Default: the caller, if this class found it.
    #[must_use]
    fn reuse(caller: Option<&Caller>) -> Option<Found<Self>>
    where
        Self: Sized,
    {
        caller?.found_by::<Self>().map(Some)
    }

    /// What a valid credential of `user` would give. For tests, which skip the credential by
    /// [`ApiClient::force_authenticate`](super::test::ApiClient::force_authenticate). Default: `None`, so this class still
    /// needs a credential.
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
pub(super) async fn authenticate_by<A: Authentication>(class: &A, req: &HttpRequest) -> Result<Found<A>, ApiError> {
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
            auth: Credential(Rc::new(auth)),
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
pub struct Credential(Rc<dyn Any>);

impl Credential {
    /// The credential as a `C`. `None` if it has another type.
    #[must_use]
    pub fn downcast_ref<C: 'static>(&self) -> Option<&C> {
        self.0.downcast_ref()
    }
}

/// Tries `classes` in order. The first that finds a credential of its kind decides.
///
/// # Errors
/// The error of that class, with the challenge of the *first* class, as in DRF.
pub async fn authenticate(req: &HttpRequest, classes: &[AuthenticationClass]) -> Result<Option<Caller>, ApiError> {
    for class in classes {
        match class.authenticate(req).await {
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

/// `Authorization`, as by [`header_bytes`]: DRF's `get_authorization_header`.
#[must_use]
pub fn authorization(req: &HttpRequest) -> Option<Cow<'_, [u8]>> {
    header_bytes(req, header::AUTHORIZATION)
}

/// Several classes as one, tried in order: `Authenticated<(JwtAuthentication, TokenAuthentication)>`.
macro_rules! authentication_tuple {
    ($($class:ident $index:tt),+) => {
        impl<$($class: Authentication),+> Authentication for ($($class,)+) {
            type User = SharedUser;
            type Credential = Credential;

            fn name(&self) -> Cow<'static, str> {
                format!("({})", [$(self.$index.name()),+].join(", ")).into()
            }

            async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
                $(
                    if let Some((user, auth)) = authenticate_by(&self.$index, req).await? {
                        return Ok(Some((user.into(), Credential(Rc::new(auth)))));
                    }
                )+
                Ok(None)
            }

            fn challenge(&self, req: &HttpRequest) -> Option<String> {
                self.0.challenge(req)
            }
        }
    };
}

authentication_tuple!(A 0, B 1);
authentication_tuple!(A 0, B 1, C 2);
authentication_tuple!(A 0, B 1, C 2, D 3);
