//! `X-Forwarded-For`.

use std::cell::RefCell;

use actix_simplejwt::http::client_address::get_ident;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderValue};
use actix_web::test::TestRequest;

/// Each line is such a header. The result must be the address behind the configured number of proxies.
pub fn check(data: &[u8]) {
    thread_local! {
        // One request is used for all inputs, because making one takes longer than the code under test.
        static REQUEST: RefCell<ServiceRequest> =
            RefCell::new(TestRequest::default().peer_addr(([10, 0, 0, 9], 5000).into()).to_srv_request());
    }
    REQUEST.with(|request| check_with(&mut request.borrow_mut(), data));
}

fn check_with(request: &mut ServiceRequest, data: &[u8]) {
    request.headers_mut().clear();
    let mut addresses = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { continue };
        addresses.extend(String::from_utf8_lossy(line).split(',').map(|address| address.trim().to_owned()));
        request.headers_mut().append(header::X_FORWARDED_FOR, value);
    }
    let request = request.request();
    assert_eq!(get_ident(request, Some(0)), "10.0.0.9");
    for proxies in [1, 2, 9, usize::MAX] {
        let wanted = match addresses.len() {
            0 => "10.0.0.9",
            found => addresses[found - proxies.min(found)].as_str(),
        };
        assert_eq!(get_ident(request, Some(proxies)), wanted, "behind {proxies}");
    }
    assert!(!get_ident(request, None).contains(char::is_whitespace));
}
