//! Sets the cookie. Python counterpart: `CsrfViewMiddleware.process_response`.
//!
//! Django's middleware checks every view that is not exempt. Here most views do not trust cookies, so the views that do call
//! [`check`](super::check) themselves.

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
            let Ok(csrf) = Csrf::of(req) else { return };
            csrf.cookie.set(response, &secret, csrf.settings.cookie_age, clock(req).now());
            vary_on_cookie(response);
        }
    }
}
