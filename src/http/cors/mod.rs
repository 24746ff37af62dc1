//! Calls from the pages of other sites (CORS). Python counterpart: django-cors-headers, `corsheaders.middleware`.
//!
//! A browser hides the answers of one site from the scripts of another one unless headers allow it. Without an allowed
//! origin in [`CorsSettings`] no header is added.

mod settings;

use std::borrow::Cow;
use std::collections::HashSet;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use percent_encoding::percent_decode_str;
use regex::bytes::Regex;

pub use self::settings::CorsSettings;
use super::headers::joined as header;
use super::middleware::{Middleware, RequestInfo};
use super::patterns;
use crate::conf::SettingsError;

const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// `corsheaders.middleware.CorsMiddleware`. It comes before everything that could answer in place of the view.
#[derive(Debug)]
pub struct CorsMiddleware(Option<CorsRules>);

#[derive(Debug)]
struct CorsRules {
    /// `None` allows every origin.
    origins: Option<Origins>,
    /// `None` covers every path.
    paths: Option<Regex>,
    credentials: bool,
    private_network: bool,
    expose_headers: Option<HeaderValue>,
    allow_headers: HeaderValue,
    allow_methods: HeaderValue,
    max_age: Option<HeaderValue>,
}

#[derive(Debug)]
struct Origins {
    /// In lower case, as browsers write them.
    named: HashSet<Vec<u8>>,
    patterns: Vec<Regex>,
}

/// The data of a matching request that its response needs.
struct CorsRequest {
    /// Value of `Access-Control-Allow-Origin`. `None` without an `Origin`, and for one that is not allowed.
    allow_origin: Option<HeaderValue>,
    private_network: bool,
}

/// Origins that do not exist. An expression that allows one of them allows every site.
const UNLISTED_ORIGINS: [&[u8]; 2] = [b"https://stranger.invalid", b"http://stranger.invalid:8080"];

impl CorsMiddleware {
    /// Follows `settings`.
    ///
    /// # Errors
    /// Returns an error if an origin, a name or an expression is invalid, and for credentials together with all
    /// origins.
    pub fn new(settings: &CorsSettings) -> Result<Self, SettingsError> {
        let named = settings.allowed_origins.iter().map(|text| origin(text));
        let named = named.collect::<Result<HashSet<_>, _>>()?;
        let patterns = settings.allowed_origin_regexes.iter().map(|text| {
            // Python's `re.match` ignores the end, so that `https://a\.org` would allow https://a.org.evil.net.
            patterns::compile("CORS_ALLOWED_ORIGIN_REGEXES", text, "^", "$")
        });
        let patterns = patterns.collect::<Result<Vec<_>, _>>()?;
        if settings.allow_credentials {
            refuse_credentials_for_everybody(settings, &patterns)?;
        }
        let paths = match settings.urls_regex.as_str() {
            CorsSettings::EVERY_URL => None,
            text => Some(patterns::compile("CORS_URLS_REGEX", text, "^", "")?),
        };
        let max_age = settings.preflight_max_age.as_secs();
        let rules = CorsRules {
            origins: (!settings.allow_all_origins).then_some(Origins { named, patterns }),
            paths,
            credentials: settings.allow_credentials,
            private_network: settings.allow_private_network,
            expose_headers: match settings.expose_headers.is_empty() {
                true => None,
                false => Some(header_names("CORS_EXPOSE_HEADERS", &settings.expose_headers)?),
            },
            allow_headers: header_names("CORS_ALLOW_HEADERS", &settings.allow_headers)?,
            allow_methods: methods(&settings.allow_methods)?,
            max_age: (max_age > 0).then(|| HeaderValue::from(max_age)),
        };
        Ok(Self(settings.is_on().then_some(rules)))
    }
}

impl Middleware for CorsMiddleware {
    /// Answers a preflight request, in which a browser asks whether it may send the real one.
    fn process_request(&self, req: &ServiceRequest, info: &mut RequestInfo) -> Option<HttpResponse> {
        let rules = self.0.as_ref().filter(|rules| rules.cover(&info.uri))?;
        let headers = req.headers();
        info.extensions.insert(CorsRequest {
            allow_origin: rules.allow_origin(headers),
            private_network: rules.private_network
                && header(headers, REQUEST_PRIVATE_NETWORK).as_deref() == Some(b"true"),
        });
        let is_preflight =
            info.method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        is_preflight
            .then(|| HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).finish())
    }

    fn process_response(&self, info: &RequestInfo, response: &mut HttpResponse) {
        if let (Some(rules), Some(asked)) = (&self.0, info.extensions.get::<CorsRequest>()) {
            rules.add_headers(&info.method, asked, response.headers_mut());
        }
    }
}

