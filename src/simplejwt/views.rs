//! HTTP views of the JWT app, one function per endpoint and one line per view. Python counterpart:
//! `rest_framework_simplejwt.views`.
//!
//! A view takes checked input, calls one serializer and answers 200. It knows neither claims nor SQL.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::authentication::challenge;
use super::schemas::views as schemas;
use super::serializers::{Context, TokenBlacklist, TokenObtain, TokenRefresh, TokenRefreshSliding, TokenVerify};
use super::token_blacklist;
use crate::http::outcome::TokenEvent;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::request::RequestData;
use crate::rest_framework::views::ApiView;

/// `TokenObtainPairView`: credentials in, `{"refresh": …, "access": …}` out.
#[must_use]
pub fn token_obtain_pair() -> ApiView {
    token_view("Token Obtain Pair")
        .description(
            "Takes a set of user credentials and returns an access and refresh JSON web token pair to prove the \
             authentication of those credentials.",
        )
        .serializer::<TokenObtain>()
        .answers(schemas::pair)
        .refuses(schemas::login_refusals)
        .throttle_scope("login")
        .post(obtain_pair)
}

/// `TokenRefreshView`: a refresh token in, `{"access": …}` out, with a new `refresh` when rotation is on.
#[must_use]
pub fn token_refresh() -> ApiView {
    token_view("Token Refresh")
        .description(
            "Takes a refresh type JSON web token and returns an access type JSON web token if the refresh token is \
             valid.",
        )
        .serializer::<TokenRefresh>()
        .answers(schemas::refreshed)
        .refuses(schemas::refresh_refusals)
        .post(refresh)
}

/// `TokenVerifyView`: any token in, `{}` out.
#[must_use]
pub fn token_verify() -> ApiView {
    token_view("Token Verify")
        .description(
            "Takes a token and indicates if it is valid. This view provides no information about a token's fitness \
             for a particular use.",
        )
        .serializer::<TokenVerify>()
        .answers(schemas::nothing)
        .refuses(schemas::verify_refusals)
        .post(verify)
}

/// `TokenBlacklistView`: a refresh token in, `{}` out, and the token is over.
#[must_use]
pub fn token_blacklist() -> ApiView {
    token_view("Token Blacklist")
        .app(token_blacklist::apps::NAME)
        .description("Takes a token and blacklists it.")
        .serializer::<TokenBlacklist>()
        .answers(schemas::nothing)
        .refuses(schemas::blacklist_refusals)
        .post(blacklist)
}

/// `TokenObtainSlidingView`: credentials in, `{"token": …}` out.
#[must_use]
pub fn token_obtain_sliding() -> ApiView {
    token_view("Token Obtain Sliding")
        .description(
            "Takes a set of user credentials and returns a sliding JSON web token to prove the authentication of those \
             credentials.",
        )
        .serializer::<TokenObtain>()
        .answers(schemas::one_token)
        .refuses(schemas::login_refusals)
        .throttle_scope("login")
        .post(obtain_sliding)
}

/// `TokenRefreshSlidingView`: a sliding token in, `{"token": …}` out, good for longer.
#[must_use]
pub fn token_refresh_sliding() -> ApiView {
    token_view("Token Refresh Sliding")
        .description(
            "Takes a sliding JSON web token and returns a new, refreshed version if the token's refresh period has not \
             expired.",
        )
        .serializer::<TokenRefreshSliding>()
        .answers(schemas::one_token)
        .refuses(schemas::sliding_refresh_refusals)
        .post(refresh_sliding)
}

/// `TokenViewBase`: open to everybody and blind to the `Authorization` header.
fn token_view(name: &'static str) -> ApiView {
    ApiView::new(name).app("rest_framework_simplejwt").tag("simplejwt").unauthenticated(challenge)
}

async fn obtain_pair(req: HttpRequest, data: RequestData<TokenObtain>) -> Result<HttpResponse, ApiError> {
    Ok(TokenEvent::Issued.on(HttpResponse::Ok().json(data.into_inner().pair(Context::of(&req)?).await?)))
}

async fn refresh(req: HttpRequest, data: RequestData<TokenRefresh>) -> Result<HttpResponse, ApiError> {
    Ok(TokenEvent::Refreshed.on(HttpResponse::Ok().json(data.into_inner().save(Context::of(&req)?).await?)))
}

async fn verify(req: HttpRequest, data: RequestData<TokenVerify>) -> Result<HttpResponse, ApiError> {
    data.into_inner().validate(Context::of(&req)?).await?;
    Ok(TokenEvent::Verified.on(HttpResponse::Ok().json(json!({}))))
}

async fn blacklist(req: HttpRequest, data: RequestData<TokenBlacklist>) -> Result<HttpResponse, ApiError> {
    data.into_inner().save(Context::of(&req)?).await?;
    Ok(TokenEvent::Blacklisted.on(HttpResponse::Ok().json(json!({}))))
}

async fn obtain_sliding(req: HttpRequest, data: RequestData<TokenObtain>) -> Result<HttpResponse, ApiError> {
    Ok(TokenEvent::Issued.on(HttpResponse::Ok().json(data.into_inner().sliding(Context::of(&req)?).await?)))
}

async fn refresh_sliding(req: HttpRequest, data: RequestData<TokenRefreshSliding>) -> Result<HttpResponse, ApiError> {
    Ok(TokenEvent::Refreshed.on(HttpResponse::Ok().json(data.into_inner().save(Context::of(&req)?).await?)))
}
