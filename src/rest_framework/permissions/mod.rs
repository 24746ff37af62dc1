//! Decides who may use a view. Python counterpart: `rest_framework.permissions`.
//!
//! A permission is a value. It can have arguments and a message, and combines with others by [`Permission::and`],
//! [`Permission::or`] and [`Permission::not`]:
//!
//! ```
//! use std::any::Any;
//!
//! use actix_simplejwt::rest_framework::authentication::Caller;
//! use actix_simplejwt::rest_framework::exceptions::ApiError;
//! use actix_simplejwt::rest_framework::middleware::require;
//! use actix_simplejwt::rest_framework::permissions::{IsAdminUser, Permission, check_object_permissions};
//! use actix_simplejwt::rest_framework::views::{ApiView, path};
//! use actix_web::{HttpRequest, web};
//!
//! struct Order {
//!     customer: String,
//! }
//!
//! struct IsOwner;
//!
//! impl Permission for IsOwner {
//!     async fn has_permission(&self, _req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
//!         Ok(caller.is_some())
//!     }
//!
//!     async fn has_object_permission(
//!         &self,
//!         _req: &HttpRequest,
//!         caller: Option<&Caller>,
//!         object: &dyn Any,
//!     ) -> Result<bool, ApiError> {
//!         let order = object.downcast_ref::<Order>();
//!         Ok(caller.zip(order).is_some_and(|(caller, order)| caller.user.username() == order.customer))
//!     }
//!
//!     fn message(&self) -> Option<String> {
//!         Some("This is not your order.".to_owned())
//!     }
//! }
//!
//! async fn retrieve(req: HttpRequest) -> Result<String, ApiError> {
//!     let order = Order { customer: "alice".to_owned() };
//!     // 403 for everyone but alice and the staff.
//!     check_object_permissions(&req, &order).await?;
//!     Ok(order.customer)
//! }
//!
//! let view = path("/order/", ApiView::new("Order").permission(IsAdminUser.or(IsOwner)).get(retrieve));
//! let scope = web::scope("/shop").wrap(require(IsAdminUser.or(IsOwner).not()));
//! # let _ = (view, scope);
//! ```
//!
//! As in DRF, a combination has no message. Several `.permission(…)` of one view must all allow the request, and each keeps
//! its message.

mod combine;
#[cfg(feature = "database")]
mod django;
mod model;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::{HttpMessage, HttpRequest};
use futures_util::future::{LocalBoxFuture, ready};

pub use self::combine::{And, Not, Or};
#[cfg(feature = "database")]
pub use self::django::{
    DjangoModelPermissions, DjangoModelPermissionsOrAnonReadOnly, HasPerm, ModelPermissions, has_perm,
};
pub use self::model::{Model, ModelInfo};
use super::authentication::Caller;
use super::class_name;
use super::exceptions::ApiError;
use super::request::Checked;
use super::state::RestFramework;

/// A condition on the caller, the request and an object: DRF's `BasePermission`.
pub trait Permission: Send + Sync + 'static {
    /// The name for `DEFAULT_PERMISSION_CLASSES` and the log. Default: the name of the type.
    fn name(&self) -> Cow<'static, str> {
        class_name::<Self>()
    }

    /// Whether the request may reach the handler. `caller` is `None` for an anonymous request.
    fn has_permission(
        &self,
        req: &HttpRequest,
        caller: Option<&Caller>,
    ) -> impl Future<Output = Result<bool, ApiError>>;

    /// Whether the request may use `object`; the handler asks by [`check_object_permissions`]. Default: yes.
    fn has_object_permission(
        &self,
        req: &HttpRequest,
        caller: Option<&Caller>,
        object: &dyn Any,
    ) -> impl Future<Output = Result<bool, ApiError>> {
        let _ = (req, caller, object);
        ready(Ok(true))
    }

    /// The `detail` of the 403. Default: DRF's text.
    fn message(&self) -> Option<String> {
        None
    }

    /// Who may come in by `method`, for the API's description. Default: some users.
    fn admits(&self, method: &Method) -> Admits {
        let _ = method;
        Admits::SomeUsers
    }

    /// Both permissions: DRF's `&`.
    fn and<P: Permission>(self, other: P) -> And<Self, P>
    where
        Self: Sized,
    {
        And(self, other)
    }

    /// One of both permissions: DRF's `|`.
    fn or<P: Permission>(self, other: P) -> Or<Self, P>
    where
        Self: Sized,
    {
        Or(self, other)
    }

    /// The opposite: DRF's `~`.
    fn not(self) -> Not<Self>
    where
        Self: Sized,
    {
        Not(self)
    }
}

