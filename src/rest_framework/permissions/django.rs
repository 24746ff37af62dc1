//! Permissions out of Django's tables. Python counterpart: `rest_framework.permissions.DjangoModelPermissions`, and
//! `user.has_perm` for [`HasPerm`].
//!
//! Users of `auth_user` have permissions there, and users of a model with `PermissionsMixin` that `AUTH_USER_MODEL` names. Users
//! that exist only in a token have no permissions, even superusers.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::{HttpMessage, HttpRequest};

use super::base::{Admits, Permission, is_safe};
use super::model::{ModelInfo, PermissionModel};
use crate::contrib::auth::models::UserPermissions;
use crate::contrib::auth::{AuthState, SharedUser, UserId};
use crate::db::{Database, DatabaseError};
use crate::rest_framework::app_data::app_data;
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::exceptions::ApiError;

/// Allows users with this permission, written `app_label.codename`: `user.has_perm("shop.add_order")`.
///
/// ```
/// use actix_simplejwt::rest_framework::permissions::{HasPerm, Permission};
/// use actix_simplejwt::rest_framework::views::ApiView;
///
/// # async fn refund() -> &'static str { "" }
/// let both = HasPerm("shop.change_order").and(HasPerm("shop.view_customer"));
/// let view = ApiView::new("Refund").permission(both).post(refund);
/// # drop(view);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct HasPerm(pub &'static str);

impl Permission for HasPerm {
    fn name(&self) -> Cow<'static, str> {
        format!("HasPerm({:?})", self.0).into()
    }

    async fn has_permission(&self, req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        match caller {
            None => Ok(false),
            Some(caller) => has_perm(req, &caller.user, self.0).await,
        }
    }
}

/// Allows logged-in users to read. Writing takes the `add`, `change` or `delete` permission of the view's model.
///
/// A view without a model can be read and not written. (DRF raises an `AssertionError`.)
///
/// ```
/// use actix_simplejwt::rest_framework::permissions::{DjangoModelPermissions, ModelInfo};
/// use actix_simplejwt::rest_framework::views::ApiView;
///
/// struct Order;
///
/// impl ModelInfo for Order {
///     const APP_LABEL: &'static str = "shop";
///     const MODEL_NAME: &'static str = "order";
/// }
///
/// # async fn create() -> &'static str { "" }
/// // Users with `shop.add_order`.
/// let view = ApiView::new("Orders").model::<Order>().permission(DjangoModelPermissions).post(create);
/// # drop(view);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct DjangoModelPermissions;

impl Permission for DjangoModelPermissions {
    async fn has_permission(&self, req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        has_model_permission(req, caller, model_of_view(req)).await
    }

    fn admits(&self, method: &Method) -> Admits {
        if is_safe(method) { Admits::EveryUser } else { Admits::SomeUsers }
    }
}

/// Same as [`DjangoModelPermissions`], and everyone may read.
#[derive(Clone, Copy, Debug, Default)]
pub struct DjangoModelPermissionsOrAnonReadOnly;

impl Permission for DjangoModelPermissionsOrAnonReadOnly {
    async fn has_permission(&self, req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(is_safe(req.method()) || has_model_permission(req, caller, model_of_view(req)).await?)
    }

    fn admits(&self, method: &Method) -> Admits {
        if is_safe(method) { Admits::Everyone } else { Admits::SomeUsers }
    }
}

/// Same as [`DjangoModelPermissions`] for the model `M`, on a plain actix route:
///
/// ```
/// use actix_simplejwt::Permitted;
/// use actix_simplejwt::rest_framework::permissions::ModelPermissions;
/// # use actix_simplejwt::rest_framework::permissions::ModelInfo;
/// # struct Order;
/// # impl ModelInfo for Order {
/// #     const APP_LABEL: &'static str = "shop";
/// #     const MODEL_NAME: &'static str = "order";
/// # }
///
/// async fn create(by: Permitted<ModelPermissions<Order>>) -> String {
///     format!("ordered by {}", by.user.username())
/// }
/// # let _ = actix_web::web::post().to(create);
/// ```
#[derive(Debug)]
pub struct ModelPermissions<M: ModelInfo>(PhantomData<M>);

