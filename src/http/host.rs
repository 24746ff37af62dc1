//! Which `Host` headers are served. Python counterpart: `django.http.request.HttpRequest.get_host` and
//! `validate_host`.
//!
//! An unchecked `Host` ends up in links and cache keys, so Django has a list of the names of the site.

use std::borrow::Cow;

use actix_web::dev::ServiceRequest;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use super::error_pages::bad_request;
use super::middleware::{Middleware, RequestInfo};

/// Refuses requests for other hosts. In Django `CommonMiddleware` does this; here it comes before the answers to preflight
/// requests, so that these are refused as well.
#[derive(Clone, Debug)]
pub struct HostMiddleware {
    allowed: AllowedHosts,
    exempt: &'static [&'static str],
}

impl HostMiddleware {
    /// Serves `allowed` hosts. The paths `exempt` are served under every name: a load balancer names the machine and not
    /// the site.
    #[must_use]
    pub fn new(allowed: AllowedHosts, exempt: &'static [&'static str]) -> Self {
        Self { allowed, exempt }
    }
}

impl Middleware for HostMiddleware {
    fn process_request(&self, req: &ServiceRequest, _info: &mut RequestInfo) -> Option<HttpResponse> {
        if self.exempt.contains(&req.path()) {
            return None;
        }
        self.allowed.check_request(req.request()).err().map(|refusal| bad_request(refusal.to_string()))
    }
}

/// The list `ALLOWED_HOSTS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHosts {
    patterns: Vec<String>,
}

/// Why a `Host` header was refused; Django's `DisallowedHost`. The text is for the log: the client gets a plain 400.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisallowedHost {
    /// Not a host name, IPv4 or IPv6 address with an optional port.
    #[error("Invalid HTTP_HOST header: {0:?}. The domain name provided is not valid according to RFC 1034/1035.")]
    Malformed(String),
    /// A host name that is not in the list.
    #[error("Invalid HTTP_HOST header: {host:?}. You may need to add {domain:?} to ALLOWED_HOSTS.")]
    Unknown {
        /// The header as sent.
        host: String,
        /// Its name part, in lower case.
        domain: String,
    },
}

impl AllowedHosts {
    /// `*` allows every name. `.example.org` allows that name and its subdomains. Any other entry allows only itself. An empty
    /// list allows the names of this machine with `debug`, and no name without `debug`.
    #[must_use]
    pub fn new(allowed_hosts: &[String], debug: bool) -> Self {
        let patterns = if debug && allowed_hosts.is_empty() {
            [".localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec()
        } else {
            allowed_hosts.iter().map(|pattern| pattern.to_lowercase()).collect()
        };
        Self { patterns }
    }

    /// Checks the text of a `Host` header.
    ///
    /// # Errors
    /// Returns an error if it is malformed, even under `*`, or not in the list.
    pub fn check(&self, host: &str) -> Result<(), DisallowedHost> {
        let lower = match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::from(host.to_ascii_lowercase()),
            false => Cow::from(host),
        };
        let Some(domain) = domain(&lower) else {
            return Err(DisallowedHost::Malformed(host.to_owned()));
        };
        if self.patterns.iter().any(|pattern| pattern == "*" || is_same_domain(domain, pattern)) {
            Ok(())
        } else {
            Err(DisallowedHost::Unknown { host: host.to_owned(), domain: domain.to_owned() })
        }
    }

    /// Checks the `Host` header of `req`. Without one it checks the address that the server listens on, as WSGI servers do.
    ///
    /// # Errors
    /// Same as [`AllowedHosts::check`].
    pub fn check_request(&self, req: &HttpRequest) -> Result<(), DisallowedHost> {
        match req.headers().get(header::HOST).map(header::HeaderValue::to_str) {
            None => self.check(req.app_config().host()),
            Some(Ok(host)) => self.check(host),
            Some(Err(_)) => Err(DisallowedHost::Malformed("(not ASCII)".to_owned())),
        }
    }
}

/// Whether a `Host` header can match `pattern`. No header matches a URL, a name with a port, or `*.example.org`.
#[must_use]
pub fn can_match(pattern: &str) -> bool {
    let pattern = pattern.to_lowercase();
    let name = pattern.strip_prefix('.').unwrap_or(&pattern);
    pattern == "*" || domain(name) == Some(name)
}

