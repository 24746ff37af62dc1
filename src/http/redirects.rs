//! Where a client is sent next. Python counterpart: `django.http.HttpResponseRedirect` and `django.utils.http`.

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::urls::SplitUrl;

/// The characters that Django's `iri_to_uri` leaves unchanged.
const IRI: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'#')
    .remove(b'%')
    .remove(b'[')
    .remove(b']')
    .remove(b'=')
    .remove(b':')
    .remove(b';')
    .remove(b'$')
    .remove(b'&')
    .remove(b'(')
    .remove(b')')
    .remove(b'+')
    .remove(b',')
    .remove(b'!')
    .remove(b'?')
    .remove(b'*')
    .remove(b'@')
    .remove(b'\'')
    .remove(b'~')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.');

/// Longer addresses are never followed: `MAX_URL_LENGTH`.
const MAX_URL_LENGTH: usize = 2048;

/// Percent-encodes the characters that cannot be in a header.
#[must_use]
pub fn iri_to_uri(iri: &str) -> String {
    utf8_percent_encode(iri, IRI).to_string()
}

/// The 302 that leads to `url`, which is encoded by [`iri_to_uri`].
#[must_use]
pub fn redirect(url: &str) -> HttpResponse {
    // The encoded text is ASCII without control characters.
    let location = HeaderValue::from_str(&iri_to_uri(url)).unwrap_or(HeaderValue::from_static("/"));
    HttpResponse::Found()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .finish()
}

/// Whether a client may be sent to `url`, which came from a client: it leads to `allowed_host` (with the port, as in the
/// `Host` header) or has no host, and its scheme is `http` or `https`; with `require_https` only `https`.
///
/// An empty address is not allowed.
///
/// ```
/// use actix_simplejwt::http::redirects::url_has_allowed_host_and_scheme as is_allowed;
///
/// assert!(is_allowed("/admin/auth/user/?q=a", "example.org", true));
/// assert!(is_allowed("https://example.org/admin/", "example.org", true));
/// assert!(!is_allowed("//evil.example/", "example.org", false));
/// ```
#[must_use]
pub fn url_has_allowed_host_and_scheme(url: &str, allowed_host: &str, require_https: bool) -> bool {
    let url = url.trim();
    // Browsers read a backslash as a slash, but it could also be part of a user name.
    is_allowed(url, allowed_host, require_https) && is_allowed(&url.replace('\\', "/"), allowed_host, require_https)
}

fn is_allowed(url: &str, allowed_host: &str, require_https: bool) -> bool {
    // Browsers take more than two slashes for the beginning of a host.
    if url.starts_with("///") || url.len() > MAX_URL_LENGTH {
        return false;
    }
    // Django refuses control and format characters at the beginning, which browsers ignore.
    if !url.chars().next().is_some_and(|first| first.is_ascii_graphic() || first.is_alphanumeric()) {
        return false;
    }
    // Browsers do the same.
    let url: String = url.chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect();
    let Some(url) = SplitUrl::split(&url) else { return false };
    let scheme = match (url.scheme.as_str(), url.netloc) {
        ("", "") => return true,
        // Browsers read `http:///example.org` as a host, and `javascript:x` as a script.
        (_, "") => return false,
        ("", _) => "http",
        (scheme, _) => scheme,
    };
    url.netloc == allowed_host && (scheme == "https" || (scheme == "http" && !require_https))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_host_is_followed() {
        for url in [
            "/",
            "/admin/auth/user/?q=a&p=2",
            "admin/auth/",
            "?q=a:b",
            "http://admin.test/admin/",
            "https://admin.test/admin/",
            "HTTPS://admin.test/",
            "//admin.test/x",
            "/a//b",
            " /admin/ ",
            "/path:with/colon",
            "#here",
            "/\u{e9}",
        ] {
            assert!(url_has_allowed_host_and_scheme(url, "admin.test", false), "{url}");
        }
        for url in [
            "",
            "  ",
            "https://evil.example/",
            "//evil.example/x",
            "/\\evil.example",
            "\\\\evil.example",
            "///evil.example",
            "////evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "javascript:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "http:///evil.example/",
            "http:evil.example",
            "http:/evil.example",
            "http://admin.test@evil.example/",
            "http://evil.example\\@admin.test/",
            "http://admin.test:8000/",
            "ftp://admin.test/",
            "\u{1}/evil",
            "\u{200b}//evil.example",
            "http://[::1/",
            &format!("/{}", "x".repeat(2048)),
        ] {
            assert!(!url_has_allowed_host_and_scheme(url, "admin.test", false), "{url:?}");
        }
    }

    #[test]
    fn under_https_the_next_page_is_https_too() {
        assert!(url_has_allowed_host_and_scheme("https://admin.test/", "admin.test", true));
        assert!(url_has_allowed_host_and_scheme("/admin/", "admin.test", true));
        assert!(!url_has_allowed_host_and_scheme("http://admin.test/", "admin.test", true));
        assert!(!url_has_allowed_host_and_scheme("//admin.test/", "admin.test", true));
    }

    #[test]
    fn a_location_is_ascii_and_on_one_line() {
        let response = redirect("/admin/?q=\u{e9}\r\nSet-Cookie: a=b&x=%2F");
        assert_eq!(response.status(), 302);
        let location = response.headers().get(header::LOCATION).unwrap();
        assert_eq!(location, "/admin/?q=%C3%A9%0D%0ASet-Cookie:%20a=b&x=%2F");
    }
}
