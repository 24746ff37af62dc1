//! Headers as Django's views see them. Python counterpart: `request.META`.

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::header::{AsHeaderName, HeaderMap};
use percent_encoding::percent_decode_str;

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

/// A header such as `Content-Type` or `Content-Disposition`: what stands before the first `;`, in lower case, and the parameters
/// with their names in lower case. Python counterpart: `parse_header_parameters`.
#[must_use]
pub fn parse_header_parameters(line: &str) -> (String, Vec<(String, String)>) {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let mut parts = line.split(move |c| {
        let is_separator = c == ';' && !is_quoted;
        if c == '"' && !is_escaped {
            is_quoted = !is_quoted;
        }
        is_escaped = c == '\\' && !is_escaped;
        is_separator
    });
    let main = parts.next().unwrap_or("").trim().to_lowercase();
    let parameter = |part: &str| {
        let (name, value) = part.split_once('=')?;
        let (name, value) = (name.trim().to_lowercase(), unquote(value.trim()));
        // RFC 2231: `name*=charset'language'value`. Python also takes a value alone.
        Some(match name.strip_suffix('*') {
            Some(name) => {
                let value = value.splitn(3, '\'').nth(2).unwrap_or(&value);
                (name.to_owned(), percent_decode_str(value).decode_utf8_lossy().into_owned())
            }
            None => (name, value),
        })
    };
    (main, parts.filter_map(parameter).collect())
}

fn unquote(value: &str) -> String {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\\", "\\").replace("\\\"", "\""),
        None => value.to_owned(),
    }
}

/// The name of a header with capitals: `x-csrftoken` as `X-Csrftoken`.
#[cfg(feature = "server")]
pub(crate) fn title_case(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
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
    fn parameters_may_be_quoted_or_encoded() {
        let (main, parameters) =
            parse_header_parameters("Multipart/Form-Data; BOUNDARY=\"a;b\\\"\" ; x; y* = utf-8'de'%c3%a4");
        assert_eq!(main, "multipart/form-data");
        assert_eq!(parameters, [("boundary".to_owned(), "a;b\"".to_owned()), ("y".to_owned(), "ä".to_owned())]);
    }

    #[test]
    fn words_are_split_at_any_run_of_white_space() {
        let found: Vec<_> = words(b"  Bearer\t \x0babc ").collect();
        assert_eq!(found, [b"Bearer".as_slice(), b"abc"]);
    }
}
