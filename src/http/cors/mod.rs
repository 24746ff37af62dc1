//! Calls from the pages of other sites (CORS). Python counterpart: django-cors-headers, `corsheaders.middleware`.
//!
//! A browser keeps the answers of one site from the scripts of another one unless headers allow it. Off until
//! [`CorsSettings`] names somebody, and then not even a header is added.
//!
//! actix-cors decides which origin is named in `Access-Control-Allow-Origin`. The rest is written here, as
//! django-cors-headers writes it: actix-cors answers a preflight request that it does not like with 400 instead of 200
//! without permission, lists methods and headers in the order of a hash table, and names three headers in `Vary`.

mod settings;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use percent_encoding::percent_decode_str;
use regex::bytes::Regex;

pub use self::settings::CorsSettings;
use super::patterns;
use crate::conf::SettingsError;

/// The settings, ready to be asked. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cors(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    /// `None` for all of them.
    origins: Option<Origins>,
    /// `None` for all of them.
    paths: Option<Regex>,
    credentials: bool,
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

/// Sites that nobody has. An expression that allows one of them allows everybody.
const STRANGERS: [&[u8]; 2] = [b"https://stranger.invalid", b"http://stranger.invalid:8080"];

impl Cors {
    /// The rules of `settings`; `None` when they let nobody call.
    ///
    /// # Errors
    /// For an origin, a name or an expression that is none, and for credentials together with all origins.
    pub fn new(settings: &CorsSettings) -> Result<Option<Self>, SettingsError> {
        let named = settings.allowed_origins.iter().map(|text| origin(text));
        let named = named.collect::<Result<HashSet<_>, _>>()?;
        let patterns = settings.allowed_origin_regexes.iter().map(|text| {
            // Python's `re.match` does not look at the end, so that `https://a\.org` would allow https://a.org.evil.net.
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
        let rules = Rules {
            origins: (!settings.allow_all_origins).then_some(Origins { named, patterns }),
            paths,
            credentials: settings.allow_credentials,
            expose_headers: match settings.expose_headers.is_empty() {
                true => None,
                false => Some(header_names("CORS_EXPOSE_HEADERS", &settings.expose_headers)?),
            },
            allow_headers: header_names("CORS_ALLOW_HEADERS", &settings.allow_headers)?,
            allow_methods: methods(&settings.allow_methods)?,
            max_age: (max_age > 0).then(|| HeaderValue::from(max_age)),
        };
        Ok(settings.is_on().then(|| Self(Arc::new(rules))))
    }

    /// The layer that names the origin.
    pub(crate) fn layer(&self) -> actix_cors::Cors {
        let rules = Arc::clone(&self.0);
        let mut layer = actix_cors::Cors::default()
            .allowed_origin_fn(move |origin, head| rules.cover(&head.uri) && rules.allow(origin.as_bytes()))
            .block_on_origin_mismatch(false)
            .disable_preflight()
            .disable_vary_header();
        if self.0.origins.is_none() {
            layer = layer.allow_any_origin().send_wildcard();
        }
        layer
    }

    /// Whether a browser only asks if it may send a request. The view has no part in that.
    pub(super) fn is_preflight(&self, head: &RequestHead) -> bool {
        head.method == Method::OPTIONS
            && head.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
            && self.0.cover(&head.uri)
    }

    /// Adds what belongs beside the name of the origin.
    ///
    /// # Errors
    /// Those of the layers below, whose responses have the headers too.
    pub(crate) async fn serve<B: MessageBody>(
        self,
        req: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<B>, Error> {
        if !self.0.cover(req.uri()) {
            return next.call(req).await;
        }
        let is_options = req.method() == Method::OPTIONS;
        match next.call(req).await {
            Ok(mut response) => {
                self.0.add_headers(is_options, response.headers_mut());
                Ok(response)
            }
            Err(mut error) => {
                error.add_response_mapper(move |mut response| {
                    self.0.add_headers(is_options, response.headers_mut());
                    response
                });
                Err(error)
            }
        }
    }
}

/// The answer to a preflight request, before its headers.
pub(super) fn preflight() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).finish()
}

impl Rules {
    fn cover(&self, uri: &Uri) -> bool {
        let path = || Cow::from(percent_decode_str(uri.path()));
        self.paths.as_ref().is_none_or(|paths| paths.is_match(&path()))
    }

