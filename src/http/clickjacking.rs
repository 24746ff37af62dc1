//! Whether other sites may show the pages in a frame. Python counterpart: `django.middleware.clickjacking`.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, X_FRAME_OPTIONS};

use super::middleware::{Middleware, RequestInfo};
use crate::conf::SettingsError;

/// `django.middleware.clickjacking.XFrameOptionsMiddleware`.
#[derive(Clone, Debug)]
pub struct XFrameOptionsMiddleware {
    value: HeaderValue,
}

impl XFrameOptionsMiddleware {
    /// `x_frame_options` is the setting `X_FRAME_OPTIONS`.
    ///
    /// # Errors
    /// Returns an error if it cannot be the value of a header.
    pub fn new(x_frame_options: &str) -> Result<Self, SettingsError> {
        let expected = |_| SettingsError::expected("X_FRAME_OPTIONS", x_frame_options, "the value of a header");
        Ok(Self { value: HeaderValue::from_str(x_frame_options).map_err(expected)? })
    }
}

impl Middleware for XFrameOptionsMiddleware {
    fn process_response(&self, _info: &RequestInfo, response: &mut HttpResponse) {
        if !response.headers().contains_key(X_FRAME_OPTIONS) {
            response.headers_mut().insert(X_FRAME_OPTIONS, self.value.clone());
        }
    }
}
