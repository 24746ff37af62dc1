//! The views of this module. Python counterpart: `oauth2_provider.views.introspect` and `RevokeTokenView`.

mod form;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use self::form::{Form, TokenForm};
use crate::apps::Apps;
use crate::contrib::auth::SharedUser;
use crate::http::outcome::TokenEvent;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::parsers::Parser;
use crate::rest_framework::renderers::Renderer;
use crate::rest_framework::schemas::shapes::{any_of, object, text};
use crate::rest_framework::state::app_data;
use crate::rest_framework::views::ApiView;
use crate::simplejwt::authentication::{get_user, get_validated_token};
use crate::simplejwt::exceptions::TokenError;
use crate::simplejwt::models::ValidatedToken;
use crate::simplejwt::oauth2::clients::OAuth2Clients;
use crate::simplejwt::serializers::Context;
use crate::simplejwt::settings::SimpleJwtSettings;
use crate::simplejwt::state::JwtState;
use crate::simplejwt::token_blacklist;
use crate::simplejwt::token_family::claims::FamilyClaims;
use crate::simplejwt::token_family::serializers::log_out;
use crate::simplejwt::tokens::{AccessToken, RefreshToken, SlidingToken};

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
    let form = Form::read(&req, payload).await?;
    if !form.is_from_client(&req).await? {
        let mut refused = HttpResponse::Forbidden();
        return Ok(refused.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).finish());
    }
    let raw = form.get("token").ok_or_else(|| missing_token("Token parameter is missing."))?;
    let jwt = app_data::<Arc<JwtState>>(&req)?;
    let found = match get_validated_token(&req, raw, jwt).await {
        Ok(token) => get_user(&req, &token, jwt).await.map(|user| description(&token, &user, &jwt.settings)),
        Err(error) => Err(error),
    };
    match found {
        Ok(body) => Ok(TokenEvent::Verified.on(HttpResponse::Ok().json(body))),
        // If the database does not answer, it is unknown whether the token is active.
        Err(error) if error.status() == StatusCode::UNAUTHORIZED => {
            Ok(HttpResponse::Ok().json(json!({ "active": false })))
        }
        Err(error) => Err(error),
    }
}

/// The answer for an active token: the members of django-oauth-toolkit, and `sub`, by which services identify a user.
fn description(token: &ValidatedToken, user: &SharedUser, settings: &SimpleJwtSettings) -> Value {
    let claims = token.claims();
    let mut body = Map::new();
    body.insert("active".to_owned(), true.into());
    let scope = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    body.insert("scope".to_owned(), scope.into());
    if let Some(exp) = claims.get("exp") {
        #[expect(clippy::cast_possible_truncation, reason = "a time that has been checked is far below the limit")]
        let whole = exp.as_i64().or_else(|| exp.as_f64().map(|seconds| seconds as i64));
        body.insert("exp".to_owned(), whole.into());
    }
    if let Some(client) = claims.get("client_id").filter(|client| client.is_string()) {
        body.insert("client_id".to_owned(), client.clone());
    }
    body.insert("username".to_owned(), user.username().into());
    match claims.get(&settings.user_id_claim) {
        Some(Value::String(id)) => drop(body.insert("sub".to_owned(), id.as_str().into())),
        Some(id) => drop(body.insert("sub".to_owned(), id.to_string().into())),
        None => {}
    }
    Value::Object(body)
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
    let form = Form::read(&req, payload).await?;
    let Some(raw) = form.get("token").filter(|token| !token.is_empty()) else {
        return oauth2_error(missing_token("Missing token parameter."));
    };
    if !form.is_from_client(&req).await? {
        return oauth2_error(invalid_client().with_challenge(Some(CHALLENGE.to_owned())));
    }
    let context = Context::of(&req)?;
    match blacklist(&context, raw).await {
        Ok(()) => {
            let mut revoked = HttpResponse::Ok();
            let revoked = revoked.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).finish();
            Ok(TokenEvent::Blacklisted.on(revoked))
        }
        Err(Refused::AccessToken) => oauth2_error(unsupported_token_type()),
        Err(Refused::Other(error)) => Err(error.into()),
    }
}

/// The reason why a token is not blacklisted.
enum Refused {
    /// It is an access token.
    AccessToken,
    /// It is unknown whether the token is valid.
    Other(TokenError),
}

/// Blacklists a token. Ignores an invalid token (RFC 7009, section 2.2).
async fn blacklist(context: &Context<'_>, raw: &str) -> Result<(), Refused> {
    match context.token_to_end(raw).await {
        Ok(token) => return log_out_or_blacklist(context, token).await.or_else(already_invalid),
        Err(error) => already_invalid(error)?,
    }
    match SlidingToken::from_raw_unrevoked(raw, context.state, context.db).await {
        Ok(token) => return context.blacklist(token).await.or_else(already_invalid),
        Err(error) => already_invalid(error)?,
    }
    match AccessToken::from_raw(raw, context.state) {
        Ok(_) => Err(Refused::AccessToken),
        Err(error) => already_invalid(error),
    }
}

/// Blacklists a refresh token. With token families it ends the family, so that access tokens of the same login end as well, as
/// far as they can be revoked (RFC 7009, section 2.1).
async fn log_out_or_blacklist(context: &Context<'_>, token: RefreshToken) -> Result<(), TokenError> {
    match context.state.families().map(|families| FamilyClaims::of(&token, families)).transpose()?.flatten() {
        Some(family) => log_out(context, token, family).await,
        None => context.blacklist(token).await,
    }
}

/// A refused token needs no revocation.
fn already_invalid(error: TokenError) -> Result<(), Refused> {
    match error {
        TokenError::Invalid { .. } | TokenError::AuthenticationFailed { .. } => Ok(()),
        other => Err(Refused::Other(other)),
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
