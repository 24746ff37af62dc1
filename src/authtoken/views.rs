//! The view of this app. Python counterpart: `rest_framework.authtoken.views`.

use actix_web::HttpRequest;

use super::authentication::{KEYWORD, SECURITY_SCHEME};
use super::exceptions::AuthTokenError;
use super::serializers::AuthTokenSerializer;
use crate::rest_framework::context::post;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::parsers::Parser;
use crate::rest_framework::renderers::Renderer;
use crate::rest_framework::schemas::login::IssuedToken;
use crate::rest_framework::schemas::shapes::{object, text};
use crate::rest_framework::state::RestFramework;
use crate::rest_framework::throttling::ScopedRateThrottle;
use crate::rest_framework::views::ApiView;

/// `obtain_auth_token`: the token of a user, for a user name and a password.
///
/// As in DRF, the default authentication runs first, so an invalid credential is a 401, and the default throttles do not
/// apply. Unlike in DRF, the throttle scope `login` applies if it has a rate.
#[must_use]
pub fn obtain_auth_token() -> ApiView {
    ApiView::new("Obtain Auth Token")
        .app("rest_framework.authtoken")
        .public()
        .credentials()
        .throttle(ScopedRateThrottle)
        .throttle_scope("login")
        .parsers(&[Parser::Form, Parser::MultiPart, Parser::Json])
        .renderers(&[Renderer::Json])
        .serializer::<AuthTokenSerializer>()
        .tag("authtoken")
        .answers(|_| object([("token", text("The key, for `Authorization: Token <key>`."))]))
        .logs_in(|_| Some(IssuedToken { scheme: SECURITY_SCHEME, token: "token", prefix: format!("{KEYWORD} ") }))
        .refuses(refusals)
        .post(post::<AuthTokenSerializer>)
}

fn refusals(req: &HttpRequest) -> Vec<ApiError> {
    let key = RestFramework::of(req).map(|framework| framework.settings.non_field_errors_key.clone());
    let wrong = key.map(|key| AuthTokenError::WrongCredentials { key }.into());
    wrong.into_iter().chain(ApiError::locked_out(req)).collect()
}
