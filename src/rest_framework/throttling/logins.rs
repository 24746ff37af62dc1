//! The throttles of the login views, for the login page of the admin site, which is not a view of the API.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::check::{check_throttles, client_address};
use crate::contrib::auth::{AuthError, LimitLogins};
use crate::rest_framework::state::RestFramework;

/// The scope of the views that check passwords.
pub(in crate::rest_framework) const LOGIN_SCOPE: &str = "login";

/// `DEFAULT_THROTTLE_CLASSES` in the scope `login`.
#[derive(Clone, Copy, Debug)]
pub(in crate::rest_framework) struct ThrottledLogins;

impl LimitLogins for ThrottledLogins {
    fn client_address(&self, req: &HttpRequest) -> String {
        client_address(req)
    }

    fn check<'a>(&'a self, req: &'a HttpRequest) -> LocalBoxFuture<'a, Result<(), AuthError>> {
        async move {
            let failed = |error: crate::rest_framework::exceptions::ApiError| match error.status() {
                StatusCode::TOO_MANY_REQUESTS => AuthError::Throttled(error.retry_after()),
                _ => AuthError::Uncounted(error.to_string()),
            };
            let framework = RestFramework::of(req).map_err(failed)?;
            check_throttles(req, &framework.throttle_classes, Some(LOGIN_SCOPE), None, framework).await.map_err(failed)
        }
        .boxed_local()
    }
}
