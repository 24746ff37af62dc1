//! The settings of the CSRF protection, prepared for comparison with requests. Python counterpart: the cached properties of
//! `CsrfViewMiddleware`.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;

use super::settings::CsrfSettings;
use crate::apps::{Apps, LookupError};
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

    /// The value of the application that `req` belongs to.
    pub(super) fn of(req: &HttpRequest) -> Result<&Self, NotSetUp> {
        let apps = Apps::of(req).map_err(|error| NotSetUp(error.to_string()))?;
        apps.get().map_err(|error: LookupError| NotSetUp(error.to_string()))
    }
}

/// The settings `CSRF_…` are missing. The text says what the application has to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotSetUp(pub(super) String);

/// The clock of the application that `req` belongs to.
pub(super) fn clock(req: &HttpRequest) -> Clock {
    Apps::of(req).map_or_else(|_| Clock::system(), |apps| apps.clock().clone())
}
