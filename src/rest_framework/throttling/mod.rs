//! How often somebody may call. Python counterpart: `rest_framework.throttling`.
//!
//! Off until `DEFAULT_THROTTLE_CLASSES` or a view names a class and `DEFAULT_THROTTLE_RATES` has a rate for its scope:
//!
//! ```text
//! REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES=AnonRateThrottle,UserRateThrottle,ScopedRateThrottle
//! REST_FRAMEWORK_DEFAULT_THROTTLE_RATES=anon=100/day,user=1000/day,login=5/min
//! ```
//!
//! As in DRF, requests are counted after authentication and permissions, `OPTIONS` and refused methods included. They are
//! counted in the memory of one server, so that with several servers a caller has each one's allowance, or for all of
//! them in a Redis: [`CacheSettings`].

mod cache;
mod history;
mod rates;
#[cfg(feature = "redis")]
mod redis;

use actix_web::HttpRequest;

pub use cache::{CacheSettings, CacheUrl, Denial, RedisUrl, ThrottleCache};
pub use history::{Histories, Refusal};
pub use rates::{Rate, ThrottleRates};
#[cfg(feature = "redis")]
pub use redis::RedisHistories;

use super::authentication::Caller;
use super::exceptions::ApiError;
use super::state::RestFramework;
use crate::http::client_address::get_ident;

/// A limit on the number of calls: DRF's `SimpleRateThrottle`.
///
/// ```
/// use actix_simplejwt::rest_framework::throttling::{Throttle, UserRateThrottle};
///
/// /// `class BurstRateThrottle(UserRateThrottle): scope = "burst"`, with `burst=60/min` among the rates.
/// struct BurstRateThrottle;
///
/// impl Throttle for BurstRateThrottle {
///     const NAME: &'static str = "BurstRateThrottle";
///
///     fn scope(_view: Option<&'static str>) -> Option<&'static str> {
///         Some("burst")
///     }
/// }
/// ```
pub trait Throttle: 'static {
    /// Class name, as written in `DEFAULT_THROTTLE_CLASSES`.
    const NAME: &'static str;

    /// Name of the rate that applies, given the `throttle_scope` of the view. `None` lets every request pass.
    fn scope(view: Option<&'static str>) -> Option<&'static str>;

    /// Who is counted. `None` lets the request pass. Default: the user, or the address of an anonymous caller.
    fn ident(req: &HttpRequest, caller: Option<&Caller>, num_proxies: Option<usize>) -> Option<String> {
        Some(user_or_address(req, caller, num_proxies))
    }
}

/// Counts anonymous callers by address, at the rate `anon`.
#[derive(Debug)]
pub struct AnonRateThrottle;

impl Throttle for AnonRateThrottle {
    const NAME: &'static str = "AnonRateThrottle";

    fn scope(_view: Option<&'static str>) -> Option<&'static str> {
        Some("anon")
    }

    fn ident(req: &HttpRequest, caller: Option<&Caller>, num_proxies: Option<usize>) -> Option<String> {
        caller.is_none().then(|| user_or_address(req, None, num_proxies))
    }
}

/// Counts users, and anonymous callers by address, at the rate `user`.
#[derive(Debug)]
pub struct UserRateThrottle;

impl Throttle for UserRateThrottle {
    const NAME: &'static str = "UserRateThrottle";

    fn scope(_view: Option<&'static str>) -> Option<&'static str> {
        Some("user")
    }
}

/// Counts as [`UserRateThrottle`], at the rate that the view's
/// [`throttle_scope`](super::views::ApiView::throttle_scope) names. Views without one are not limited.
#[derive(Debug)]
pub struct ScopedRateThrottle;

impl Throttle for ScopedRateThrottle {
    const NAME: &'static str = "ScopedRateThrottle";

