//! The interface of throttles. Python counterpart: `rest_framework.throttling.SimpleRateThrottle`.

use std::borrow::Cow;

use actix_web::HttpRequest;

use super::ident::user_or_address;
use super::rates::Rate;
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::class_name;
use crate::rest_framework::settings::RestFrameworkSettings;

/// A limit on the number of calls: DRF's `SimpleRateThrottle`.
///
/// ```
/// use actix_simplejwt::rest_framework::throttling::{Rate, Throttle};
/// use actix_simplejwt::rest_framework::views::ApiView;
/// use chrono::Duration;
///
/// /// `class BurstRateThrottle(UserRateThrottle): scope = "burst"; rate = "60/min"`.
/// struct BurstRateThrottle {
///     per_minute: usize,
/// }
///
/// impl Throttle for BurstRateThrottle {
///     fn scope(&self, _view: Option<&'static str>) -> Option<&str> {
///         Some("burst")
///     }
///
///     fn rate(&self) -> Option<Rate> {
///         Some(Rate { requests: self.per_minute, period: Duration::minutes(1) })
///     }
/// }
///
/// # async fn search() -> &'static str { "" }
/// let view = ApiView::new("Search").throttle(BurstRateThrottle { per_minute: 60 }).get(search);
/// # drop(view);
/// ```
pub trait Throttle: Send + Sync + 'static {
    /// The name for `DEFAULT_THROTTLE_CLASSES` and the log. Default: the name of the type.
    fn name(&self) -> Cow<'static, str> {
        class_name::<Self>()
    }

    /// The scope, given the `throttle_scope` of the view. Throttles of one scope count together. `None` means no limit.
    fn scope(&self, view: Option<&'static str>) -> Option<&str>;

    /// The rate. Default: `None`, the rate of the scope in `DEFAULT_THROTTLE_RATES`.
    fn rate(&self) -> Option<Rate> {
        None
    }

    /// The key under which requests are counted. `None` means no limit. Default: the user, or the address of an anonymous client.
    fn ident(&self, req: &HttpRequest, caller: Option<&Caller>, settings: &RestFrameworkSettings) -> Option<String> {
        Some(user_or_address(req, caller, settings))
    }
}
