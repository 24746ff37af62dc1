//! Limits attempts to log in: the throttles of the API, for login pages outside of the API. Python counterpart: none; Django's
//! admin has no throttle.
//!
//! `rest_framework` is above this module and registers its throttles here.

use std::sync::Arc;

use actix_web::HttpRequest;
use futures_util::future::LocalBoxFuture;

use super::error::AuthError;

/// A limit on logins.
pub trait LimitLogins: Send + Sync + 'static {
    /// The address by which logins of this client are counted.
    fn client_address(&self, req: &HttpRequest) -> String;

    /// Counts an attempt. An error is [`AuthError::Throttled`] or [`AuthError::Uncounted`].
    fn check<'a>(&'a self, req: &'a HttpRequest) -> LocalBoxFuture<'a, Result<(), AuthError>>;
}

/// The limits on logins of a project. Cheap to clone.
#[derive(Clone)]
pub struct LoginLimits(Arc<dyn LimitLogins>);

impl LoginLimits {
    /// Wraps `limits`.
    pub fn new(limits: impl LimitLogins) -> Self {
        Self(Arc::new(limits))
    }

    /// Same as [`LimitLogins::client_address`].
    #[must_use]
    pub fn client_address(&self, req: &HttpRequest) -> String {
        self.0.client_address(req)
    }

    /// Same as [`LimitLogins::check`].
    ///
    /// # Errors
    /// Returns an error if the password must not be checked.
    pub async fn check(&self, req: &HttpRequest) -> Result<(), AuthError> {
        self.0.check(req).await
    }
}

impl std::fmt::Debug for LoginLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LoginLimits")
    }
}
