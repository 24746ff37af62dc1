//! Counts a request. Python counterpart: `APIView.check_throttles`.

use actix_web::HttpRequest;

use super::class::ThrottleClass;
use super::history::Denial;
use super::ident::address;
use crate::http::client_address::get_ident;
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::state::RestFramework;

/// Seconds after which a client may try again when Redis could not be reached.
const RETRY_AFTER: u64 = 1;

/// Checks every class of `classes`: each counts the request, even if another one refuses it. `APIView.check_throttles`.
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
        let Some((scope, rate)) = class.limit(view_scope, &framework.settings.default_throttle_rates)? else {
            continue;
        };
        let Some(ident) = class.ident(req, caller, &framework.settings) else { continue };
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

/// The address by which logins are counted and queued: the network if it is an IPv6 address. Same as [`get_ident`], but without
/// `NUM_PROXIES` it is the address of the connection: any client can write the header, and would have a new address for each
/// guess.
#[must_use]
pub fn client_address(req: &HttpRequest) -> String {
    match RestFramework::of(req) {
        Ok(framework) => address(req, Some(framework.settings.num_proxies.unwrap_or(0)), &framework.settings),
        Err(_) => get_ident(req, Some(0)),
    }
}
