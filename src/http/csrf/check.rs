//! The check of a request. Python counterpart: `CsrfViewMiddleware.process_view`.

use actix_web::HttpRequest;
use actix_web::http::{Method, header};

use super::failure::CsrfFailure;
use super::token::{SECRET_LENGTH, check_format, unmasked};
use super::trusted::Csrf;
use crate::core::crypto::constant_time_eq;
use crate::http::headers::{header_bytes, title_case};
use crate::http::host;
use crate::http::request::{get_host, is_secure};
use crate::http::urls::SplitUrl;

/// Whether a page of this site has sent the request. `form_token` is the field [`FIELD`](super::FIELD) of a form that was sent by
/// `POST`; without it, or if it is empty, the header `X-CSRFToken` counts.
///
/// `GET`, `HEAD`, `OPTIONS` and `TRACE` are not checked: they must not change anything.
///
/// # Errors
/// Returns an error if it may come from another site.
pub fn check(req: &HttpRequest, form_token: Option<&str>) -> Result<(), CsrfFailure> {
    if [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(req.method()) {
        return Ok(());
    }
    let csrf = Csrf::of(req).map_err(|missing| CsrfFailure::NotSetUp(missing.0))?;
    if let Some(origin) = text(req, header::ORIGIN) {
        if !csrf.is_good_origin(req, &origin) {
            return Err(CsrfFailure::BadOrigin(origin));
        }
    } else if is_secure(req) {
        // An attacker on the network can make a page that sends requests to this site by HTTPS, and can set the cookie of this
        // site by HTTP. The token does not protect against that.
        csrf.check_referer(req)?;
    }
    csrf.check_token(req, form_token.filter(|_| *req.method() == Method::POST))
}

impl Csrf {
    fn is_good_origin(&self, req: &HttpRequest, origin: &str) -> bool {
        let scheme = if is_secure(req) { "https" } else { "http" };
        if get_host(req).is_some_and(|host| origin == format!("{scheme}://{host}")) {
            return true;
        }
        if self.settings.trusted_origins.iter().any(|trusted| !trusted.contains('*') && trusted == origin) {
            return true;
        }
        let origin = without_breaks(origin);
        let Some((scheme, host)) = SplitUrl::split(&origin).map(|url| (url.scheme, url.netloc)) else { return false };
        let is_subdomain = |(trusted_scheme, pattern): &(String, String)| {
            pattern.starts_with('.') && *trusted_scheme == scheme && is_same_domain(host, pattern)
        };
        self.trusted.iter().any(is_subdomain)
    }

    fn check_referer(&self, req: &HttpRequest) -> Result<(), CsrfFailure> {
        let referer = text(req, header::REFERER).ok_or(CsrfFailure::NoReferer)?;
        let referer = without_breaks(&referer);
        let url = SplitUrl::split(&referer).ok_or(CsrfFailure::MalformedReferer)?;
        if url.scheme.is_empty() || url.netloc.is_empty() {
            return Err(CsrfFailure::MalformedReferer);
        }
        if url.scheme != "https" {
            return Err(CsrfFailure::InsecureReferer);
        }
        if self.trusted.iter().any(|(_, pattern)| is_same_domain(url.netloc, pattern)) {
            return Ok(());
        }
        let good = match &self.settings.cookie_domain {
            None => get_host(req),
            Some(domain) => Some(match req.app_config().local_addr().port() {
                80 | 443 => domain.clone(),
                port => format!("{domain}:{port}"),
            }),
        };
        if good.is_some_and(|good| is_same_domain(url.netloc, &good)) {
            Ok(())
        } else {
            Err(CsrfFailure::BadReferer(url.to_text()))
        }
    }

    fn check_token(&self, req: &HttpRequest, form_token: Option<&str>) -> Result<(), CsrfFailure> {
        let secret = self.secret_of(req).map_err(|problem| CsrfFailure::BadCookie(problem.as_str()))?;
        let secret = secret.ok_or(CsrfFailure::NoCookie)?;
        let (token, source_name) = match form_token.filter(|token| !token.is_empty()) {
            Some(token) => (token.to_owned(), "POST".to_owned()),
            None => {
                let token = text(req, &self.header).ok_or(CsrfFailure::TokenMissing)?;
                (token, format!("the '{}' HTTP header", title_case(self.header.as_str())))
            }
        };
        let refused = |problem| CsrfFailure::BadToken { source_name: source_name.clone(), problem };
        check_format(&token).map_err(|problem| refused(problem.as_str()))?;
        let token = unmasked(&token);
        if token.len() == SECRET_LENGTH && constant_time_eq(token.as_bytes(), secret.as_bytes()) {
            Ok(())
        } else {
            Err(refused("incorrect"))
        }
    }
}

/// Removes what `urlsplit` of Python removes inside of a URL.
fn without_breaks(url: &str) -> String {
    url.replace(['\t', '\r', '\n'], "")
}

/// A header as WSGI hands it to Django: as Latin-1.
fn text(req: &HttpRequest, name: impl header::AsHeaderName) -> Option<String> {
    let bytes = header_bytes(req, name)?;
    Some(bytes.iter().map(|byte| char::from(*byte)).collect())
}

/// [`host::is_same_domain`] with a pattern in any case, which an empty host does not match.
fn is_same_domain(host: &str, pattern: &str) -> bool {
    !pattern.is_empty() && host::is_same_domain(host, &pattern.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_without_the_settings_refuses_every_form() {
        let req = actix_web::test::TestRequest::post().to_http_request();
        let failure = check(&req, Some(&"a".repeat(64))).unwrap_err();
        let problem = "the actix App has no Apps; add `.configure(|cfg| apps.configure(cfg))` to it";
        assert_eq!(failure.to_string(), format!("CSRF protection is not set up: {problem}"));
        assert_eq!(check(&actix_web::test::TestRequest::get().to_http_request(), None), Ok(()));
    }

    #[test]
    fn a_pattern_with_a_dot_stands_for_subdomains() {
        for (host, pattern, same) in [
            ("a.org", "a.org", true),
            ("a.org", "A.org", true),
            ("b.a.org", "a.org", false),
            ("b.a.org", ".a.org", true),
            ("a.org", ".a.org", true),
            ("ba.org", ".a.org", false),
            ("a.org:8443", "a.org", false),
            ("", "", false),
        ] {
            assert_eq!(is_same_domain(host, pattern), same, "{host} {pattern}");
        }
    }

    #[test]
    fn the_header_is_named_as_in_django() {
        assert_eq!(title_case("x-csrftoken"), "X-Csrftoken");
        assert_eq!(title_case("x--é"), "X--é");
    }
}