/// Who may pass a permission class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Admits {
    /// Everyone.
    Everyone,
    /// Every logged-in user.
    EveryUser,
    /// Some logged-in users; the others get a 403.
    SomeUsers,
}

/// A [`Permission`] of any type. Cheap to clone.
#[derive(Clone)]
pub struct PermissionClass(Arc<dyn AnyPermission>);

/// [`Permission`] with boxed futures.
trait AnyPermission: Send + Sync {
    fn name(&self) -> Cow<'static, str>;
    fn has_permission<'a>(&'a self, req: &'a HttpRequest, caller: Option<&'a Caller>) -> Deciding<'a>;
    fn has_object_permission<'a>(
        &'a self,
        req: &'a HttpRequest,
        caller: Option<&'a Caller>,
        object: &'a dyn Any,
    ) -> Deciding<'a>;
    fn message(&self) -> Option<String>;
    fn admits(&self, method: &Method) -> Admits;
}

type Deciding<'a> = LocalBoxFuture<'a, Result<bool, ApiError>>;

impl<P: Permission> AnyPermission for P {
    fn name(&self) -> Cow<'static, str> {
        Permission::name(self)
    }

    fn has_permission<'a>(&'a self, req: &'a HttpRequest, caller: Option<&'a Caller>) -> Deciding<'a> {
        Box::pin(Permission::has_permission(self, req, caller))
    }

    fn has_object_permission<'a>(
        &'a self,
        req: &'a HttpRequest,
        caller: Option<&'a Caller>,
        object: &'a dyn Any,
    ) -> Deciding<'a> {
        Box::pin(Permission::has_object_permission(self, req, caller, object))
    }

    fn message(&self) -> Option<String> {
        Permission::message(self)
    }

    fn admits(&self, method: &Method) -> Admits {
        Permission::admits(self, method)
    }
}

impl PermissionClass {
    /// Wraps `permission`.
    pub fn new(permission: impl Permission) -> Self {
        Self(Arc::new(permission))
    }

    /// The name for `DEFAULT_PERMISSION_CLASSES` and the log.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        self.0.name()
    }

    pub(super) fn admits(&self, method: &Method) -> Admits {
        self.0.admits(method)
    }

    /// The error for a user without this permission.
    pub(super) fn denied(&self) -> ApiError {
        self.0.message().map_or_else(ApiError::permission_denied, ApiError::permission_denied_with)
    }

    /// `APIView.permission_denied`.
    fn refusal(&self, caller: Option<&Caller>, can_authenticate: bool) -> ApiError {
        let (error, who) = match caller {
            None if can_authenticate => (ApiError::not_authenticated(), "an anonymous request".to_owned()),
            None => (self.denied(), "an anonymous request".to_owned()),
            Some(caller) => (self.denied(), caller.user.to_string()),
        };
        error.because(format_args!("{} refused {who}", self.name()))
    }
}

impl fmt::Debug for PermissionClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Asks every one of `classes`: `APIView.check_permissions`.
///
/// # Errors
/// 403 if one refuses a user. `NotAuthenticated` if one refuses an anonymous request and there is a way to log in.
pub async fn check_permissions(
    req: &HttpRequest,
    classes: &[PermissionClass],
    caller: Option<&Caller>,
    can_authenticate: bool,
) -> Result<(), ApiError> {
    for class in classes {
        if !class.0.has_permission(req, caller).await? {
            return Err(class.refusal(caller, can_authenticate));
        }
    }
    Ok(())
}

/// Asks every permission of the view, and of the scopes around it, about `object`: `self.check_object_permissions(request,
/// obj)`. For handlers of an [`ApiView`](super::views::ApiView) and for scopes with
/// [`require`](super::middleware::require); a handler with a [`Permitted`](super::request::Permitted) asks that.
///
/// # Errors
/// 403 if one refuses a user. 401 if one refuses an anonymous request and there is a way to log in. 500 outside of a view
/// and of such a scope, where there is no permission to ask.
pub async fn check_object_permissions(req: &HttpRequest, object: &dyn Any) -> Result<(), ApiError> {
    let checked = req.extensions().get::<Checked>().cloned();
    let Some(checked) = checked.filter(Checked::has_permissions) else {
        return Err(ApiError::internal("check_object_permissions was called where no permission is checked"));
    };
    let framework = RestFramework::of(req)?;
    let of_view = checked.view.as_ref().map_or(&[][..], |view| view.permission_classes(framework));
    let can_authenticate = checked.view.as_ref().is_none_or(|view| view.can_authenticate(framework));
    for classes in [&checked.scope_permissions, of_view] {
        check_object(req, classes, checked.caller.as_ref(), can_authenticate, object).await?;
    }
    Ok(())
}

