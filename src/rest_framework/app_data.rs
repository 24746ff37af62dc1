//! The installed apps as handlers and classes get them.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{Ready, ready};

use super::exceptions::ApiError;
use crate::apps::Apps;

/// The part of type `T` that an installed app provides.
///
/// # Errors
/// 500, with the reason in the log, if no installed app provides it or the actix `App` has no [`Apps`].
pub fn app_data<T: 'static>(req: &HttpRequest) -> Result<&T, ApiError> {
    let apps = Apps::of(req).map_err(ApiError::internal)?;
    apps.get().map_err(ApiError::internal)
}

/// A handler gets the application's [`Apps`] as an argument.
impl FromRequest for Apps {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::of(req).cloned().map_err(|error| ApiError::internal(error).in_request(req)))
    }
}
