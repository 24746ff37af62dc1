//! The interface of permissions. Python counterpart: `rest_framework.permissions.BasePermission`.

use std::any::Any;
use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::Method;
use futures_util::future::ready;

use crate::rest_framework::authentication::Caller;
use crate::rest_framework::class_name;
use crate::rest_framework::exceptions::ApiError;

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

    /// Whether the request may use `object`; the handler asks by [`check_object_permissions`](super::check_object_permissions). Default: yes.
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

    /// Who may use `method`, for the API's description. Default: some users.
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

/// The users that a permission class may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Admits {
    /// Everyone.
    Everyone,
    /// Every logged-in user.
    EveryUser,
    /// Some logged-in users; the others get a 403.
    SomeUsers,
}

/// Both permissions, made by [`Permission::and`].
#[derive(Clone, Copy, Debug, Default)]
pub struct And<A, B>(pub(super) A, pub(super) B);

/// One of both permissions, made by [`Permission::or`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Or<A, B>(pub(super) A, pub(super) B);

/// The opposite of a permission, made by [`Permission::not`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Not<A>(pub(super) A);

/// Whether `method` is one of DRF's `SAFE_METHODS`.
#[must_use]
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
