//! Checks of the older tokens' settings. Python counterpart: none.

use chrono::Duration;

use super::settings::LegacyJwtSettings;
use crate::apps::{Check, Registry, When};
use crate::core::checks::CheckMessage;

/// The checks of this app.
pub const CHECKS: &[Check] = &[
    Check { ids: &["legacy_jwt.W901"], when: When::Always, run: verification },
    Check { ids: &["legacy_jwt.W906"], when: When::Always, run: misspelt },
    Check { ids: &["legacy_jwt.W904"], when: When::StartAndDeploy, run: key_length },
    Check {
        ids: &["legacy_jwt.W902", "legacy_jwt.W903", "legacy_jwt.W905"],
        when: When::Deploy,
        run: lifetime_and_cookie,
    },
];

fn verification(registry: &Registry) -> Vec<CheckMessage> {
    if registry.settings::<LegacyJwtSettings>().verify {
        return Vec::new();
    }
    vec![CheckMessage::warning("legacy_jwt.W901", "JWT_VERIFY is off: every token is accepted, even a forged one.")]
}

/// Names in the environment that are probably meant to be settings of `JWT_AUTH`.
fn misspelt(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<LegacyJwtSettings>();
    settings.misspelt.iter().map(|error| CheckMessage::warning("legacy_jwt.W906", error.to_string())).collect()
}

/// An HMAC key should not be shorter than its hash (RFC 7518, section 3.2).
fn key_length(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<LegacyJwtSettings>();
    let key = settings.private_key.as_ref().or(settings.secret_key.as_ref()).unwrap_or(registry.secret_key());
    let id = "legacy_jwt.W904";
    settings
        .algorithm
        .short_key(key)
        .map(|text| CheckMessage::warning(id, format!("JWT_AUTH: {text}")))
        .into_iter()
        .collect()
}

fn lifetime_and_cookie(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<LegacyJwtSettings>();
    let mut found = Vec::new();
    if settings.expiration_delta > Duration::days(1) {
        let hint = "Such a token cannot be revoked. Use a short lifetime, and set JWT_ALLOW_REFRESH.";
        let text = "JWT_EXPIRATION_DELTA is longer than a day.";
        found.push(CheckMessage::warning("legacy_jwt.W903", text).hint(hint));
    }
    if !settings.verify_expiration {
        let text = "JWT_VERIFY_EXPIRATION is off: tokens never expire.";
        found.push(CheckMessage::warning("legacy_jwt.W902", text));
    }
    if settings.auth_cookie.is_some() {
        let text = "JWT_AUTH_COOKIE logs browsers in by a cookie, which they also send with requests from other sites.";
        found.push(CheckMessage::warning("legacy_jwt.W905", text));
    }
    found
}
