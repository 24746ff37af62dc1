//! What a request says about the site. Python counterpart: `HttpRequest.get_host` and `is_secure`.

use actix_web::HttpRequest;
use actix_web::http::header;

use super::security::SecuritySettings;
use crate::apps::Apps;

/// `request.get_host()`: the host that the client has asked for, with its port. The middleware has checked it.
#[must_use]
pub fn get_host(req: &HttpRequest) -> Option<String> {
    match req.headers().get(header::HOST) {
        Some(host) => host.to_str().ok().map(str::to_owned),
        None => Some(req.app_config().host().to_owned()),
    }
}

/// `request.is_secure()`: whether the client uses HTTPS, as the proxy says.
#[must_use]
pub fn is_secure(req: &HttpRequest) -> bool {
    let settings = Apps::of(req).ok().and_then(|apps| apps.get::<SecuritySettings>().ok());
    settings.is_some_and(|settings| settings.is_secure(req.headers()))
}
