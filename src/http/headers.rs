//! Headers as Django's views see them. Python counterpart: `request.META`.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::{AsHeaderName, HeaderMap};

/// Bytes of a header as WSGI hands them to Django: several headers of one name are joined by a comma.
#[must_use]
pub fn header_bytes(req: &HttpRequest, name: impl AsHeaderName) -> Option<Cow<'_, [u8]>> {
    joined(req.headers(), name)
}

pub(super) fn joined(headers: &HeaderMap, name: impl AsHeaderName) -> Option<Cow<'_, [u8]>> {
    let mut values = headers.get_all(name);
    let mut joined = Cow::from(values.next()?.as_bytes());
    for value in values {
        joined.to_mut().push(b',');
        joined.to_mut().extend_from_slice(value.as_bytes());
    }
    Some(joined)
}

/// Words of a header between white space, as Python's `bytes.split`.
pub fn words(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    header.split(|b| matches!(b, b'\t'..=b'\r' | b' ')).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn repeated_headers_are_joined_by_a_comma() {
        let req = TestRequest::default().append_header(("X-A", "1")).append_header(("X-A", "2")).to_http_request();
        assert_eq!(header_bytes(&req, "x-a").unwrap(), b"1,2".as_slice());
        assert_eq!(header_bytes(&req, "x-b"), None);
    }

    #[test]
    fn words_are_split_at_any_run_of_white_space() {
        let found: Vec<_> = words(b"  Bearer\t \x0babc ").collect();
        assert_eq!(found, [b"Bearer".as_slice(), b"abc"]);
    }
}
