//! The endpoints of this module. Python counterpart: `oauth2_provider.urls`.

use super::views;
use crate::rest_framework::views::{Route, path};

/// The routes, which django-oauth-toolkit's documentation puts below `/o`.
#[must_use]
pub fn urlpatterns() -> Vec<Route> {
    vec![path("/introspect/", views::introspect_token()), path("/revoke_token/", views::revoke_token())]
}
