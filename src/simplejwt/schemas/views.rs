//! What the views answer and refuse.

use actix_web::HttpRequest;
use serde_json::Value;

use super::settings;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::schemas::shapes::{jwt, object};
use crate::rest_framework::serializers::non_field_error;
use crate::rest_framework::state::RestFramework;
use crate::simplejwt::exceptions::{
    BLACKLISTED, EXPIRED, INVALID, NO_ACCOUNT_FOR_CREDENTIALS, NO_ACCOUNT_FOR_TOKEN, NO_EXP, NO_ID, NO_TYPE,
    PASSWORD_CHANGED, TokenError, WRONG_TYPE,
};

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
    let refused = [ApiError::authentication_failed(NO_ACCOUNT_FOR_CREDENTIALS)];
    refused.into_iter().chain(ApiError::locked_out(req)).collect()
}

fn invalid(messages: &[&str]) -> Vec<ApiError> {
    messages.iter().map(|message| TokenError::invalid(*message).into()).collect()
}

pub(in crate::simplejwt) fn verify_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let Some(settings) = settings(req) else { return Vec::new() };
    let mut errors = invalid(&[INVALID, EXPIRED, NO_EXP]);
    if settings.jti_claim.is_some() {
        errors.extend(invalid(&[NO_ID]));
    }
    if let (true, Ok(framework)) = (settings.blacklist_after_rotation, RestFramework::of(req)) {
        errors.push(non_field_error(&framework.settings.non_field_errors_key, BLACKLISTED));
    }
    errors
}

pub(in crate::simplejwt) fn blacklist_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let mut errors = invalid(&[INVALID, EXPIRED, NO_EXP, NO_ID]);
    if settings(req).is_some_and(|settings| settings.token_type_claim.is_some()) {
        errors.extend(invalid(&[NO_TYPE, WRONG_TYPE]));
    }
    errors.extend(invalid(&[BLACKLISTED]));
    errors
}

pub(in crate::simplejwt) fn refresh_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let mut errors = blacklist_refusals(req);
    errors.push(ApiError::authentication_failed(NO_ACCOUNT_FOR_TOKEN));
    if settings(req).is_some_and(|settings| settings.check_revoke_token) {
        errors.push(ApiError::authentication_failed(PASSWORD_CHANGED));
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
