//! The login. Python counterpart: `rest_framework.authtoken.views`.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::serializers::{AuthTokenSerializer, LoginError};
use crate::contrib::auth::AuthState;
use crate::db::Database;
use crate::http::outcome::TokenEvent;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::parsers::Parser;
use crate::rest_framework::renderers::Renderer;
use crate::rest_framework::request::RequestData;
use crate::rest_framework::schemas::shapes::{object, text};
use crate::rest_framework::serializers::non_field_error;
use crate::rest_framework::state::{RestFramework, app_data};
use crate::rest_framework::throttling::{ScopedRateThrottle, client_address};
use crate::rest_framework::views::ApiView;

/// `obtain_auth_token`: the token of a user, for name and password.
///
/// As in DRF the default authentication comes first, so that a broken credential of its kind is a 401, and the default
/// throttles do not apply. Where DRF leaves it at that, the rate of the scope `login`, if there is one, holds here too.
#[must_use]
pub fn obtain_auth_token() -> ApiView {
    ApiView::new("Obtain Auth Token")
        .app("rest_framework.authtoken")
        .public()
        .throttle(ScopedRateThrottle)
        .throttle_scope("login")
        .parsers(&[Parser::Form, Parser::MultiPart, Parser::Json])
        .renderers(&[Renderer::Json])
        .serializer::<AuthTokenSerializer>()
        .tag("authtoken")
        .answers(|_| object([("token", text("The key, for `Authorization: Token <key>`."))]))
        .refuses(|req| {
            let wrong = refusal(req, &LoginError::WrongCredentials).into_iter();
            wrong.chain(ApiError::locked_out(req)).collect()
        })
        .post(obtain)
}

async fn obtain(req: HttpRequest, data: RequestData<AuthTokenSerializer>) -> Result<HttpResponse, ApiError> {
    let framework = RestFramework::of(&req)?;
    let auth = app_data::<AuthState>(&req)?;
    let db = app_data::<Database>(&req)?;
    match data.into_inner().validate(auth, db, &client_address(&req), framework.clock.now()).await {
        Ok(token) => Ok(TokenEvent::Issued.on(HttpResponse::Ok().json(json!({ "token": token.key })))),
        Err(LoginError::Auth(error)) => Err(error.into()),
        Err(LoginError::Database(error)) => Err(error.into()),
        Err(error @ LoginError::WrongCredentials) => Err(refusal(&req, &error)?),
    }
}

fn refusal(req: &HttpRequest, error: &LoginError) -> Result<ApiError, ApiError> {
    Ok(non_field_error(&RestFramework::of(req)?.settings.non_field_errors_key, &error.to_string()))
}