impl<M: ModelInfo> Default for ModelPermissions<M> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<M: ModelInfo> Permission for ModelPermissions<M> {
    async fn has_permission(&self, req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        has_model_permission(req, caller, Some(PermissionModel::of::<M>())).await
    }

    fn admits(&self, method: &Method) -> Admits {
        DjangoModelPermissions.admits(method)
    }
}

fn model_of_view(req: &HttpRequest) -> Option<PermissionModel> {
    req.extensions().get::<PermissionModel>().copied()
}

/// The action that `method` takes, `None` for reading: `perms_map`.
fn required_action(method: &Method) -> Result<Option<&'static str>, ApiError> {
    match *method {
        Method::GET | Method::OPTIONS | Method::HEAD => Ok(None),
        Method::POST => Ok(Some("add")),
        Method::PUT | Method::PATCH => Ok(Some("change")),
        Method::DELETE => Ok(Some("delete")),
        _ => Err(ApiError::method_not_allowed(method.as_str())),
    }
}

async fn has_model_permission(
    req: &HttpRequest,
    caller: Option<&Caller>,
    model: Option<PermissionModel>,
) -> Result<bool, ApiError> {
    let Some(caller) = caller else { return Ok(false) };
    let Some(action) = required_action(req.method())? else { return Ok(true) };
    let Some(model) = model else { return Ok(false) };
    has_perm(req, &caller.user, &model.permission(action)).await
}

/// Whether `user` has `permission`: `request.user.has_perm("shop.add_order")`.
///
/// The permissions of a user are loaded once per request. Django keeps them in `user._perm_cache`.
///
/// # Errors
/// Returns the errors of the database.
pub async fn has_perm(req: &HttpRequest, user: &SharedUser, permission: &str) -> Result<bool, ApiError> {
    let Some(pk) = user.pk() else { return Ok(false) };
    if let Some(answer) = cached(req, pk, permission) {
        return Ok(answer);
    }
    let (users, user) = (Arc::clone(app_data::<AuthState>(req)?.users()), user.clone());
    let load = move |conn: &mut _| users.permissions(conn, &*user).map_err(DatabaseError::from);
    let permissions = app_data::<Database>(req)?.read(load).await?;
    let answer = permissions.contains(permission);
    req.extensions_mut().insert(PermissionCache { pk, permissions });
    Ok(answer)
}

/// The permissions of a user that were loaded in this request.
struct PermissionCache {
    pk: UserId,
    permissions: UserPermissions,
}

fn cached(req: &HttpRequest, pk: UserId, permission: &str) -> Option<bool> {
    let extensions = req.extensions();
    let cache = extensions.get::<PermissionCache>().filter(|cache| cache.pk == pk)?;
    Some(cache.permissions.contains(permission))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Order;

    impl ModelInfo for Order {
        const APP_LABEL: &'static str = "shop";
        const MODEL_NAME: &'static str = "order";
    }

    #[test]
    fn each_method_requires_the_permission_that_drf_requires() {
        let permission =
            |method| required_action(&method).unwrap().map(|action| PermissionModel::of::<Order>().permission(action));
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert_eq!(permission(method), None);
        }
        assert_eq!(permission(Method::POST).as_deref(), Some("shop.add_order"));
        assert_eq!(permission(Method::PUT).as_deref(), Some("shop.change_order"));
        assert_eq!(permission(Method::PATCH).as_deref(), Some("shop.change_order"));
        assert_eq!(permission(Method::DELETE).as_deref(), Some("shop.delete_order"));
        assert_eq!(required_action(&Method::TRACE).unwrap_err().status(), 405);
    }

    #[test]
    fn the_name_tells_which_permission_it_is() {
        assert_eq!(HasPerm("shop.add_order").name(), "HasPerm(\"shop.add_order\")");
        assert_eq!(ModelPermissions::<Order>::default().name(), "ModelPermissions");
    }
}
