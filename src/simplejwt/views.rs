//! The views of this app. Python counterpart: `rest_framework_simplejwt.views`.

use actix_web::{HttpRequest, HttpResponse};

use super::authentication::challenge;
use super::schemas::views as schemas;
use super::serializers::{
    Context, TokenBlacklistSerializer, TokenObtainPairSerializer, TokenObtainSlidingSerializer, TokenRefreshSerializer,
    TokenRefreshSlidingSerializer, TokenSerializer, TokenVerifySerializer,
};
use super::token_blacklist;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::request::RequestData;
use crate::rest_framework::views::ApiView;

/// `TokenObtainPairView`: `{"refresh": …, "access": …}` for credentials. Its throttle scope is `login`.
#[must_use]
pub fn token_obtain_pair() -> ApiView {
    token_view::<TokenObtainPairSerializer>("Token Obtain Pair")
        .description(
            "Takes a set of user credentials and returns an access and refresh JSON web token pair to prove the \
             authentication of those credentials.",
        )
        .answers(schemas::pair)
        .refuses(schemas::login_refusals)
        .throttle_scope("login")
}

/// `TokenRefreshView`: `{"access": …}` for a refresh token, with a new `refresh` if rotation is on.
#[must_use]
pub fn token_refresh() -> ApiView {
    token_view::<TokenRefreshSerializer>("Token Refresh")
        .description(
            "Takes a refresh type JSON web token and returns an access type JSON web token if the refresh token is \
             valid.",
        )
        .answers(schemas::refreshed)
        .refuses(schemas::refresh_refusals)
}

/// `TokenVerifyView`: `{}` for any valid token.
#[must_use]
pub fn token_verify() -> ApiView {
    token_view::<TokenVerifySerializer>("Token Verify")
        .description(
            "Takes a token and indicates if it is valid. This view provides no information about a token's fitness \
             for a particular use.",
        )
        .answers(schemas::nothing)
        .refuses(schemas::verify_refusals)
}

/// `TokenBlacklistView`: blacklists a refresh token and answers `{}`.
#[must_use]
pub fn token_blacklist() -> ApiView {
    token_view::<TokenBlacklistSerializer>("Token Blacklist")
        .app(token_blacklist::apps::NAME)
        .description("Takes a token and blacklists it.")
        .answers(schemas::nothing)
        .refuses(schemas::blacklist_refusals)
}

/// `TokenObtainSlidingView`: `{"token": …}` for credentials. Its throttle scope is `login`.
#[must_use]
pub fn token_obtain_sliding() -> ApiView {
    token_view::<TokenObtainSlidingSerializer>("Token Obtain Sliding")
        .description(
            "Takes a set of user credentials and returns a sliding JSON web token to prove the authentication of those \
             credentials.",
        )
        .answers(schemas::one_token)
        .refuses(schemas::login_refusals)
        .throttle_scope("login")
}

/// `TokenRefreshSlidingView`: `{"token": …}` with a later `exp` for a sliding token.
#[must_use]
pub fn token_refresh_sliding() -> ApiView {
    token_view::<TokenRefreshSlidingSerializer>("Token Refresh Sliding")
        .description(
            "Takes a sliding JSON web token and returns a new, refreshed version if the token's refresh period has not \
             expired.",
        )
        .answers(schemas::one_token)
        .refuses(schemas::sliding_refresh_refusals)
}

/// `TokenViewBase`: a view that everyone may use and that ignores the `Authorization` header.
fn token_view<S: TokenSerializer>(name: &'static str) -> ApiView {
    let view = ApiView::new(name).app("rest_framework_simplejwt").tag("simplejwt");
    view.unauthenticated(challenge).serializer::<S>().post(post::<S>)
}

/// `TokenViewBase.post`
async fn post<S: TokenSerializer>(req: HttpRequest, data: RequestData<S>) -> Result<HttpResponse, ApiError> {
    let data = data.into_inner().validate(&Context::of(&req)?).await?;
    Ok(S::EVENT.on(HttpResponse::Ok().json(data)))
}
