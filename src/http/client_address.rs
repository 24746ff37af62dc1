//! The address of a client, also behind proxies. Python counterpart: `BaseThrottle.get_ident` of DRF.

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
}
