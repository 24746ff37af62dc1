//! The key under which requests are counted: a user, or the address of an anonymous client. Python counterpart:
//! `SimpleRateThrottle.get_cache_key`.

use actix_web::HttpRequest;

use crate::http::client_address::{get_ident, network};
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::settings::RestFrameworkSettings;

/// The key of a user, or the address of an anonymous client. An IPv6 address is reduced to its network (`CLIENT_IPV6_PREFIX`).
///
/// DRF has the bare key and the bare address here. With `NUM_PROXIES` unset an address is the text of `X-Forwarded-For`, so
/// `X-Forwarded-For: 7` would use up the allowance of user 7. The prefixes keep the two apart.
pub(super) fn user_or_address(req: &HttpRequest, caller: Option<&Caller>, settings: &RestFrameworkSettings) -> String {
    let Some(caller) = caller else { return format!("addr:{}", address(req, settings.num_proxies, settings)) };
    match caller.user.pk() {
        Some(pk) => format!("user:{pk}"),
        None => format!("user:{:?}", caller.user.attribute("id").unwrap_or_else(|| caller.user.username().into())),
    }
}

/// The address that counts: the network if it is an IPv6 address.
pub(super) fn address(req: &HttpRequest, num_proxies: Option<usize>, settings: &RestFrameworkSettings) -> String {
    network(&get_ident(req, num_proxies), settings.ipv6_prefix)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_forged_address_is_not_taken_for_a_user() {
        let request = TestRequest::default().insert_header(("X-Forwarded-For", "7")).to_http_request();
        assert_eq!(user_or_address(&request, None, &RestFrameworkSettings::default()), "addr:7");
    }
}
