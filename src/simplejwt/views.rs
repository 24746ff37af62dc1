//! The views of this app. Python counterpart: `rest_framework_simplejwt.views`.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::authentication::challenge;
use super::exceptions::{BLACKLISTED, NO_ACCOUNT_FOR_CREDENTIALS, NO_ACCOUNT_FOR_TOKEN, PASSWORD_CHANGED, TokenError};
use super::schemas::{family_refusals, login, settings, token_refusals};
use super::serializers::{
    TokenBlacklistSerializer, TokenObtainPairSerializer, TokenObtainSlidingSerializer, TokenRefreshSerializer,
    TokenRefreshSlidingSerializer, TokenVerifySerializer,
};
use super::state::JwtState;
use super::token_blacklist;
use super::tokens::AuthToken;
use crate::rest_framework::context::{TokenSerializer, post};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::renderers::Renderer;
use crate::rest_framework::schemas::shapes::{jwt, object, text};
use crate::rest_framework::serializers::non_field_error;
use crate::rest_framework::state::{RestFramework, app_data};
use crate::rest_framework::views::ApiView;

const ACCESS: &str = "For the `Authorization` header of protected views.";
const REFRESH: &str = "To be exchanged for a new access token.";

/// `TokenObtainPairView`: `{"refresh": …, "access": …}` for credentials. Its throttle scope is `login`.
pub fn token_obtain_pair() -> ApiView {
    token_view::<TokenObtainPairSerializer>("Token Obtain Pair")
        .description(
            "Takes a set of user credentials and returns an access and refresh JSON web\ntoken pair to prove the \
             authentication of those credentials.",
        )
        .answers(|_| object([("refresh", jwt(REFRESH)), ("access", jwt(ACCESS))]))
        .logs_in(|req| login(req, AuthToken::Access, "access"))
        .refuses(login_refusals)
        .throttle_scope("login")
}

/// `TokenRefreshView`: `{"access": …}` for a refresh token, with a new `refresh` if rotation is on.
pub fn token_refresh() -> ApiView {
    token_view::<TokenRefreshSerializer>("Token Refresh")
        .description(
            "Takes a refresh type JSON web token and returns an access type JSON web\ntoken if the refresh token is \
             valid.",
        )
        .answers(refreshed)
        .refuses(|req| {
            token_refusals(req, AuthToken::Refresh).chain(user_refusals(req)).chain(family_refusals(req)).collect()
        })
}

/// `TokenVerifyView`: `{}` for any valid token.
pub fn token_verify() -> ApiView {
    token_view::<TokenVerifySerializer>("Token Verify")
        .description(
            "Takes a token and indicates if it is valid.  This view provides no\ninformation about a token's fitness \
             for a particular use.",
        )
        .answers(|_| object([]))
        .refuses(verify_refusals)
}

/// `TokenBlacklistView`: blacklists a refresh token and answers `{}`.
pub fn token_blacklist() -> ApiView {
    token_view::<TokenBlacklistSerializer>("Token Blacklist")
        .app(token_blacklist::apps::NAME)
        .description(
            "Takes a token and blacklists it. Must be used with the\n`rest_framework_simplejwt.token_blacklist` app \
             installed.",
        )
        .answers(|_| object([]))
        .refuses(|req| token_refusals(req, AuthToken::Refresh).chain(family_refusals(req)).collect())
}

/// `TokenObtainSlidingView`: `{"token": …}` for credentials. Its throttle scope is `login`.
pub fn token_obtain_sliding() -> ApiView {
    token_view::<TokenObtainSlidingSerializer>("Token Obtain Sliding")
        .description(
            "Takes a set of user credentials and returns a sliding JSON web token to\nprove the authentication of those \
             credentials.",
        )
        .answers(one_token)
        .logs_in(|req| login(req, AuthToken::Sliding, "token"))
        .refuses(login_refusals)
        .throttle_scope("login")
}

/// `TokenRefreshSlidingView`: `{"token": …}` with a later `exp` for a sliding token.
pub fn token_refresh_sliding() -> ApiView {
    token_view::<TokenRefreshSlidingSerializer>("Token Refresh Sliding")
        .description(
            "Takes a sliding JSON web token and returns a new, refreshed version if the\ntoken's refresh period has not \
             expired.",
        )
        .answers(one_token)
        .refuses(sliding_refresh_refusals)
}

