//! Checks of keys, lifetimes and rules of tokens. Python counterpart: none.

use chrono::Duration;

use super::settings::SimpleJwtSettings;
use super::tokens::AuthToken;
use crate::apps::{Check, Registry, When};
use crate::core::checks::CheckMessage;

/// The checks of this app.
pub const CHECKS: &[Check] = &[
    Check { ids: &["simplejwt.W903", "simplejwt.W906"], when: When::Always, run: rotation },
    Check { ids: &["simplejwt.W907", "simplejwt.W908"], when: When::Always, run: unchecked },
    Check { ids: &["simplejwt.W904"], when: When::StartAndDeploy, run: key_length },
    Check { ids: &["simplejwt.W901", "simplejwt.W902", "simplejwt.W905"], when: When::Deploy, run: lifetimes },
    Check { ids: &["auth.W903"], when: When::Deploy, run: inactive_users },
];

/// An HMAC key should not be shorter than its hash (RFC 7518, section 3.2).
fn key_length(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<SimpleJwtSettings>();
    let key = settings.signing_key.as_ref().unwrap_or(registry.secret_key());
    settings.algorithm.short_key(key).map(|text| CheckMessage::warning("simplejwt.W904", text)).into_iter().collect()
}

/// Settings under which a token proves less than it seems to.
fn unchecked(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<SimpleJwtSettings>();
    let mut found = Vec::new();
    if settings.token_type_claim.is_none() {
        found.push(CheckMessage::warning(
            "simplejwt.W907",
            "SIMPLE_JWT_TOKEN_TYPE_CLAIM is none: access tokens are accepted as refresh tokens, and the other way round.",
        ));
    }
    if settings.auth_token_classes.iter().any(|class| matches!(class, AuthToken::Refresh | AuthToken::Untyped)) {
        found.push(CheckMessage::warning(
            "simplejwt.W908",
            "SIMPLE_JWT_AUTH_TOKEN_CLASSES accepts refresh tokens for ordinary requests, where they are easier to steal.",
        ));
    }
    found
}

const LONG_ACCESS: Duration = Duration::days(1);
const LONG_REFRESH: Duration = Duration::days(90);

fn lifetimes(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<SimpleJwtSettings>();
    let mut found = Vec::new();
    if settings.access_token_lifetime > LONG_ACCESS {
        let text = "SIMPLE_JWT_ACCESS_TOKEN_LIFETIME is longer than a day.";
        let hint = "An access token cannot be revoked. Use a short lifetime, and refresh tokens.";
        found.push(CheckMessage::warning("simplejwt.W901", text).hint(hint));
    }
    if settings.auth_token_classes.contains(&AuthToken::Sliding) && settings.sliding_token_lifetime > LONG_ACCESS {
        let text = "SIMPLE_JWT_SLIDING_TOKEN_LIFETIME is longer than a day.";
        found.push(CheckMessage::warning("simplejwt.W901", text).hint("Let clients refresh their tokens."));
    }
    if settings.refresh_token_lifetime > LONG_REFRESH {
        let text = "SIMPLE_JWT_REFRESH_TOKEN_LIFETIME is longer than 90 days.";
        let hint =
            "A stolen token can be used until it expires. With rotation, active users never have to log in again.";
        found.push(CheckMessage::warning("simplejwt.W905", text).hint(hint));
    }
    if settings.refresh_token_lifetime < settings.access_token_lifetime {
        let text = "SIMPLE_JWT_REFRESH_TOKEN_LIFETIME is shorter than SIMPLE_JWT_ACCESS_TOKEN_LIFETIME.";
        found.push(CheckMessage::warning("simplejwt.W902", text));
    }
    found
}

/// Rotation is safe only if the old token is blacklisted.
fn rotation(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<SimpleJwtSettings>();
    match (settings.rotate_refresh_tokens, settings.blacklist_after_rotation) {
        (false, true) => {
            let text = "SIMPLE_JWT_BLACKLIST_AFTER_ROTATION has no effect on refresh without \
                        SIMPLE_JWT_ROTATE_REFRESH_TOKENS.";
            vec![CheckMessage::warning("simplejwt.W903", text).hint("Turn rotation on, or blacklisting off.")]
        }
        (true, false) => {
            let text = "SIMPLE_JWT_ROTATE_REFRESH_TOKENS without SIMPLE_JWT_BLACKLIST_AFTER_ROTATION leaves every old \
                        refresh token valid until it expires.";
            let hint = "Set SIMPLE_JWT_BLACKLIST_AFTER_ROTATION=true, so that a refresh token can be used once.";
            vec![CheckMessage::warning("simplejwt.W906", text).hint(hint)]
        }
        _ => Vec::new(),
    }
}

/// Deactivated users keep their access if tokens are not checked for it.
fn inactive_users(registry: &Registry) -> Vec<CheckMessage> {
    if registry.settings::<SimpleJwtSettings>().check_user_is_active {
        return Vec::new();
    }
    let text = "SIMPLE_JWT_CHECK_USER_IS_ACTIVE is off: the tokens of a deactivated user stay valid.";
    vec![CheckMessage::warning("auth.W903", text)]
}
