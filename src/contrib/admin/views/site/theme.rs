//! Remembers the colours that a user has chosen, in a cookie. Python counterpart: `theme.js` of the admin, which keeps them in
//! the browser.

use actix_web::HttpResponse;
use chrono::Duration;

use crate::contrib::admin::chrome::{THEME_COOKIE, Theme};
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::http::cookies::{CookieOptions, SameSite};
use crate::http::redirects::{redirect, url_has_allowed_host_and_scheme};
use crate::http::request::{get_host, is_secure};

/// `POST theme/`: sets the cookie and leads back.
pub(in crate::contrib::admin::views) async fn theme(
    site: &AdminSite,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    if !request.is_post() {
        return Err(PageError::NotFound);
    }
    let host = get_host(&request.req).unwrap_or_default();
    let is_allowed = |next: &&str| url_has_allowed_host_and_scheme(next, &host, is_secure(&request.req));
    let next = request.form.get("next").filter(is_allowed).unwrap_or(site.base());
    let mut response = redirect(next);
    let theme = Theme::from_name(request.form.get("theme").unwrap_or_default());
    let cookie = CookieOptions {
        name: THEME_COOKIE.to_owned(),
        path: site.base().to_owned(),
        domain: None,
        secure: is_secure(&request.req),
        http_only: true,
        same_site: Some(SameSite::Lax),
    };
    cookie.set(&mut response, theme.name(), Some(Duration::days(365)), request.now());
    Ok(response)
}
