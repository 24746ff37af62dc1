//! The part of this app in the API's description. Python counterpart:
//! `drf_spectacular.contrib.rest_framework_simplejwt`.
//!
//! The listed errors are the same values that the views and the authentication classes return.

use std::sync::Arc;

use actix_web::HttpRequest;
use serde_json::{Value, json};

#[cfg(feature = "database")]
use super::exceptions::TokenError;
use super::exceptions::{
    BLACKLISTED, EXPIRED, FAMILY_BLACKLISTED, FAMILY_EXPIRED, INVALID, NO_EXP, NO_ID, NO_TYPE, WRONG_TYPE, bad_header,
    no_user_id, not_valid,
};
use super::settings::SimpleJwtSettings;
use super::state::JwtState;
use super::tokens::AuthToken;
use crate::rest_framework::exceptions::ApiError;
#[cfg(feature = "database")]
use crate::rest_framework::schemas::login::IssuedToken;
use crate::rest_framework::state::app_data;

pub(super) fn settings(req: &HttpRequest) -> Option<&SimpleJwtSettings> {
    app_data::<Arc<JwtState>>(req).ok().map(|jwt| &jwt.settings)
}

/// `Authorization: Bearer <token>`, or the header and the word that the settings name.
pub(super) fn security_definition(req: &HttpRequest) -> Option<(&'static str, Value)> {
    let settings = settings(req)?;
    let word = settings.auth_header_types.first()?;
    let header = &settings.auth_header_name;
    let definition = if word == "Bearer" && header.eq_ignore_ascii_case("authorization") {
        json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" })
    } else {
        let description = format!("Token-based authentication with required prefix \"{word}\"");
        json!({ "type": "apiKey", "in": "header", "name": header, "description": description })
    };
    Some(("jwtAuth", definition))
}

/// Says that the member `token` of a response is a token of `class`, for the login form of the API's page.
#[cfg(feature = "database")]
pub(super) fn login(req: &HttpRequest, class: AuthToken, token: &'static str) -> Option<IssuedToken> {
    let is_accepted = settings(req)?.auth_token_classes.contains(&class);
    let (scheme, definition) = security_definition(req).filter(|_| is_accepted)?;
    let word = settings(req)?.auth_header_types.first()?;
    let prefix = if definition["type"] == "http" { String::new() } else { format!("{word} ") };
    Some(IssuedToken { scheme, token, prefix })
}

/// The errors of a protected view about a credential.
pub(super) fn credential_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let Some(settings) = settings(req) else { return Vec::new() };
    let classes = &settings.auth_token_classes;
    let families = family_messages(req).filter(|_| settings.token_family.check_on_access);
    let of_all = |message| not_valid(classes.iter().map(|class| (*class, message)));
    let errors = messages(settings, classes).chain(families).map(of_all);
    errors.chain([bad_header(), no_user_id()]).collect()
}

/// The errors about a token of `class` in a body, without the errors about its family.
#[cfg(feature = "database")]
pub(super) fn token_refusals(req: &HttpRequest, class: AuthToken) -> impl Iterator<Item = ApiError> {
    let messages = settings(req).into_iter().flat_map(move |settings| messages(settings, &[class]));
    messages.map(|message| TokenError::invalid(message).into())
}

/// The errors about the family of a token in a body.
#[cfg(feature = "database")]
pub(super) fn family_refusals(req: &HttpRequest) -> impl Iterator<Item = ApiError> {
    family_messages(req).map(|message| TokenError::invalid(message).into())
}

/// The messages about the family of a token, if there are families.
fn family_messages(req: &HttpRequest) -> impl Iterator<Item = &'static str> {
    let has_families = app_data::<Arc<JwtState>>(req).is_ok_and(|jwt| jwt.families().is_some());
    [FAMILY_EXPIRED, FAMILY_BLACKLISTED].into_iter().filter(move |_| has_families)
}

/// The messages about a token that is read as one of `classes`.
fn messages(settings: &SimpleJwtSettings, classes: &[AuthToken]) -> impl Iterator<Item = &'static str> + use<> {
    let is_typed = settings.token_type_claim.is_some() && classes != [AuthToken::Untyped];
    let is_revocable = classes.iter().any(|class| class.is_revocable());
    let messages = [
        (INVALID, true),
        (EXPIRED, true),
        (NO_EXP, true),
        (NO_ID, settings.jti_claim.is_some() || is_revocable),
        (NO_TYPE, is_typed),
        (WRONG_TYPE, is_typed),
        (BLACKLISTED, is_revocable),
    ];
    messages.into_iter().filter_map(|(message, is_possible)| is_possible.then_some(message))
}
