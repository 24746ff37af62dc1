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

mod base;
mod builtin;
mod class;
mod combine;
#[cfg(feature = "database")]
mod django;
mod model;
mod object;

pub use self::base::{Admits, And, Not, Or, Permission, is_safe};
pub use self::builtin::{AllowAny, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly};
pub(super) use self::class::check_object;
pub use self::class::{PermissionClass, check_permissions};
#[cfg(feature = "database")]
pub use self::django::{
    DjangoModelPermissions, DjangoModelPermissionsOrAnonReadOnly, HasPerm, ModelPermissions, has_perm,
};
pub use self::model::{ModelInfo, PermissionModel};
pub use self::object::check_object_permissions;
