//! The model of a view, for permissions out of Django's tables. Django finds it in the view's `queryset`; a view here names
//! it by [`ApiView::model`](crate::rest_framework::views::ApiView::model).

/// Names one of Django's models, as its `_meta` does.
pub trait ModelInfo: Send + Sync + 'static {
    /// `app_label`: the app that the model belongs to, such as `auth`.
    const APP_LABEL: &'static str;
    /// `model_name`: the class name of the model in lower case, such as `user`.
    const MODEL_NAME: &'static str;
}

/// The names of a [`ModelInfo`] as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PermissionModel {
    app_label: &'static str,
    model_name: &'static str,
}

impl PermissionModel {
    /// The names of `M`.
    #[must_use]
    pub fn of<M: ModelInfo>() -> Self {
        Self { app_label: M::APP_LABEL, model_name: M::MODEL_NAME }
    }

    /// `shop.add_order` for the action `add` on the model `shop.order`.
    #[must_use]
    pub fn permission(self, action: &str) -> String {
        format!("{}.{action}_{}", self.app_label, self.model_name)
    }
}
