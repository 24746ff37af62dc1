//! HTTPS, and headers on every response. Python counterpart: `django.middleware.security.SecurityMiddleware` and
//! `django.middleware.clickjacking.XFrameOptionsMiddleware`, with Django's settings and defaults.
//!
//! The server speaks no TLS. Whether a client does is what a proxy in front says, by `SECURE_PROXY_SSL_HEADER`.

mod settings;

use std::sync::Arc;

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use regex::bytes::Regex;

pub use self::settings::SecuritySettings;
use super::append_slash::escape_uri_path;
use super::patterns;
use crate::conf::SettingsError;

/// The settings, ready to be asked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Security(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    headers: Vec<(HeaderName, HeaderValue)>,
    hsts: Option<HeaderValue>,
    redirect: Option<Redirect>,
    /// Header and value that say HTTPS.
    proxy: Option<(HeaderName, String)>,
}

#[derive(Debug)]
struct Redirect {
    host: Option<String>,
    exempt: Vec<Regex>,
}

impl Security {
    /// The rules of `settings`.
    ///
    /// # Errors
    /// For a value that cannot be a header, a host or an expression.
    pub fn new(settings: &SecuritySettings) -> Result<Self, SettingsError> {
        let value = |key: &str, text: &str| {
            HeaderValue::from_str(text).map_err(|_| SettingsError::expected(key, text, "the value of a header"))
        };
        let mut headers = vec![(header::X_FRAME_OPTIONS, value("X_FRAME_OPTIONS", &settings.x_frame_options)?)];
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
        let rules = Rules { headers, hsts: hsts(settings), redirect: Redirect::new(settings)?, proxy };
        Ok(Self(Arc::new(rules)))
    }

    /// Where a request that came by HTTP has to go. `None` where it may stay.
    #[must_use]
    pub fn redirect(&self, req: &HttpRequest) -> Option<HttpResponse> {
        let redirect = self.0.redirect.as_ref()?;
        let path = req.path();
        let is_exempt =
            || redirect.exempt.iter().any(|exempt| exempt.is_match(path.trim_start_matches('/').as_bytes()));
        if self.is_secure(req.headers()) || is_exempt() {
            return None;
        }
        let asked_for = req.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let host = redirect.host.as_deref().or(asked_for).unwrap_or(req.app_config().host());
        let query = req.uri().query().map_or(String::new(), |query| format!("?{query}"));
        let location = HeaderValue::try_from(format!("https://{host}{}{query}", escape_uri_path(path))).ok()?;
        let mut response = HttpResponse::build(StatusCode::MOVED_PERMANENTLY);
        response.insert_header((header::LOCATION, location));
        response.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"));
        Some(response.finish())
    }

    /// Whether answers to this request tell browsers to come by HTTPS from now on.
    #[must_use]
    pub fn has_hsts(&self, head: &RequestHead) -> bool {
        self.0.hsts.is_some() && self.is_secure(head.headers())
    }

    /// Adds the headers that a view has not set itself.
    pub fn add_headers(&self, headers: &mut HeaderMap, has_hsts: bool) {
        let hsts = self.0.hsts.as_ref().filter(|_| has_hsts).map(|value| (&header::STRICT_TRANSPORT_SECURITY, value));
        for (name, value) in self.0.headers.iter().map(|(name, value)| (name, value)).chain(hsts) {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }

    /// `HttpRequest.is_secure`: the first of several values counts, which is the client's own proxy.
    fn is_secure(&self, headers: &HeaderMap) -> bool {
        let Some((name, secure)) = &self.0.proxy else { return false };
        let said = headers.get(name).and_then(|value| value.to_str().ok());
        said.is_some_and(|said| said.split(',').next().unwrap_or(said).trim() == secure)
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
