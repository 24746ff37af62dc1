//! Authentication classes of any type in one list, such as `DEFAULT_AUTHENTICATION_CLASSES`.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use actix_web::HttpRequest;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::base::{Authentication, Caller, authenticate_by};
use crate::rest_framework::exceptions::ApiError;

/// An [`Authentication`] of any type. Cheap to clone.
#[derive(Clone)]
pub struct AuthenticationClass {
    name: Cow<'static, str>,
    class: Arc<dyn AnyAuthentication>,
}

/// [`Authentication`] without its associated types.
trait AnyAuthentication: Send + Sync {
    fn authenticate<'a>(&'a self, req: &'a HttpRequest) -> LocalBoxFuture<'a, Result<Option<Caller>, ApiError>>;
    #[cfg(feature = "server")]
    fn trusts_cookies(&self) -> bool;
    fn challenge(&self, req: &HttpRequest) -> Option<String>;
    fn security_definition(&self, req: &HttpRequest) -> Option<(&'static str, Value)>;
    fn refusals(&self, req: &HttpRequest) -> Vec<ApiError>;
}

impl<A: Authentication> AnyAuthentication for A {
    fn authenticate<'a>(&'a self, req: &'a HttpRequest) -> LocalBoxFuture<'a, Result<Option<Caller>, ApiError>> {
        Box::pin(async move {
            let found = authenticate_by(self, req).await?;
            Ok(found.map(|(user, auth)| Caller::new::<A>(user, auth)))
        })
    }

    #[cfg(feature = "server")]
    fn trusts_cookies(&self) -> bool {
        Authentication::trusts_cookies(self)
    }

    fn challenge(&self, req: &HttpRequest) -> Option<String> {
        Authentication::challenge(self, req)
    }

    fn security_definition(&self, req: &HttpRequest) -> Option<(&'static str, Value)> {
        Authentication::security_definition(self, req)
    }

    fn refusals(&self, req: &HttpRequest) -> Vec<ApiError> {
        Authentication::refusals(self, req)
    }
}

impl AuthenticationClass {
    /// Wraps `class`.
    pub fn new(class: impl Authentication) -> Self {
        Self { name: class.name(), class: Arc::new(class) }
    }

    /// The same class under another name, for settings that know it by an older one.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = name.into();
        self
    }

    /// The name for `DEFAULT_AUTHENTICATION_CLASSES` and the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the class trusts cookies, so that it asks for the CSRF token in a form.
    #[cfg(feature = "server")]
    pub(super) fn trusts_cookies(&self) -> bool {
        self.class.trusts_cookies()
    }

    /// The value of `WWW-Authenticate` in a 401.
    #[must_use]
    pub fn challenge(&self, req: &HttpRequest) -> Option<String> {
        self.class.challenge(req)
    }

    fn authenticate<'a>(&'a self, req: &'a HttpRequest) -> LocalBoxFuture<'a, Result<Option<Caller>, ApiError>> {
        self.class.authenticate(req)
    }

    pub(in crate::rest_framework) fn security_definition(&self, req: &HttpRequest) -> Option<(&'static str, Value)> {
        self.class.security_definition(req)
    }

    pub(in crate::rest_framework) fn refusals(&self, req: &HttpRequest) -> Vec<ApiError> {
        self.class.refusals(req)
    }
}

impl fmt::Debug for AuthenticationClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Tries `classes` in order. The first that finds a credential of its kind decides.
///
/// # Errors
/// Returns the error of that class, with the challenge of the *first* class, as in DRF.
pub async fn authenticate(req: &HttpRequest, classes: &[AuthenticationClass]) -> Result<Option<Caller>, ApiError> {
    for class in classes {
        match class.authenticate(req).await {
            Ok(None) => {}
            Ok(found) => return Ok(found),
            Err(error) => return Err(error.with_challenge(challenge(req, classes))),
        }
    }
    Ok(None)
}

/// The challenge of the first of `classes`.
#[must_use]
pub fn challenge(req: &HttpRequest, classes: &[AuthenticationClass]) -> Option<String> {
    classes.first().and_then(|class| class.challenge(req))
}
