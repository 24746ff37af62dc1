//! The address of a client, with or without proxies. Python counterpart: `BaseThrottle.get_ident` of DRF.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;
use actix_web::http::header;

use super::headers::header_bytes;

/// The address of the client behind `num_proxies` proxies, from `X-Forwarded-For`.
///
/// With `Some(0)` it is the address of the connection. With `None` it is the whole header, as in DRF.
/// **Danger**: with `None` a client chooses its address itself.
#[must_use]
pub fn get_ident(req: &HttpRequest, num_proxies: Option<usize>) -> String {
    let forwarded = match num_proxies {
        Some(0) => None,
        _ => header_bytes(req, header::X_FORWARDED_FOR),
    };
    let forwarded = forwarded.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let remote = || req.peer_addr().map_or_else(String::new, |addr| addr.ip().to_string());
    match (num_proxies, forwarded) {
        (_, None) => remote(),
        (Some(proxies), Some(forwarded)) => {
            let addresses: Vec<_> = forwarded.split(',').collect();
            addresses[addresses.len() - proxies.min(addresses.len())].trim().to_owned()
        }
        (None, Some(forwarded)) if forwarded.is_empty() => remote(),
        (None, Some(forwarded)) => forwarded.split_whitespace().collect(),
    }
}

/// The name under which the client with this address is counted. It is an IPv4 address in its canonical spelling, or the first
/// `ipv6_prefix` bits of an IPv6 address: a customer of an access provider has a whole /64 and would otherwise have 2^64
/// allowances. Text that is not an address is not changed.
///
/// ```
/// use actix_simplejwt::http::client_address::network;
///
/// assert_eq!(network("[2001:DB8::7]:443", 64), "2001:db8::/64");
/// assert_eq!(network("::ffff:192.0.2.1", 64), "192.0.2.1");
/// ```
#[must_use]
pub fn network(address: &str, ipv6_prefix: u8) -> String {
    match parse(address) {
        None => address.to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let prefix = u32::from(ipv6_prefix.min(128));
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            format!("{}/{prefix}", Ipv6Addr::from(u128::from(address) & mask))
        }
    }
}

/// An address as proxies write it: perhaps with a port, in brackets, with a zone, or IPv4 inside IPv6.
#[must_use]
pub fn parse(text: &str) -> Option<IpAddr> {
    let host = match (text.strip_prefix('['), text.rsplit_once(':')) {
        (Some(rest), _) => {
            let (host, port) = rest.split_once(']')?;
            if !(port.is_empty() || port.strip_prefix(':').is_some_and(is_port)) {
                return None;
            }
            host
        }
        (None, Some((host, port))) if !host.contains(':') && is_port(port) => host,
        (None, _) => text,
    };
    let host = host.split_once('%').map_or(host, |(host, _zone)| host);
    host.parse().ok().map(|address: IpAddr| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn ident(forwarded: Option<&str>, num_proxies: Option<usize>) -> String {
        let mut request = TestRequest::default().peer_addr("10.0.0.9:5000".parse().unwrap());
        if let Some(value) = forwarded {
            request = request.insert_header(("X-Forwarded-For", value));
        }
        get_ident(&request.to_http_request(), num_proxies)
    }

    #[test]
    fn the_address_is_found_behind_the_given_number_of_proxies() {
        let forwarded = Some("1.1.1.1, 2.2.2.2 ,3.3.3.3");
        assert_eq!(ident(None, None), "10.0.0.9");
        assert_eq!(ident(None, Some(1)), "10.0.0.9");
        assert_eq!(ident(forwarded, None), "1.1.1.1,2.2.2.2,3.3.3.3");
        assert_eq!(ident(forwarded, Some(0)), "10.0.0.9");
        assert_eq!(ident(forwarded, Some(1)), "3.3.3.3");
        assert_eq!(ident(forwarded, Some(2)), "2.2.2.2");
        assert_eq!(ident(forwarded, Some(9)), "1.1.1.1");
        assert_eq!(ident(Some(""), None), "10.0.0.9");
    }

    #[test]
    fn an_address_has_one_name_however_it_is_spelled() {
        for spelling in ["192.0.2.1", "192.0.2.1:5000", "::ffff:192.0.2.1", "[::ffff:c000:201]:80", "::FFFF:192.0.2.1"]
        {
            assert_eq!(network(spelling, 64), "192.0.2.1", "{spelling}");
        }
        for spelling in [
            "2001:db8::1",
            "2001:DB8:0:0:ffff::9",
            "[2001:db8::1]",
            "[2001:db8::1]:443",
            "2001:0db8:0000:0000:1:2:3:4",
            "2001:db8::1%eth0",
            "[2001:db8::1%25eth0]:1",
        ] {
            assert_eq!(network(spelling, 64), "2001:db8::/64", "{spelling}");
        }
        assert_eq!(network("2001:db8:0:1::1", 64), "2001:db8:0:1::/64");
        assert_eq!(network("2001:db8:0:1::1", 56), "2001:db8::/56");
        assert_eq!(network("2001:db8::1", 128), "2001:db8::1/128");
        assert_eq!(network("2001:db8::1", 0), "::/0");
    }

    #[test]
    fn text_that_is_not_an_address_is_not_changed() {
        for text in ["", "7", "unknown", "1.1.1.1,2.2.2.2", "192.0.2.1:99999", "[::1", "[::1]x", "[::1]:", "1.2.3", "%"]
        {
            assert_eq!(network(text, 64), text);
        }
    }
}
