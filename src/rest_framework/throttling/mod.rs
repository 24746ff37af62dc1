//! Limits how often a client may call. Python counterpart: `rest_framework.throttling`.
//!
//! Off until `DEFAULT_THROTTLE_CLASSES` or a view names a class and `DEFAULT_THROTTLE_RATES` has a rate for its scope:
//!
//! ```text
//! REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES=AnonRateThrottle,UserRateThrottle,ScopedRateThrottle
//! REST_FRAMEWORK_DEFAULT_THROTTLE_RATES=anon=100/day,user=1000/day,login=5/min
//! ```
//!
//! As in DRF, requests are counted after authentication and permissions, including `OPTIONS` and methods that the view does
//! not have. Without a Redis each server counts in its own memory, so a client has the allowance of each server. With a
//! Redis all servers count together: [`CacheSettings`].

mod cache;
mod class;
mod history;
mod ident;
mod rates;
#[cfg(feature = "redis")]
mod redis;

use std::borrow::Cow;

use actix_web::HttpRequest;

pub use self::cache::{CacheSettings, CacheUrl, Denial, RedisUrl, ThrottleCache};
pub use self::class::ThrottleClass;
pub use self::history::{Histories, Refusal};
pub use self::ident::client_address;
use self::ident::user_or_address;
pub use self::rates::{Rate, ThrottleRates};
#[cfg(feature = "redis")]
pub use self::redis::RedisHistories;
use super::authentication::Caller;
use super::class_name;
use super::exceptions::ApiError;
use super::state::RestFramework;

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

    /// Who is counted. `None` means no limit. Default: the user, or the address of an anonymous client.
    fn ident(&self, req: &HttpRequest, caller: Option<&Caller>, num_proxies: Option<usize>) -> Option<String> {
        Some(user_or_address(req, caller, num_proxies))
    }
}

/// Counts anonymous clients by address, at the rate `anon`.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnonRateThrottle;

impl Throttle for AnonRateThrottle {
    fn scope(&self, _view: Option<&'static str>) -> Option<&str> {
        Some("anon")
    }

    fn ident(&self, req: &HttpRequest, caller: Option<&Caller>, num_proxies: Option<usize>) -> Option<String> {
        caller.is_none().then(|| user_or_address(req, None, num_proxies))
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
/// [`throttle_scope`](super::views::ApiView::throttle_scope). Views without one are not limited.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScopedRateThrottle;

impl Throttle for ScopedRateThrottle {
    fn scope(&self, view: Option<&'static str>) -> Option<&str> {
        view
    }
}

/// Seconds after which a client may try again when Redis could not be reached.
const RETRY_AFTER: u64 = 1;

/// Asks every one of `classes`: each counts the request, even if another one refuses it. `APIView.check_throttles`.
///
/// # Errors
/// 429 with the longest wait. 500 for a scope without a rate, as DRF's `ImproperlyConfigured`. 503 if the requests cannot be
/// counted. Letting the request pass would remove a limit in both cases.
pub async fn check_throttles(
    req: &HttpRequest,
    classes: &[ThrottleClass],
    view_scope: Option<&'static str>,
    caller: Option<&Caller>,
    framework: &RestFramework,
) -> Result<(), ApiError> {
    let mut refused_by = None;
    let mut wait = None;
    for class in classes {
        let Some((scope, rate)) = class.limit(view_scope, framework)? else { continue };
        let Some(ident) = class.ident(req, caller, framework.settings.num_proxies) else { continue };
        let key = format!("throttle_{scope}_{ident}");
        match framework.throttle_cache.allow_request(&key, rate, framework.clock.now()).await {
            Ok(()) => {}
            Err(Denial::TooMany(refusal)) => {
                refused_by = Some(class.name());
                wait = wait.max(refusal.wait);
            }
            Err(Denial::Unavailable(reason)) => return Err(ApiError::service_unavailable(reason, RETRY_AFTER)),
        }
    }
    match refused_by {
        None => Ok(()),
        Some(class) => {
            let who = caller.map_or_else(|| "an anonymous client".to_owned(), |caller| caller.user.to_string());
            Err(ApiError::throttled(wait).because(format_args!("{class} refused {who}")))
        }
    }
}