pub(super) async fn check_object(
    req: &HttpRequest,
    classes: &[PermissionClass],
    caller: Option<&Caller>,
    can_authenticate: bool,
    object: &dyn Any,
) -> Result<(), ApiError> {
    for class in classes {
        if !class.0.has_object_permission(req, caller, object).await? {
            return Err(class.refusal(caller, can_authenticate));
        }
    }
    Ok(())
}

/// Allows every request.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllowAny;

impl Permission for AllowAny {
    async fn has_permission(&self, _req: &HttpRequest, _caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(true)
    }

    fn admits(&self, _method: &Method) -> Admits {
        Admits::Everyone
    }
}

/// Allows logged-in users.
#[derive(Clone, Copy, Debug, Default)]
pub struct IsAuthenticated;

impl Permission for IsAuthenticated {
    async fn has_permission(&self, _req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(caller.is_some())
    }

    fn admits(&self, _method: &Method) -> Admits {
        Admits::EveryUser
    }
}

/// Allows users with `is_staff`.
#[derive(Clone, Copy, Debug, Default)]
pub struct IsAdminUser;

impl Permission for IsAdminUser {
    async fn has_permission(&self, _req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(caller.is_some_and(|caller| caller.user.is_staff()))
    }
}

/// Allows logged-in users, and everyone for `GET`, `HEAD` and `OPTIONS`.
#[derive(Clone, Copy, Debug, Default)]
pub struct IsAuthenticatedOrReadOnly;

impl Permission for IsAuthenticatedOrReadOnly {
    async fn has_permission(&self, req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(caller.is_some() || is_safe(req.method()))
    }

    fn admits(&self, method: &Method) -> Admits {
        if is_safe(method) { Admits::Everyone } else { Admits::EveryUser }
    }
}

/// Whether `method` is one of DRF's `SAFE_METHODS`.
#[must_use]
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::contrib::auth::{AbstractUser, SharedUser, UserId};
    use crate::rest_framework::authentication::{Authentication, Found};

    #[derive(Debug)]
    struct Customer(Option<UserId>);

    impl AbstractUser for Customer {
        fn pk(&self) -> Option<UserId> {
            self.0
        }

        fn username(&self) -> &str {
            "alice"
        }

        fn attribute(&self, _name: &str) -> Option<serde_json::Value> {
            None
        }
    }

    struct Trusting;

    impl Authentication for Trusting {
        type User = SharedUser;
        type Credential = ();

        async fn authenticate(&self, _req: &HttpRequest) -> Result<Found<Self>, ApiError> {
            Ok(None)
        }

        fn challenge(&self, _req: &HttpRequest) -> Option<String> {
            None
        }
    }

    async fn refusal(caller: Option<Caller>, can_authenticate: bool) -> (u16, String) {
        let req = TestRequest::default().to_http_request();
        let classes = [PermissionClass::new(AllowAny), PermissionClass::new(IsAdminUser)];
        let error = check_permissions(&req, &classes, caller.as_ref(), can_authenticate).await.unwrap_err();
        let shown = format!("{error:?}");
        let reason = shown.split_once("reason: Some(\"").and_then(|(_, rest)| rest.split_once("\"), refusal"));
        (error.status().as_u16(), reason.unwrap().0.replace("\\\"", "'"))
    }

    #[actix_web::test]
    async fn the_log_names_the_permission_and_the_user() {
        let caller = |pk| Some(Caller::new::<Trusting>(SharedUser::new(Customer(pk)), ()));
        assert_eq!(
            refusal(caller(Some(UserId::Integer(7))), true).await,
            (403, "IsAdminUser refused user 7".to_owned())
        );
        assert_eq!(refusal(caller(None), true).await, (403, "IsAdminUser refused user 'alice'".to_owned()));
        assert_eq!(refusal(None, true).await, (401, "IsAdminUser refused an anonymous request".to_owned()));
        assert_eq!(refusal(None, false).await, (403, "IsAdminUser refused an anonymous request".to_owned()));
    }
}