    fn allow(&self, origin: &[u8]) -> bool {
        let named = |origins: &Origins| {
            origins.named.contains(origin) || origins.patterns.iter().any(|pattern| pattern.is_match(origin))
        };
        !origin.is_empty() && self.origins.as_ref().is_none_or(named)
    }

    fn add_headers(&self, is_options: bool, headers: &mut HeaderMap) {
        vary_by_origin(headers);
        if !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
            return;
        }
        let mut insert = |name: HeaderName, value: &HeaderValue| {
            headers.insert(name, value.clone());
        };
        if self.credentials {
            insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, &HeaderValue::from_static("true"));
        }
        if let Some(names) = &self.expose_headers {
            insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, names);
        }
        if is_options {
            insert(header::ACCESS_CONTROL_ALLOW_HEADERS, &self.allow_headers);
            insert(header::ACCESS_CONTROL_ALLOW_METHODS, &self.allow_methods);
            if let Some(seconds) = &self.max_age {
                insert(header::ACCESS_CONTROL_MAX_AGE, seconds);
            }
        }
    }
}

/// `patch_vary_headers(response, ("origin",))`: on every answer, or a cache would give one site's answer to another.
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
    let catch_all = |pattern: &Regex| STRANGERS.iter().any(|stranger| pattern.is_match(stranger));
    let culprit = match patterns.iter().position(catch_all) {
        _ if settings.allow_all_origins => "CORS_ALLOW_ALL_ORIGINS=true".to_owned(),
        Some(at) => format!("{:?} in CORS_ALLOWED_ORIGIN_REGEXES", settings.allowed_origin_regexes[at]),
        None => return Ok(()),
    };
    let problem = format!(
        "true together with {culprit} lets every site act with the cookies of its visitors; name the sites in \
         CORS_ALLOWED_ORIGINS"
    );
    Err(SettingsError::new("CORS_ALLOW_CREDENTIALS", problem))
}

/// Checks an origin as `corsheaders.E013` and `E014` do.
fn origin(text: &str) -> Result<Vec<u8>, SettingsError> {
    // A page without a site, and a file on Android.
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

#[cfg(test)]
mod tests {
    use actix_web::App;
    use actix_web::body::BoxBody;
    use actix_web::dev::Service;
    use actix_web::error::ErrorInternalServerError;
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service};

    use super::*;

    async fn fail(_: ServiceRequest, _: Next<BoxBody>) -> Result<ServiceResponse, Error> {
        Err(ErrorInternalServerError("on purpose"))
    }

    #[actix_web::test]
    async fn a_failure_of_the_layers_below_has_the_headers_too() {
        let settings = CorsSettings {
            allowed_origins: vec!["https://a.org".to_owned()],
            expose_headers: vec!["Retry-After".to_owned()],
            ..CorsSettings::default()
        };
        let cors = Cors::new(&settings).unwrap().unwrap();
        let layer = cors.layer();
        let service = init_service(App::new().wrap(from_fn(fail)).wrap(layer).wrap(from_fn(move |req, next| {
            let cors = cors.clone();
            async move { cors.serve(req, next).await }
        })))
        .await;
        let request = TestRequest::get().insert_header((header::ORIGIN, "https://a.org")).to_request();
        let response = service.call(request).await.unwrap_err().error_response();
        assert_eq!(response.status(), 500);
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "https://a.org"),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, "Retry-After"),
            (header::VARY, "origin"),
        ] {
            assert_eq!(response.headers().get(name).unwrap(), value);
        }
    }
}
