//! Who is counted: a user, or the address of an anonymous client. Python counterpart: `SimpleRateThrottle.get_cache_key`.

use actix_web::HttpRequest;

use crate::http::client_address::{get_ident, network};
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::state::RestFramework;

/// The key of a user, or the address of an anonymous client. As `CLIENT_IPV6_PREFIX` says, one of IPv6 is a network.
///
/// DRF has the bare key and the bare address here. With `NUM_PROXIES` unset an address is whatever `X-Forwarded-For`
/// says, so `X-Forwarded-For: 7` would use up the allowance of user 7. The prefixes keep the two apart.
pub(super) fn user_or_address(req: &HttpRequest, caller: Option<&Caller>, num_proxies: Option<usize>) -> String {
    let Some(caller) = caller else { return format!("addr:{}", address(req, num_proxies)) };
    match caller.user.pk() {
        Some(pk) => format!("user:{pk}"),
        None => format!("user:{:?}", caller.user.attribute("id").unwrap_or_else(|| caller.user.username().into())),
    }
}

/// The address by which logins are counted and queued: the network if it is one of IPv6. As [`get_ident`], but without
/// `NUM_PROXIES` it is that of the connection: any client can write the header, and would have a new address for each guess.
#[must_use]
pub fn client_address(req: &HttpRequest) -> String {
    let num_proxies = RestFramework::of(req).ok().and_then(|framework| framework.settings.num_proxies);
    address(req, Some(num_proxies.unwrap_or(0)))
}

fn address(req: &HttpRequest, num_proxies: Option<usize>) -> String {
    let prefix = RestFramework::of(req).map_or(64, |framework| framework.settings.ipv6_prefix);
    network(&get_ident(req, num_proxies), prefix)
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
