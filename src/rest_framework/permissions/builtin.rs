//! The permissions that do not use the database.

use actix_web::HttpRequest;
use actix_web::http::Method;

use super::base::{Admits, Permission, is_safe};
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::exceptions::ApiError;

/// Allows every request.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllowAny;

impl Permission for AllowAny {
    async fn has_permission(&self, _req: &HttpRequest, _caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(true)
    }

    fn admits(&self, _method: &Method) -> Admits {
        Admits::Everyone
    }
}

/// Allows logged-in users.
#[derive(Clone, Copy, Debug, Default)]
pub struct IsAuthenticated;

impl Permission for IsAuthenticated {
    async fn has_permission(&self, _req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(caller.is_some())
    }

    fn admits(&self, _method: &Method) -> Admits {
        Admits::EveryUser
    }
}

/// Allows users with `is_staff`.
#[derive(Clone, Copy, Debug, Default)]
pub struct IsAdminUser;

impl Permission for IsAdminUser {
    async fn has_permission(&self, _req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(caller.is_some_and(|caller| caller.user.is_staff()))
    }
}

/// Allows logged-in users, and everyone for `GET`, `HEAD` and `OPTIONS`.
#[derive(Clone, Copy, Debug, Default)]
pub struct IsAuthenticatedOrReadOnly;

impl Permission for IsAuthenticatedOrReadOnly {
    async fn has_permission(&self, req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(caller.is_some() || is_safe(req.method()))
    }

    fn admits(&self, method: &Method) -> Admits {
        if is_safe(method) { Admits::Everyone } else { Admits::EveryUser }
    }
}