/// The name in a lower-case `Host`, without port and without the dot at the end. `None` if it is not a host.
fn domain(host: &str) -> Option<&str> {
    let name_end = match host.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => host.find(':').unwrap_or(host.len()),
    };
    let (name, port) = host.split_at(name_end);
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return None;
    }
    let is_name = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => is_ipv6(address),
        None => name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-'),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    (is_name && !name.is_empty()).then_some(name)
}

/// Django's loose pattern: hexadecimal digits, a colon, and more of them with dots and colons.
fn is_ipv6(address: &str) -> bool {
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    address.split_once(':').is_some_and(|(first, rest)| {
        first.bytes().all(is_hex) && !rest.is_empty() && rest.bytes().all(|b| is_hex(b) || b == b'.' || b == b':')
    })
}

/// `is_same_domain` of `django.utils.http`. A pattern that begins with a dot includes the subdomains. Both are in lower case.
pub(super) fn is_same_domain(host: &str, pattern: &str) -> bool {
    match pattern.strip_prefix('.') {
        Some(parent) => host.ends_with(pattern) || host == parent,
        None => host == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(patterns: &[&str], debug: bool, host: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|&p| p.to_owned()).collect();
        AllowedHosts::new(&patterns, debug).check(host).is_ok()
    }

    #[test]
    fn names_are_compared_whole_and_without_case_port_or_last_dot() {
        let list = ["api.example.com", ".Example.org", "127.0.0.1", "[::1]"];
        for host in [
            "api.example.com",
            "API.EXAMPLE.COM",
            "api.example.com:8000",
            "api.example.com.",
            "api.example.com.:80",
            "example.org",
            "sub.example.org:8000",
            "a.b.example.org",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:8000",
        ] {
            assert!(allows(&list, false, host), "{host}");
        }
        for host in [
            "example.com",
            "x.api.example.com",
            "api.example.com.evil.net",
            "evilexample.org",
            "example.org.evil.net",
            "[::2]",
            "127.0.0.2",
        ] {
            assert!(!allows(&list, false, host), "{host}");
        }
    }

    #[test]
    fn a_pattern_that_no_host_matches_is_found() {
        for pattern in ["*", "example.org", ".Example.org", "127.0.0.1", "[::1]", "localhost"] {
            assert!(can_match(pattern), "{pattern}");
        }
        for pattern in [
            "https://example.org",
            "example.org:8000",
            "example.org/",
            "example.org.",
            "*.example.org",
            "['example.org']",
            "a.org b.org",
            "::1",
            ".",
        ] {
            assert!(!can_match(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_malformed_host_is_refused_even_under_the_star() {
        for host in ["a", "127.0.0.1:8000", "[2001:db8::1]:80", "xn--e1afmkfd.xn--p1ai", "a..b", "-"] {
            assert!(allows(&["*"], false, host), "{host}");
        }
        for host in [
            "",
            ".",
            ":80",
            "a:",
            "a:b",
            "a:80:80",
            "a b",
            "a/b",
            "a@b",
            "a_b",
            "a\n",
            "[::1",
            "::1",
            "[]",
            "[1]",
            "[::1]x",
            "[::g]",
            "[a:]",
            "пример.рф",
            "a,b",
        ] {
            assert!(!allows(&["*"], false, host), "{host:?}");
        }
    }

    #[test]
    fn an_empty_list_allows_this_machine_with_debug_and_no_host_without() {
        for host in ["localhost", "foo.localhost:8000", "127.0.0.1", "[::1]:1"] {
            assert!(allows(&[], true, host), "{host}");
            assert!(!allows(&[], false, host), "{host}");
        }
        assert!(!allows(&[], true, "example.com"));
        assert!(!allows(&["example.com"], true, "localhost"));
    }

    #[test]
    fn the_log_says_what_to_add() {
        let error = AllowedHosts::new(&[], false).check("API.example.com:80").unwrap_err();
        assert_eq!(
            error.to_string(),
            "Invalid HTTP_HOST header: \"API.example.com:80\". You may need to add \"api.example.com\" to ALLOWED_HOSTS."
        );
    }
}
