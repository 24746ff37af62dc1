//! The URLs of the logins of a user. Python counterpart: the `urlpatterns` in the documentation of simplejwt's proposal.

use super::views;
use crate::rest_framework::views::{Route, path};

/// The routes of this app. They are mounted if `TOKEN_FAMILY_ENABLED` is on.
pub fn urlpatterns() -> Vec<Route> {
    vec![
        path("/token/family/blacklist/", views::token_family_blacklist()),
        path("/token/sessions/", views::sessions()),
        path("/token/sessions/{id}/", views::session()),
        path("/token/logoutall/", views::logoutall()),
    ]
}
