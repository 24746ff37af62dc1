//! The three views. Python counterpart: `rest_framework_jwt.views`.

use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::exceptions::LegacyJwtError;
use super::serializers::{
    Context, JsonWebTokenSerializer, RefreshJsonWebTokenSerializer, VerifyJsonWebTokenSerializer,
};
use super::state::LegacyJwtState;
use crate::http::outcome::TokenEvent;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::request::RequestData;
use crate::rest_framework::schemas::shapes::{jwt, object};
use crate::rest_framework::serializers::non_field_error;
use crate::rest_framework::state::{RestFramework, app_data};
use crate::rest_framework::throttling::client_address;
use crate::rest_framework::views::ApiView;

/// `obtain_jwt_token`: a token for a user name and a password. Its throttle scope is `login`.
#[must_use]
pub fn obtain_jwt_token() -> ApiView {
    ApiView::new("Obtain Json Web Token")
        .app("rest_framework_jwt")
        .description(
            "API View that receives a POST with a user's username and password.\n\nReturns a JSON Web Token that can be \
             used for authenticated requests.",
        )
        .tag("rest_framework_jwt")
        .unauthenticated(|_| None)
        .answers(one_token)
        .throttle_scope("login")
        .serializer::<JsonWebTokenSerializer>()
        .refuses(|req| {
            let own = refusals(req, [LegacyJwtError::WrongCredentials, LegacyJwtError::UserIsDisabled]);
            own.into_iter().chain(ApiError::locked_out(req)).collect()
        })
        .post(obtain)
}

/// `refresh_jwt_token`: a fresh token for one that is still good.
#[must_use]
pub fn refresh_jwt_token() -> ApiView {
    ApiView::new("Refresh Json Web Token")
        .app("rest_framework_jwt")
        .description(
            "API View that returns a refreshed token (with new expiration) based on\nexisting token\n\nIf 'orig_iat' \
             field (original issued-at-time) is found, will first check\nif it's within expiration window, then copy \
             it to the new token",
        )
        .tag("rest_framework_jwt")
        .unauthenticated(|_| None)
        .answers(one_token)
        .serializer::<RefreshJsonWebTokenSerializer>()
        .refuses(|req| {
            let own = [LegacyJwtError::OrigIatRequired, LegacyJwtError::RefreshExpired];
            refusals(req, LegacyJwtError::about_tokens().into_iter().chain(own))
        })
        .post(refresh)
}

/// `verify_jwt_token`: the token that was sent, if it is good.
#[must_use]
pub fn verify_jwt_token() -> ApiView {
    ApiView::new("Verify Json Web Token")
        .app("rest_framework_jwt")
        .description("API View that checks the veracity of a token, returning the token if it\nis valid.")
        .tag("rest_framework_jwt")
        .unauthenticated(|_| None)
        .answers(one_token)
        .serializer::<VerifyJsonWebTokenSerializer>()
        .refuses(|req| refusals(req, LegacyJwtError::about_tokens()))
        .post(verify)
}

async fn obtain(req: HttpRequest, data: RequestData<JsonWebTokenSerializer>) -> Result<HttpResponse, ApiError> {
    let token = data.into_inner().validate(context(&req)?).await;
    respond(&req, token, TokenEvent::Issued)
}

async fn refresh(req: HttpRequest, data: RequestData<RefreshJsonWebTokenSerializer>) -> Result<HttpResponse, ApiError> {
    let token = data.into_inner().validate(context(&req)?).await;
    respond(&req, token, TokenEvent::Refreshed)
}

async fn verify(req: HttpRequest, data: RequestData<VerifyJsonWebTokenSerializer>) -> Result<HttpResponse, ApiError> {
    let token = data.into_inner().validate(context(&req)?).await;
    respond(&req, token, TokenEvent::Verified)
}

fn context(req: &HttpRequest) -> Result<Context<'_>, ApiError> {
    Ok(Context { state: app_data(req)?, auth: app_data(req)?, db: app_data(req)?, address: client_address(req) })
}

/// `JSONWebTokenAPIView.post`: the token, also in a cookie if there is to be one.
fn respond(
    req: &HttpRequest,
    token: Result<String, LegacyJwtError>,
    event: TokenEvent,
) -> Result<HttpResponse, ApiError> {
    let token = match token {
        Ok(token) => token,
        Err(LegacyJwtError::Auth(error)) => return Err(error.into()),
        Err(LegacyJwtError::Database(error)) => return Err(error.into()),
        Err(LegacyJwtError::Signing(error)) => return Err(ApiError::internal(error)),
        Err(error) => return Err(refusal(req, &error)?.refused(error.refusal())),
    };
    let mut response = HttpResponse::Ok();
    let state = app_data::<LegacyJwtState>(req)?;
    if let Some(name) = &state.settings().auth_cookie {
        let cookie = set_cookie(name, &token, state.settings().expiration_delta, state.clock().now());
        response.append_header((SET_COOKIE, HeaderValue::try_from(cookie).map_err(ApiError::internal)?));
    }
    Ok(event.on(response.json(json!({ "token": token }))))
}

fn refusal(req: &HttpRequest, error: &LegacyJwtError) -> Result<ApiError, ApiError> {
    Ok(non_field_error(&RestFramework::of(req)?.settings.non_field_errors_key, &error.to_string()))
}

fn refusals(req: &HttpRequest, errors: impl IntoIterator<Item = LegacyJwtError>) -> Vec<ApiError> {
    errors.into_iter().filter_map(|error| refusal(req, &error).ok()).collect()
}

fn one_token(_req: &HttpRequest) -> Value {
    object([("token", jwt("For `Authorization: JWT <token>`."))])
}

/// Django's `set_cookie(name, value, expires=…, httponly=True)`: attributes in the order and spelling of Python's
/// `http.cookies`.
fn set_cookie(name: &str, value: &str, lifetime: Duration, now: DateTime<Utc>) -> String {
    let lifetime = lifetime.max(Duration::zero());
    let expires = (now + lifetime).format("%a, %d %b %Y %H:%M:%S GMT");
    format!("{name}={value}; expires={expires}; HttpOnly; Max-Age={}; Path=/", lifetime.num_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_written_as_django_does() {
        let now = "2024-02-29T23:59:59.5Z".parse().unwrap();
        assert_eq!(
            set_cookie("token", "a.b.c", Duration::seconds(1200), now),
            "token=a.b.c; expires=Fri, 01 Mar 2024 00:19:59 GMT; HttpOnly; Max-Age=1200; Path=/"
        );
        assert_eq!(
            set_cookie("token", "a.b.c", Duration::seconds(-5), now),
            "token=a.b.c; expires=Thu, 29 Feb 2024 23:59:59 GMT; HttpOnly; Max-Age=0; Path=/"
        );
    }
}
