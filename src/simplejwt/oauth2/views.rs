//! The views of this module. Python counterpart: `oauth2_provider.views.introspect` and `RevokeTokenView`.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::clients::OAuth2Clients;
use super::forms::{ClientForm, TokenForm};
use super::serializers::{self, NotRevoked};
use crate::apps::Apps;
use crate::http::log_data::TokenEvent;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::parsers::Parser;
use crate::rest_framework::renderers::Renderer;
use crate::rest_framework::schemas::shapes::{any_of, object, text};
use crate::rest_framework::views::ApiView;
use crate::simplejwt::serializers::Context;
use crate::simplejwt::token_blacklist;

const CHALLENGE: &str = "Bearer error=\"invalid_client\"";

/// `IntrospectTokenView` (RFC 7662): whether protected views accept a token, and the user of the token.
#[must_use]
pub fn introspect_token() -> ApiView {
    view("Introspect Token")
        .description(
            "Says whether protected views accept a token, and for whom it is (RFC 7662). The caller is named in \
             OAUTH2_CLIENTS, and sends its id and secret by HTTP Basic or as `client_id` and `client_secret`. A refresh \
             token is not active here.",
        )
        .answers(|_| introspection_schema())
        .refuses(|_| vec![missing_token("Token parameter is missing.")])
        .bodiless(&[403])
        .post(introspect)
}

/// `RevokeTokenView` (RFC 7009): blacklists a refresh or sliding token.
#[must_use]
pub fn revoke_token() -> ApiView {
    view("Revoke Token")
        .app(token_blacklist::apps::NAME)
        .description(
            "Blacklists a refresh or sliding token (RFC 7009), and ends the token family of a refresh token. The caller is \
             named in OAUTH2_CLIENTS, and sends its id and secret by HTTP Basic or as `client_id` and `client_secret`. A token \
             that is invalid already is a success. Access tokens cannot be revoked.",
        )
        .refuses(|_| {
            let errors = [missing_token("Missing token parameter."), missing_token(NO_QUERY), unsupported_token_type()];
            errors.into_iter().chain([invalid_client()]).collect()
        })
        .bodiless(&[200])
        .post(revoke)
}

/// A view that exists only if there are clients.
fn view(name: &'static str) -> ApiView {
    ApiView::new(name)
        .app("rest_framework_simplejwt")
        .only_if(|apps: &Apps| apps.get::<OAuth2Clients>().is_ok_and(|clients| !clients.is_empty()))
        .tag("oauth2")
        .unauthenticated(|_| Some(CHALLENGE.to_owned()))
        // A gateway sends requests for all users, so a throttle would stop it. Hashing slows down a client that guesses secrets.
        .unthrottled()
        .credentials()
        .parsers(&[Parser::Form])
        .renderers(&[Renderer::Json])
        .ignores_accept()
        .serializer::<TokenForm>()
}

const NO_QUERY: &str = "URL query parameters are not allowed";

async fn introspect(req: HttpRequest, payload: Payload) -> Result<HttpResponse, ApiError> {
    let form = ClientForm::read(&req, payload).await?;
    if !form.is_from_client(&req).await? {
        let mut refused = HttpResponse::Forbidden();
        return Ok(refused.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).finish());
    }
    let raw = form.get("token").ok_or_else(|| missing_token("Token parameter is missing."))?;
    Ok(match serializers::introspect(&Context::of(&req)?, raw).await? {
        Some(active) => TokenEvent::Verified.on(HttpResponse::Ok().json(active)),
        None => HttpResponse::Ok().json(json!({ "active": false })),
    })
}

fn introspection_schema() -> Value {
    let active = object([
        ("active", json!({ "type": "boolean", "const": true })),
        ("scope", text("The claim `scope`, or nothing.")),
        ("exp", json!({ "type": "integer", "description": "When the token expires, in seconds since 1970." })),
        ("username", text("The name of the user.")),
        ("sub", text("The id of the user, as in the token.")),
    ]);
    let mut active = active;
    active["properties"]["client_id"] = text("The claim `client_id`, if the token has it.");
    let inactive = object([("active", json!({ "type": "boolean", "const": false }))]);
    any_of(vec![active, inactive])
}

async fn revoke(req: HttpRequest, payload: Payload) -> Result<HttpResponse, ApiError> {
    // The secret of a client in a URL ends up in logs.
    if !req.query_string().is_empty() {
        return oauth2_error(missing_token(NO_QUERY));
    }
    let form = ClientForm::read(&req, payload).await?;
    let Some(raw) = form.get("token").filter(|token| !token.is_empty()) else {
        return oauth2_error(missing_token("Missing token parameter."));
    };
    if !form.is_from_client(&req).await? {
        return oauth2_error(invalid_client().with_challenge(Some(CHALLENGE.to_owned())));
    }
    match serializers::revoke(&Context::of(&req)?, raw).await {
        Ok(()) => {
            let mut revoked = HttpResponse::Ok();
            let revoked = revoked.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).finish();
            Ok(TokenEvent::Blacklisted.on(revoked))
        }
        Err(NotRevoked::AccessToken) => oauth2_error(unsupported_token_type()),
        Err(NotRevoked::Other(error)) => Err(error.into()),
    }
}

/// 401 with the body of oauthlib.
fn invalid_client() -> ApiError {
    ApiError::authentication_failed_with(json!({ "error": "invalid_client" }))
}

/// 400 with the body of oauthlib.
fn missing_token(description: &str) -> ApiError {
    let (error, text) = (("error", "invalid_request"), ("error_description", description));
    ApiError::validation([error, text].into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect())
}

/// 400: an access token is valid until it expires.
fn unsupported_token_type() -> ApiError {
    ApiError::validation(Map::from_iter([("error".to_owned(), "unsupported_token_type".into())]))
}

/// The response of an error, with the headers of oauthlib.
fn oauth2_error(error: ApiError) -> Result<HttpResponse, ApiError> {
    let mut response = actix_web::ResponseError::error_response(&error);
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}
