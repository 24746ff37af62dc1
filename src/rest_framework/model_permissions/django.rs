//! The permission classes themselves, which ask `auth_permission`.

use std::marker::PhantomData;

use actix_web::HttpRequest;
use actix_web::http::Method;

use super::{Model, ModelSource, OfView};
use crate::contrib::auth::models::User;
use crate::contrib::auth::permissions::has_perm;
use crate::db::{Database, DatabaseError};
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::permissions::{Admits, Deciding, Permission, is_safe};
use crate::rest_framework::state::app_data;

impl Model {
    /// `add`, `change`, `delete` or `view` of this model as a permission.
    fn permission(self, action: &str) -> String {
        format!("{}.{action}_{}", self.app_label, self.model_name)
    }
}

/// Whoever is logged in may read; writing takes the model's `add`, `change` or `delete` permission.
///
/// Only rows of Django's own user table have permissions there: users of another table, and users that exist in a token
/// only, may read and nothing else, superusers or not. A view without a model may be read likewise (DRF raises an
/// `AssertionError`).
#[derive(Debug)]
pub struct DjangoModelPermissions<M: ModelSource = OfView>(PhantomData<M>);

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

impl<M: ModelSource> Permission for DjangoModelPermissions<M> {
    const NAME: &'static str = "DjangoModelPermissions";

    fn has_permission(req: &HttpRequest, caller: Option<&Caller>) -> Deciding {
        let req = req.clone();
        let user = caller.map(|caller| caller.user.clone());
        Box::pin(async move {
            let Some(user) = user else { return Ok(false) };
            let Some(action) = required_action(req.method())? else { return Ok(true) };
            let (Some(model), Some(user)) = (M::model(&req), user.downcast::<User>()) else { return Ok(false) };
            let permission = model.permission(action);
            let db = app_data::<Database>(&req)?;
            Ok(db.read(move |conn| has_perm(conn, &user, &permission).map_err(DatabaseError::from)).await?)
        })
    }

    fn admits(method: &Method) -> Admits {
        if is_safe(method) { Admits::EveryUser } else { Admits::SomeUsers }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ModelInfo;
    use super::*;

    struct Order;

    impl ModelInfo for Order {
        const APP_LABEL: &'static str = "shop";
        const MODEL_NAME: &'static str = "order";
    }

    #[test]
    fn each_method_takes_the_permission_that_drf_names() {
        let permission =
            |method| required_action(&method).unwrap().map(|action| Model::of::<Order>().permission(action));
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert_eq!(permission(method), None);
        }
        assert_eq!(permission(Method::POST).as_deref(), Some("shop.add_order"));
        assert_eq!(permission(Method::PUT).as_deref(), Some("shop.change_order"));
        assert_eq!(permission(Method::PATCH).as_deref(), Some("shop.change_order"));
        assert_eq!(permission(Method::DELETE).as_deref(), Some("shop.delete_order"));
        assert_eq!(required_action(&Method::TRACE).unwrap_err().status(), 405);
    }
}