    fn scope(view: Option<&'static str>) -> Option<&'static str> {
        view
    }
}

/// A [`Throttle`] as a value, to be kept in lists.
#[derive(Clone, Copy)]
pub struct ThrottleClass {
    /// Class name.
    pub name: &'static str,
    scope: fn(Option<&'static str>) -> Option<&'static str>,
    ident: fn(&HttpRequest, Option<&Caller>, Option<usize>) -> Option<String>,
}

impl ThrottleClass {
    /// The class `T`.
    #[must_use]
    pub fn of<T: Throttle>() -> Self {
        Self { name: T::NAME, scope: T::scope, ident: T::ident }
    }

    /// Whether there is a limit for a view with that `throttle_scope`.
    pub(super) fn has_rate(&self, view_scope: Option<&'static str>, framework: &RestFramework) -> bool {
        let scope = (self.scope)(view_scope);
        scope.and_then(|scope| framework.settings.default_throttle_rates.get(scope)).flatten().is_some()
    }
}

impl std::fmt::Debug for ThrottleClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Seconds after which a Redis that was away is worth asking again.
const RETRY_AFTER: u64 = 1;

/// Asks every one of `classes`: each counts the request, also when another one refuses it. `APIView.check_throttles`.
///
/// # Errors
/// 429 with the longest wait. 500 for a scope that nobody has given a rate, as DRF's `ImproperlyConfigured`: passing the
/// request would leave open what somebody meant to limit. 503 when the requests cannot be counted, for the same reason.
pub async fn check_throttles(
    req: &HttpRequest,
    classes: &[ThrottleClass],
    view_scope: Option<&'static str>,
    caller: Option<&Caller>,
    framework: &RestFramework,
) -> Result<(), ApiError> {
    let settings = &framework.settings;
    let mut refused_by = None;
    let mut wait = None;
    for class in classes {
        let Some(scope) = (class.scope)(view_scope) else { continue };
        let rate = settings
            .default_throttle_rates
            .get(scope)
            .ok_or_else(|| ApiError::internal(format_args!("No default throttle rate set for '{scope}' scope")))?;
        let (Some(rate), Some(ident)) = (rate, (class.ident)(req, caller, settings.num_proxies)) else { continue };
        let key = format!("throttle_{scope}_{ident}");
        match framework.throttle_cache.allow_request(&key, rate, framework.clock.now()).await {
            Ok(()) => {}
            Err(Denial::TooMany(refusal)) => {
                refused_by = Some(class.name);
                wait = wait.max(refusal.wait);
            }
            Err(Denial::Unavailable(reason)) => return Err(ApiError::service_unavailable(reason, RETRY_AFTER)),
        }
    }
    match refused_by {
        None => Ok(()),
        Some(class) => Err(ApiError::throttled(wait).because(format_args!("{class} refused the request"))),
    }
}

/// A user's key, or the address of whoever is not logged in.
///
/// DRF has the bare key and the bare address here. With `NUM_PROXIES` unset an address is whatever `X-Forwarded-For`
/// says, so `X-Forwarded-For: 7` would use up the allowance of user 7; the prefixes keep the two apart.
fn user_or_address(req: &HttpRequest, caller: Option<&Caller>, num_proxies: Option<usize>) -> String {
    let Some(caller) = caller else { return format!("addr:{}", get_ident(req, num_proxies)) };
    match caller.user.pk() {
        Some(pk) => format!("user:{pk}"),
        None => format!("user:{:?}", caller.user.attribute("id").unwrap_or_else(|| caller.user.username().into())),
    }
}

/// The address that failed logins are counted under. As [`get_ident`], but without `NUM_PROXIES` it is that of the
/// connection: a header that anybody may write would give everybody a new address for each guess.
#[must_use]
pub fn client_address(req: &HttpRequest) -> String {
    let num_proxies = RestFramework::of(req).ok().and_then(|framework| framework.settings.num_proxies);
    get_ident(req, Some(num_proxies.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_forged_address_is_not_taken_for_a_user() {
        let request = TestRequest::default().insert_header(("X-Forwarded-For", "7")).to_http_request();
        assert_eq!(user_or_address(&request, None, None), "addr:7");
    }
}
