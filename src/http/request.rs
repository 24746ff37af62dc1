//! Data of a request about the site. Python counterpart: `HttpRequest.get_host`, `get_full_path` and `is_secure`.

use actix_web::HttpRequest;
use actix_web::http::header;

#[cfg(feature = "server")]
use super::common::decode_path;
use super::common::escape_uri_path;
#[cfg(feature = "server")]
use super::security::SecuritySettings;
#[cfg(feature = "server")]
use crate::apps::Apps;

/// `request.get_host()`: the host that the client has asked for, with its port. The middleware has checked it.
#[must_use]
pub fn get_host(req: &HttpRequest) -> Option<String> {
    match req.headers().get(header::HOST) {
        Some(host) => host.to_str().ok().map(str::to_owned),
        None => Some(req.app_config().host().to_owned()),
    }
}

/// `request.is_secure()`: whether the client uses HTTPS, as the proxy says or as actix knows. `SECURE_PROXY_SSL_HEADER` is a setting
/// of the server.
#[must_use]
pub fn is_secure(req: &HttpRequest) -> bool {
    #[cfg(feature = "server")]
    if let Some(settings) = Apps::of(req).ok().and_then(|apps| apps.get::<SecuritySettings>().ok())
        && settings.is_secure(req.headers())
    {
        return true;
    }
    req.app_config().secure()
}

/// `request.get_full_path()`: path and query.
#[must_use]
pub fn get_full_path(req: &HttpRequest) -> String {
    let path = escape_uri_path(req.path());
    let query = req.query_string();
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

/// The address after a logout: `LogoutView.get_success_url`. `next` must be safe. With `None` the view shows the page "Logged
/// out".
///
/// As in Django, a logout without `next` whose address has a query leads to the same address without the query.
#[cfg(feature = "server")]
#[must_use]
pub(crate) fn after_logout(req: &HttpRequest, next: Option<&str>) -> Option<String> {
    let url = next.map_or_else(|| decode_path(req.path()), str::to_owned);
    (url != get_full_path(req)).then_some(url)
}
