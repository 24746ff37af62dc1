//! The views of this app. Python counterpart: `rest_framework_jwt.views`.

use actix_web::{HttpRequest, HttpResponse};
use chrono::Duration;
use serde_json::Value;

use super::authentication::SECURITY_SCHEME;
use super::exceptions::LegacyJwtError;
use super::serializers::{
    Context, JsonWebTokenSerializer, RefreshJsonWebTokenSerializer, VerifyJsonWebTokenSerializer,
};
use super::settings::LegacyJwtSettings;
use super::state::LegacyJwtState;
use crate::http::cookies::CookieOptions;
use crate::http::request::is_secure;
use crate::rest_framework::context::TokenSerializer;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::request::RequestData;
use crate::rest_framework::schemas::login::IssuedToken;
use crate::rest_framework::schemas::shapes::{jwt, object};
use crate::rest_framework::state::{RestFramework, app_data};
use crate::rest_framework::views::ApiView;

/// `obtain_jwt_token`: a token for a user name and a password. Its throttle scope is `login`.
#[must_use]
pub fn obtain_jwt_token() -> ApiView {
    token_view::<JsonWebTokenSerializer>("Obtain Json Web Token")
        .description(
            "API View that receives a POST with a user's username and password.\n\nReturns a JSON Web Token that can be \
             used for authenticated requests.",
        )
        .throttle_scope("login")
        .logs_in(|req| {
            let prefix = &app_data::<LegacyJwtState>(req).ok()?.settings.auth_header_prefix;
            Some(IssuedToken { scheme: SECURITY_SCHEME, token: "token", prefix: format!("{prefix} ") })
        })
        .refuses(|req| {
            let own = refusals(req, [LegacyJwtError::WrongCredentials, LegacyJwtError::UserIsDisabled]);
            own.into_iter().chain(ApiError::locked_out(req)).collect()
        })
}

/// `refresh_jwt_token`: a new token for a valid one.
#[must_use]
pub fn refresh_jwt_token() -> ApiView {
    token_view::<RefreshJsonWebTokenSerializer>("Refresh Json Web Token")
        .description(
            "API View that returns a refreshed token (with new expiration) based on\nexisting token\n\nIf 'orig_iat' \
             field (original issued-at-time) is found, will first check\nif it's within expiration window, then copy \
             it to the new token",
        )
        .refuses(|req| {
            let own = [LegacyJwtError::OrigIatRequired, LegacyJwtError::RefreshExpired];
            refusals(req, LegacyJwtError::about_tokens().into_iter().chain(own))
        })
}

/// `verify_jwt_token`: the token that was sent, if it is valid.
#[must_use]
pub fn verify_jwt_token() -> ApiView {
    token_view::<VerifyJsonWebTokenSerializer>("Verify Json Web Token")
        .description("API View that checks the veracity of a token, returning the token if it\nis valid.")
        .refuses(|req| refusals(req, LegacyJwtError::about_tokens()))
}

/// `JSONWebTokenAPIView`: a view that everyone may use and that ignores the `Authorization` header.
fn token_view<S>(name: &'static str) -> ApiView
where
    S: TokenSerializer<State = LegacyJwtState, Error = LegacyJwtError>,
{
    let view = ApiView::new(name).app("rest_framework_jwt").tag("rest_framework_jwt").unauthenticated(|_| None);
    view.credentials().answers(one_token).serializer::<S>().post(post::<S>)
}

/// `JSONWebTokenAPIView.post`: the token, also in a cookie if `JWT_AUTH_COOKIE` is set.
async fn post<S>(req: HttpRequest, data: RequestData<S>) -> Result<HttpResponse, ApiError>
where
    S: TokenSerializer<State = LegacyJwtState, Error = LegacyJwtError>,
{
    let context = Context::of(&req)?;
    let (settings, now) = (&context.state.settings, context.state.clock.now());
    let refused = |error: LegacyJwtError| error.validation_error(context.non_field_errors_key);
    let answer = data.into_inner().validate(&context).await.map_err(refused)?;
    let body = HttpResponse::Ok().json(&answer.body);
    let mut response = answer.event.on(body);
    if let Some(cookie) = auth_cookie(&req, settings) {
        let token = answer.body["token"].as_str().unwrap_or_default();
        cookie.set(&mut response, token, Some(settings.expiration_delta.max(Duration::zero())), now);
    }
    Ok(response)
}

/// The cookie that also gets the token, if `JWT_AUTH_COOKIE` is set.
fn auth_cookie(req: &HttpRequest, settings: &LegacyJwtSettings) -> Option<CookieOptions> {
    Some(CookieOptions {
        name: settings.auth_cookie.clone()?,
        path: "/".to_owned(),
        domain: None,
        secure: settings.auth_cookie_secure.unwrap_or_else(|| is_secure(req)),
        http_only: true,
        same_site: settings.auth_cookie_samesite,
    })
}

fn refusals(req: &HttpRequest, errors: impl IntoIterator<Item = LegacyJwtError>) -> Vec<ApiError> {
    let Ok(framework) = RestFramework::of(req) else { return Vec::new() };
    errors.into_iter().map(|error| error.validation_error(&framework.settings.non_field_errors_key)).collect()
}

fn one_token(_req: &HttpRequest) -> Value {
    object([("token", jwt("For `Authorization: JWT <token>`."))])
}
