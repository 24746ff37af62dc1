//! HTTPS, and the headers that go with it. Python counterpart: `django.middleware.security`, with Django's settings and
//! defaults.
//!
//! The server has no TLS. A proxy in front says whether a client uses HTTPS, by `SECURE_PROXY_SSL_HEADER`.

mod settings;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use regex::bytes::Regex;

pub use self::settings::SecuritySettings;
use super::common::{escape_uri_path, permanent_redirect};
use super::middleware::{Middleware, RequestInfo};
use super::patterns;
use crate::conf::SettingsError;

/// `django.middleware.security.SecurityMiddleware`.
#[derive(Debug)]
pub struct SecurityMiddleware {
    headers: Vec<(HeaderName, HeaderValue)>,
    hsts: Option<HeaderValue>,
    redirect: Option<Redirect>,
    /// The header of a proxy, and the value that means HTTPS.
    proxy: Option<(HeaderName, String)>,
    exempt: &'static [&'static str],
}

#[derive(Debug)]
struct Redirect {
    host: Option<String>,
    exempt: Vec<Regex>,
}

impl SecurityMiddleware {
    /// Follows `settings`. The paths `exempt` are served without HTTPS, in addition to the paths in the settings.
    ///
    /// # Errors
    /// Returns an error if a value cannot be a header, a host or an expression.
    pub fn new(settings: &SecuritySettings, exempt: &'static [&'static str]) -> Result<Self, SettingsError> {
        let value = |key: &str, text: &str| {
            HeaderValue::from_str(text).map_err(|_| SettingsError::expected(key, text, "the value of a header"))
        };
        let mut headers = Vec::new();
        if settings.content_type_nosniff {
            headers.push((header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
        }
        if !settings.referrer_policy.is_empty() {
            let policy = value("SECURE_REFERRER_POLICY", &settings.referrer_policy.join(","))?;
            headers.push((header::REFERRER_POLICY, policy));
        }
        if let Some(policy) = &settings.cross_origin_opener_policy {
            let name = HeaderName::from_static("cross-origin-opener-policy");
            headers.push((name, value("SECURE_CROSS_ORIGIN_OPENER_POLICY", policy)?));
        }
        let proxy = match &settings.proxy_ssl_header {
            None => None,
            Some((name, value)) => {
                let parsed = HeaderName::from_bytes(name.as_bytes());
                let refused = |_| SettingsError::expected("SECURE_PROXY_SSL_HEADER", name, "the name of a header");
                Some((parsed.map_err(refused)?, value.clone()))
            }
        };
        Ok(Self { headers, hsts: hsts(settings), redirect: Redirect::new(settings)?, proxy, exempt })
    }

    /// `HttpRequest.is_secure`: the first of several values counts, which is the one of the client's own proxy.
    fn is_secure(&self, headers: &HeaderMap) -> bool {
        self.proxy.as_ref().is_some_and(|(name, secure)| settings::has_secure_value(headers.get(name), secure))
    }
}

impl Middleware for SecurityMiddleware {
    /// Redirects a request without HTTPS.
    fn process_request(&self, req: &ServiceRequest, info: &mut RequestInfo) -> Option<HttpResponse> {
        info.is_secure = self.is_secure(req.headers());
        let redirect = self.redirect.as_ref().filter(|_| !info.is_secure)?;
        let path = req.path();
        let is_exempt = |exempt: &Regex| exempt.is_match(path.trim_start_matches('/').as_bytes());
        if self.exempt.contains(&path) || redirect.exempt.iter().any(is_exempt) {
            return None;
        }
        let asked_for = req.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let host = redirect.host.as_deref().or(asked_for).unwrap_or(req.app_config().host());
        let query = req.uri().query().map_or(String::new(), |query| format!("?{query}"));
        permanent_redirect(&format!("https://{host}{}{query}", escape_uri_path(path)))
    }

    /// Adds the headers that the view has not set itself.
    fn process_response(&self, info: &RequestInfo, response: &mut HttpResponse) {
        let hsts = self.hsts.as_ref().filter(|_| info.is_secure);
        let hsts = hsts.map(|value| (&header::STRICT_TRANSPORT_SECURITY, value));
        for (name, value) in self.headers.iter().map(|(name, value)| (name, value)).chain(hsts) {
            if !response.headers().contains_key(name) {
                response.headers_mut().insert(name.clone(), value.clone());
            }
        }
    }
}

impl Redirect {
    fn new(settings: &SecuritySettings) -> Result<Option<Self>, SettingsError> {
        let exempt =
            settings.redirect_exempt.iter().map(|text| patterns::compile("SECURE_REDIRECT_EXEMPT", text, "", ""));
        let exempt = exempt.collect::<Result<_, _>>()?;
        let host = settings.ssl_host.clone();
        if let Some(host) =
            host.as_ref().filter(|host| !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b)))
        {
            return Err(SettingsError::expected("SECURE_SSL_HOST", host, "a host, as example.org"));
        }
        Ok(settings.ssl_redirect.then_some(Self { host, exempt }))
    }
}

fn hsts(settings: &SecuritySettings) -> Option<HeaderValue> {
    let subdomains = if settings.hsts_include_subdomains { "; includeSubDomains" } else { "" };
    let preload = if settings.hsts_preload { "; preload" } else { "" };
    let value = format!("max-age={}{subdomains}{preload}", settings.hsts_seconds);
    HeaderValue::try_from(value).ok().filter(|_| settings.hsts_seconds > 0)
}
