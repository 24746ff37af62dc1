//! Sets the cookie. Python counterpart: `CsrfViewMiddleware.process_response`.
//!
//! Views that trust cookies call [`check`](super::check) themselves, where Django's middleware would do it for every view that
//! is not exempt: nearly all views here do not trust cookies.

use actix_web::HttpResponse;

use super::token::CsrfCookie;
use super::trusted::{Csrf, clock};
use crate::http::cookies::vary_on_cookie;
use crate::http::middleware::{Middleware, RequestInfo};

/// `django.middleware.csrf.CsrfViewMiddleware`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CsrfViewMiddleware;

impl Middleware for CsrfViewMiddleware {
    fn process_response(&self, info: &RequestInfo, response: &mut HttpResponse) {
        let Some(req) = info.request.as_ref().filter(|_| info.uses_cookies) else { return };
        if let Some(secret) = CsrfCookie::of(req).to_set() {
            let csrf = Csrf::of(req);
            csrf.cookie.set(response, &secret, csrf.settings.cookie_age, clock(req).now());
            vary_on_cookie(response);
        }
    }
}
