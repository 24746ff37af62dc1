//! Permissions out of Django's tables. Python counterpart: `rest_framework.permissions.DjangoModelPermissions`.
//!
//! Django finds the model in the view's `queryset`. A view here has none, so it names its model, or the permission does:
#![cfg_attr(
    feature = "database",
    doc = r#"
```
use actix_simplejwt::Permitted;
use actix_simplejwt::rest_framework::model_permissions::{DjangoModelPermissions, ModelInfo};
use actix_simplejwt::rest_framework::views::ApiView;

struct Order;

impl ModelInfo for Order {
    const APP_LABEL: &'static str = "shop";
    const MODEL_NAME: &'static str = "order";
}

// On a plain actix route: whoever has `shop.add_order` at a POST, `shop.change_order` at a PUT …
async fn create(by: Permitted<DjangoModelPermissions<Order>>) -> String {
    format!("ordered by {}", by.user.username())
}

// `DjangoModelPermissions` by itself, or from `DEFAULT_PERMISSION_CLASSES`, asks the view.
let view = ApiView::new("Orders").model::<Order>().permission::<DjangoModelPermissions>().post(create);
# drop(view);
```
"#
)]

#[cfg(feature = "database")]
mod django;

use actix_web::{HttpMessage, HttpRequest};

#[cfg(feature = "database")]
pub use self::django::DjangoModelPermissions;

/// Names a model of Django's, as its `_meta` does.
pub trait ModelInfo: 'static {
    /// `app_label`: the app it belongs to, such as `auth`.
    const APP_LABEL: &'static str;
    /// `model_name`: its class name in lower case, such as `user`.
    const MODEL_NAME: &'static str;
}

/// The names of a [`ModelInfo`] as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    app_label: &'static str,
    model_name: &'static str,
}

impl Model {
    /// The names of `M`.
    #[must_use]
    pub fn of<M: ModelInfo>() -> Self {
        Self { app_label: M::APP_LABEL, model_name: M::MODEL_NAME }
    }
}

/// Where [`DjangoModelPermissions`] finds the model: any [`ModelInfo`], or [`OfView`].
pub trait ModelSource: 'static {
    /// The model, if there is one.
    fn model(req: &HttpRequest) -> Option<Model>;
}

impl<M: ModelInfo> ModelSource for M {
    fn model(_req: &HttpRequest) -> Option<Model> {
        Some(Model::of::<M>())
    }
}

/// The model that [`ApiView::model`](super::views::ApiView::model) has named.
#[derive(Debug)]
pub struct OfView;

impl ModelSource for OfView {
    fn model(req: &HttpRequest) -> Option<Model> {
        req.extensions().get::<Model>().copied()
    }
}
