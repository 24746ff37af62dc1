//! What the views of tokens answer and refuse.

use actix_web::HttpRequest;
use serde_json::Value;

use super::settings;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::schemas::shapes::{jwt, object};
use crate::rest_framework::serializers::non_field_error;
use crate::rest_framework::state::RestFramework;
use crate::simplejwt::exceptions::{
    BLACKLISTED, EXPIRED, INVALID, NO_EXP, NO_ID, NO_TYPE, TokenError, WRONG_TYPE, no_active_account,
};
use crate::simplejwt::serializers::{self, NO_ACCOUNT_FOR_CREDENTIALS, NO_ACCOUNT_FOR_TOKEN};
use crate::simplejwt::settings::SimpleJwtSettings;

const ACCESS: &str = "For the `Authorization` header of protected views.";
const REFRESH: &str = "To be exchanged for a new access token.";

pub(in crate::simplejwt) fn pair(_req: &HttpRequest) -> Value {
    object([("refresh", jwt(REFRESH)), ("access", jwt(ACCESS))])
}

pub(in crate::simplejwt) fn refreshed(req: &HttpRequest) -> Value {
    if settings(req).is_some_and(|settings| settings.rotate_refresh_tokens) {
        return object([("access", jwt(ACCESS)), ("refresh", jwt(REFRESH))]);
    }
    object([("access", jwt(ACCESS))])
}

pub(in crate::simplejwt) fn one_token(_req: &HttpRequest) -> Value {
    object([("token", jwt("For the `Authorization` header, and to be exchanged for one that is good for longer."))])
}

pub(in crate::simplejwt) fn nothing(_req: &HttpRequest) -> Value {
    object([])
}

pub(in crate::simplejwt) fn login_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let refused = [no_active_account(NO_ACCOUNT_FOR_CREDENTIALS)];
    refused.into_iter().chain(ApiError::locked_out(req)).collect()
}

/// What is wrong with a token of no particular kind.
fn token_refusals(settings: &SimpleJwtSettings) -> Vec<TokenError> {
    let mut messages = vec![INVALID, EXPIRED, NO_EXP];
    if settings.jti_claim.is_some() {
        messages.push(NO_ID);
    }
    messages.into_iter().map(TokenError::invalid).collect()
}

pub(in crate::simplejwt) fn verify_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let Some(settings) = settings(req) else { return Vec::new() };
    let mut errors: Vec<ApiError> = token_refusals(settings).into_iter().map(ApiError::from).collect();
    if let (true, Ok(framework)) = (settings.blacklist_after_rotation, RestFramework::of(req)) {
        errors.push(non_field_error(&framework.settings.non_field_errors_key, BLACKLISTED));
    }
    errors
}

pub(in crate::simplejwt) fn blacklist_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let Some(settings) = settings(req) else { return Vec::new() };
    let mut errors = token_refusals(settings);
    if settings.jti_claim.is_none() {
        errors.push(TokenError::invalid(NO_ID));
    }
    if settings.token_type_claim.is_some() {
        errors.extend([NO_TYPE, WRONG_TYPE].map(TokenError::invalid));
    }
    errors.push(TokenError::blacklisted());
    errors.into_iter().map(ApiError::from).collect()
}

pub(in crate::simplejwt) fn refresh_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let mut errors = blacklist_refusals(req);
    errors.push(no_active_account(NO_ACCOUNT_FOR_TOKEN));
    if settings(req).is_some_and(|settings| settings.check_revoke_token) {
        errors.push(no_active_account(serializers::PASSWORD_CHANGED));
    }
    errors
}

pub(in crate::simplejwt) fn sliding_refresh_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let mut errors = refresh_refusals(req);
    if let Some(settings) = settings(req) {
        let claim = &settings.sliding_token_refresh_exp_claim;
        errors.extend([TokenError::missing_claim(claim).into(), TokenError::claim_expired(claim).into()]);
    }
    errors
}
