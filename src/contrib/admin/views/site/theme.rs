//! Remembers the colours that a user has chosen, in a cookie. Python counterpart: `theme.js` of the admin, which keeps them in
//! the browser.

use actix_web::HttpResponse;
use chrono::Duration;

use crate::contrib::admin::chrome::{THEME_COOKIE, Theme};
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::http::cookies::{CookieOptions, SameSite};
use crate::http::redirects::redirect;
use crate::http::request::is_secure;

/// `POST theme/`: sets the cookie and leads back.
pub(in crate::contrib::admin::views) async fn theme(
    site: &AdminSite,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    if !request.is_post() {
        return Err(PageError::NotFound);
    }
    let next = request.form.get("next").filter(|next| request.is_own_url(next)).unwrap_or(site.base());
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
