//! The part of this app in the API's description. Python counterpart:
//! `drf_spectacular.contrib.rest_framework_simplejwt`.
//!
//! Errors are listed as the very values that the views and the authentication classes raise.

use std::sync::Arc;

use actix_web::HttpRequest;
use serde_json::{Value, json};

use super::exceptions::{
    BLACKLISTED, EXPIRED, FAMILY_BLACKLISTED, FAMILY_EXPIRED, INVALID, NO_EXP, NO_ID, NO_TYPE, WRONG_TYPE, bad_header,
    no_user_id, not_valid,
};
use super::settings::SimpleJwtSettings;
use super::state::JwtState;
#[cfg(feature = "database")]
use super::tokens::AuthToken;
use crate::rest_framework::exceptions::ApiError;
#[cfg(feature = "database")]
use crate::rest_framework::schemas::login::Login;
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

/// A token of `class` in `token` of an answer, for the log-in form of the API's page.
#[cfg(feature = "database")]
pub(super) fn login(req: &HttpRequest, class: AuthToken, token: &'static str) -> Option<Login> {
    let is_accepted = settings(req)?.auth_token_classes.contains(&class);
    let (scheme, definition) = security_definition(req).filter(|_| is_accepted)?;
    let word = settings(req)?.auth_header_types.first()?;
    let prefix = if definition["type"] == "http" { String::new() } else { format!("{word} ") };
    Some(Login { scheme, token, prefix })
}

/// The errors of a protected view about a credential.
pub(super) fn credential_refusals(req: &HttpRequest) -> Vec<ApiError> {
    let Some(settings) = settings(req) else { return Vec::new() };
    let classes = &settings.auth_token_classes;
    let messages = messages(settings, true, classes.iter().any(|class| class.is_revocable()));
    let of_all = |message| not_valid(classes.iter().map(|class| (*class, message)));
    let families = if settings.token_family.check_on_access { family_messages(req) } else { &[] };
    let mut errors: Vec<_> = messages.into_iter().chain(families.iter().copied()).map(of_all).collect();
    errors.extend([bad_header(), no_user_id()]);
    errors
}

/// The messages about the family of a token, if there are families.
pub(super) fn family_messages(req: &HttpRequest) -> &'static [&'static str] {
    match app_data::<Arc<JwtState>>(req).ok().and_then(|jwt| jwt.families()) {
        Some(_) => &[FAMILY_EXPIRED, FAMILY_BLACKLISTED],
        None => &[],
    }
}

/// The messages about a token of a class with a type or without one, that can be blacklisted or not.
pub(super) fn messages(settings: &SimpleJwtSettings, is_typed: bool, is_revocable: bool) -> Vec<&'static str> {
    let mut messages = vec![INVALID, EXPIRED, NO_EXP];
    if settings.jti_claim.is_some() || is_revocable {
        messages.push(NO_ID);
    }
    if settings.token_type_claim.is_some() && is_typed {
        messages.extend([NO_TYPE, WRONG_TYPE]);
    }
    if is_revocable {
        messages.push(BLACKLISTED);
    }
    messages
}
