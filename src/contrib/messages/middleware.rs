//! Stores messages after the view. Python counterpart: `django.contrib.messages.middleware`.

use actix_web::HttpResponse;

use super::storage::Messages;
use crate::http::middleware::{Middleware, RequestInfo};

/// `django.contrib.messages.middleware.MessageMiddleware`. It must be inside of the middleware of sessions, which saves the
/// messages that are too long for a cookie.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageMiddleware;

impl Middleware for MessageMiddleware {
    fn process_response(&self, info: &RequestInfo, response: &mut HttpResponse) {
        let Some(req) = info.request.as_ref().filter(|_| info.uses_cookies) else { return };
        if let Some(messages) = Messages::loaded(req) {
            messages.update(req, response);
        }
    }
}
