//! The settings of the CSRF protection, prepared for comparison with requests. Python counterpart: the cached properties of
//! `CsrfViewMiddleware`.

use std::sync::LazyLock;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;

use super::settings::CsrfSettings;
use crate::apps::Apps;
use crate::conf::SettingsError;
use crate::core::clock::Clock;
use crate::http::cookies::CookieOptions;

/// The settings `CSRF_…`, read once at start.
#[derive(Clone, Debug)]
pub struct Csrf {
    pub(super) cookie: CookieOptions,
    pub(super) settings: CsrfSettings,
    pub(super) header: HeaderName,
    /// Scheme and host of the trusted origins. A host that begins with a dot includes its subdomains.
    pub(super) trusted: Vec<(String, String)>,
}

impl Csrf {
    /// Follows `settings`.
    ///
    /// # Errors
    /// Returns an error if `CSRF_HEADER_NAME` cannot be the name of a header.
    pub fn new(settings: &CsrfSettings) -> Result<Self, SettingsError> {
        let header = HeaderName::from_bytes(settings.header_name.as_bytes());
        let refused = |_| SettingsError::expected("CSRF_HEADER_NAME", &settings.header_name, "the name of a header");
        let split = |origin: &String| {
            let (scheme, host) = origin.split_once("://")?;
            Some((scheme.to_owned(), host.trim_start_matches('*').to_owned()))
        };
        Ok(Self {
            cookie: settings.cookie(),
            header: header.map_err(refused)?,
            trusted: settings.trusted_origins.iter().filter_map(split).collect(),
            settings: settings.clone(),
        })
    }

    /// The value of the application that `req` belongs to. An application without one has Django's defaults.
    pub(super) fn of(req: &HttpRequest) -> &Self {
        static DEFAULT: LazyLock<Csrf> = LazyLock::new(|| {
            let settings = CsrfSettings::default();
            Csrf {
                cookie: settings.cookie(),
                header: HeaderName::from_static("x-csrftoken"),
                trusted: Vec::new(),
                settings,
            }
        });
        Apps::of(req).ok().and_then(|apps| apps.get().ok()).unwrap_or(&DEFAULT)
    }

    pub(super) fn cookie_name(&self) -> &str {
        &self.cookie.name
    }
}

/// The clock of the application that `req` belongs to.
pub(super) fn clock(req: &HttpRequest) -> Clock {
    Apps::of(req).map_or_else(|_| Clock::system(), |apps| apps.clock().clone())
}