impl CorsRules {
    fn cover(&self, uri: &Uri) -> bool {
        let path = || Cow::from(percent_decode_str(uri.path()));
        self.paths.as_ref().is_none_or(|paths| paths.is_match(&path()))
    }

    fn allow_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = header(headers, header::ORIGIN).filter(|origin| !origin.is_empty())?;
        match &self.origins {
            None => Some(HeaderValue::from_static("*")),
            Some(origins) if origins.allow(&origin) => HeaderValue::from_bytes(&origin).ok(),
            Some(_) => None,
        }
    }

    fn add_headers(&self, method: &Method, asked: &CorsRequest, headers: &mut HeaderMap) {
        vary_by_origin(headers);
        let Some(origin) = &asked.allow_origin else { return };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if self.credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if let Some(names) = &self.expose_headers {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, names.clone());
        }
        if *method == Method::OPTIONS {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, self.allow_headers.clone());
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, self.allow_methods.clone());
            if let Some(seconds) = &self.max_age {
                headers.insert(header::ACCESS_CONTROL_MAX_AGE, seconds.clone());
            }
        }
        if asked.private_network {
            headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
        }
    }
}

impl Origins {
    fn allow(&self, origin: &[u8]) -> bool {
        self.named.contains(origin) || self.patterns.iter().any(|pattern| pattern.is_match(origin))
    }
}

/// `patch_vary_headers(response, ("origin",))`. Every response has it. Otherwise a cache could give a site the response
/// for another one.
fn vary_by_origin(headers: &mut HeaderMap) {
    let values = headers.get_all(header::VARY).filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(", ");
    let names = |name: &str| values.split(',').any(|part| part.trim().eq_ignore_ascii_case(name));
    if names("*") || names("origin") {
        return;
    }
    let vary = if values.is_empty() { "origin".to_owned() } else { format!("{values}, origin") };
    if let Ok(vary) = HeaderValue::from_str(&vary) {
        headers.insert(header::VARY, vary);
    }
}

fn refuse_credentials_for_everybody(settings: &CorsSettings, patterns: &[Regex]) -> Result<(), SettingsError> {
    let catch_all = |pattern: &Regex| UNLISTED_ORIGINS.iter().any(|stranger| pattern.is_match(stranger));
    let broad_setting = match patterns.iter().position(catch_all) {
        _ if settings.allow_all_origins => "CORS_ALLOW_ALL_ORIGINS=true".to_owned(),
        Some(at) => format!("{:?} in CORS_ALLOWED_ORIGIN_REGEXES", settings.allowed_origin_regexes[at]),
        None => return Ok(()),
    };
    let problem = format!(
        "true together with {broad_setting} lets every site act with the cookies of its visitors; name the sites in \
         CORS_ALLOWED_ORIGINS"
    );
    Err(SettingsError::new("CORS_ALLOW_CREDENTIALS", problem))
}

/// Checks an origin as `corsheaders.E013` and `E014` do.
fn origin(text: &str) -> Result<Vec<u8>, SettingsError> {
    // The origin of a page without a site, and of a file on Android.
    if text == "null" || text == "file://" {
        return Ok(text.into());
    }
    let problem = match text.split_once("://") {
        _ if !text.bytes().all(|byte| byte.is_ascii_graphic()) => "should have only characters of a URL",
        Some((scheme, rest)) if !scheme.is_empty() && !rest.is_empty() => {
            match rest.bytes().find(|byte| b"/?#@".contains(byte)) {
                None => return Ok(text.to_ascii_lowercase().into()),
                Some(b'?') => "should not have a query",
                Some(b'#') => "should not have a fragment",
                Some(b'@') => "should not have a user",
                Some(_) => "should not have a path",
            }
        }
        _ => "is missing scheme or host",
    };
    let problem = format!(
        "{text:?} {problem}; expected is scheme, host and perhaps a port, as https://example.org, and for every origin \
         CORS_ALLOW_ALL_ORIGINS=true"
    );
    Err(SettingsError::new("CORS_ALLOWED_ORIGINS", problem))
}

fn header_names(key: &str, names: &[String]) -> Result<HeaderValue, SettingsError> {
    joined(key, names, "the name of a header", |name| HeaderName::from_bytes(name.as_bytes()).is_ok())
}

fn methods(names: &[String]) -> Result<HeaderValue, SettingsError> {
    joined("CORS_ALLOW_METHODS", names, "the name of a method", |name| Method::from_bytes(name.as_bytes()).is_ok())
}

fn joined(key: &str, names: &[String], kind: &str, is_one: fn(&str) -> bool) -> Result<HeaderValue, SettingsError> {
    match names.iter().find(|name| !is_one(name)) {
        Some(name) => Err(SettingsError::expected(key, name, kind)),
        None => HeaderValue::from_str(&names.join(", ")).map_err(|error| SettingsError::new(key, error.to_string())),
    }
}