/// The public keys that verify the tokens (RFC 7517), for `JWK_URL` and PyJWT's `PyJWKClient`. 404 if there are no public keys,
/// as with HMAC, whose keys are secret.
pub fn json_web_key_set() -> ApiView {
    ApiView::new("Json Web Key Set")
        .app("rest_framework_simplejwt")
        .tag("simplejwt")
        .description(
            "The public keys that verify the tokens (RFC 7517). Keep them for as long as `Cache-Control` says, then ask again \
             with `If-None-Match`.",
        )
        .unauthenticated(|_| None)
        .unthrottled()
        .renderers(&[Renderer::Json])
        .ignores_accept()
        .answers(|_| key_set())
        .refuses(|_| vec![ApiError::not_found()])
        .bodiless(&[304])
        .get(get_key_set)
}

async fn get_key_set(req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let jwt = app_data::<Arc<JwtState>>(&req)?;
    let keys = jwt.keys().with(|keys| keys.jwks().cloned()).ok_or_else(ApiError::not_found)?;
    let known = req.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let known = known.flat_map(|value| value.split(',')).map(str::trim);
    let is_known = known.map(|tag| tag.strip_prefix("W/").unwrap_or(tag)).any(|tag| tag == "*" || tag == keys.etag);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    let max_age = format!("max-age={}", jwt.settings.jwks_max_age.as_secs());
    response.insert_header((header::CACHE_CONTROL, max_age)).insert_header((header::ETAG, keys.etag));
    if is_known {
        return Ok(response.finish());
    }
    Ok(response.content_type("application/json").body(keys.body))
}

fn key_set() -> Value {
    let key = json!({
        "type": "object",
        "description": "A public key, with the members of its kind.",
        "properties": {
            "kid": text("The `kid` in the header of a token that this key verifies."),
            "use": { "type": "string", "const": "sig" },
            "alg": text("The only algorithm to use the key with."),
            "kty": { "type": "string", "enum": ["RSA", "EC", "OKP"] },
            "crv": text("The curve, of EC and OKP keys."),
            "x": text("The point, of EC and OKP keys."),
            "y": text("The other coordinate of the point, of EC keys."),
            "n": text("The modulus, of RSA keys."),
            "e": text("The exponent, of RSA keys."),
        },
        "required": ["kid", "use", "alg", "kty"],
        "additionalProperties": false,
    });
    object([("keys", json!({ "type": "array", "items": key, "minItems": 1 }))])
}

/// `TokenViewBase`: everyone may use such a view, and it ignores the `Authorization` header.
fn token_view<S: TokenSerializer<Error: Into<ApiError>>>(name: &'static str) -> ApiView {
    let view = ApiView::new(name).app("rest_framework_simplejwt").tag("simplejwt");
    view.unauthenticated(challenge).credentials().serializer::<S>().post(post::<S>)
}

fn refreshed(req: &HttpRequest) -> Value {
    match settings(req) {
        Some(settings) if settings.rotate_refresh_tokens => {
            object([("access", jwt(ACCESS)), ("refresh", jwt(REFRESH))])
        }
        _ => object([("access", jwt(ACCESS))]),
    }
}

fn one_token(_req: &HttpRequest) -> Value {
    object([("token", jwt("For the `Authorization` header, and to be exchanged for one that is good for longer."))])
}

fn login_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let refused = [ApiError::authentication_failed(NO_ACCOUNT_FOR_CREDENTIALS)];
    refused.into_iter().chain(ApiError::locked_out(req)).collect()
}

fn verify_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let is_asked = settings(req).is_some_and(|settings| settings.blacklist_after_rotation);
    let framework = RestFramework::of(req).ok().filter(|_| is_asked);
    let blacklisted = framework.map(|framework| non_field_error(&framework.settings.non_field_errors_key, BLACKLISTED));
    token_refusals(req, AuthToken::Untyped).chain(family_refusals(req)).chain(blacklisted).collect()
}

fn sliding_refresh_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let claim = settings(req).map(|settings| &settings.sliding_token_refresh_exp_claim);
    let about_time =
        claim.into_iter().flat_map(|claim| [TokenError::missing_claim(claim), TokenError::claim_expired(claim)]);
    token_refusals(req, AuthToken::Sliding).chain(user_refusals(req)).chain(about_time.map(ApiError::from)).collect()
}

/// The errors of a refresh that concern the user of the token.
fn user_refusals(req: &HttpRequest) -> impl Iterator<Item = ApiError> {
    let is_checked = settings(req).is_some_and(|settings| settings.check_revoke_token);
    let messages = [NO_ACCOUNT_FOR_TOKEN].into_iter().chain(is_checked.then_some(PASSWORD_CHANGED));
    messages.map(ApiError::authentication_failed)
}
