//! DRF's throttle classes.

use actix_web::HttpRequest;

use super::base::Throttle;
use super::ident::user_or_address;
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::settings::RestFrameworkSettings;

/// Counts anonymous clients by address, at the rate `anon`.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnonRateThrottle;

impl Throttle for AnonRateThrottle {
    fn scope(&self, _view: Option<&'static str>) -> Option<&str> {
        Some("anon")
    }

    fn ident(&self, req: &HttpRequest, caller: Option<&Caller>, settings: &RestFrameworkSettings) -> Option<String> {
        caller.is_none().then(|| user_or_address(req, None, settings))
    }
}

/// Counts users, and anonymous clients by address, at the rate `user`.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserRateThrottle;

impl Throttle for UserRateThrottle {
    fn scope(&self, _view: Option<&'static str>) -> Option<&str> {
        Some("user")
    }
}

/// Counts as [`UserRateThrottle`], at the rate of the view's
/// [`throttle_scope`](crate::rest_framework::views::ApiView::throttle_scope). Views without one are not limited.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScopedRateThrottle;

impl Throttle for ScopedRateThrottle {
    fn scope(&self, view: Option<&'static str>) -> Option<&str> {
        view
    }
}
