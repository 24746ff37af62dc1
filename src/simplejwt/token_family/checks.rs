//! Checks of the settings of token families. Python counterpart: `rest_framework_simplejwt.token_family.checks`, without the
//! checks that types do here.

use super::settings::TokenFamilySettings;
use crate::apps::{Check, Registry, When};
use crate::core::checks::CheckMessage;
use crate::simplejwt::settings::SimpleJwtSettings;

/// The checks of this app.
pub(super) const CHECKS: &[Check] = &[
    Check { ids: &["token_family.W901", "token_family.W902"], when: When::Always, run: reuse },
    Check { ids: &["token_family.W903", "token_family.W904"], when: When::Always, run: without_effect },
];

/// Without a grace period a second tab that refreshes at the same time looks like a thief. Without a blacklist a thief is not
/// detected.
fn reuse(registry: &Registry) -> Vec<CheckMessage> {
    let jwt = registry.settings::<SimpleJwtSettings>();
    let families = &jwt.token_family;
    let mut found = Vec::new();
    if !families.enabled || !families.blacklist_on_reuse {
        return found;
    }
    if families.refresh_token_grace_period.is_zero() {
        let text = "SIMPLE_JWT_TOKEN_FAMILY_BLACKLIST_ON_REUSE without SIMPLE_JWT_REFRESH_TOKEN_GRACE_PERIOD: two tabs that refresh \
                    at the same time, or a client that did not get the answer, end their own login.";
        let hint = "Set a grace period of some seconds, such as SIMPLE_JWT_REFRESH_TOKEN_GRACE_PERIOD=10s.";
        found.push(CheckMessage::warning("token_family.W901", text).hint(hint));
    }
    if !(jwt.rotate_refresh_tokens && jwt.blacklist_after_rotation) {
        let text =
            "SIMPLE_JWT_TOKEN_FAMILY_BLACKLIST_ON_REUSE has no effect: a refresh token may be used several times.";
        let hint = "Set SIMPLE_JWT_ROTATE_REFRESH_TOKENS=true and SIMPLE_JWT_BLACKLIST_AFTER_ROTATION=true.";
        found.push(CheckMessage::warning("token_family.W902", text).hint(hint));
    }
    found
}

/// Settings that have no effect while families are off.
fn without_effect(registry: &Registry) -> Vec<CheckMessage> {
    let jwt = registry.settings::<SimpleJwtSettings>();
    let TokenFamilySettings { enabled, blacklist_on_reuse, check_on_access, sessions_max, .. } = jwt.token_family;
    let has_grace = !jwt.token_family.refresh_token_grace_period.is_zero();
    let mut found = Vec::new();
    if !enabled {
        for (key, is_set) in [
            ("SIMPLE_JWT_TOKEN_FAMILY_BLACKLIST_ON_REUSE", blacklist_on_reuse),
            ("SIMPLE_JWT_TOKEN_FAMILY_CHECK_ON_ACCESS", check_on_access),
            ("SIMPLE_JWT_REFRESH_TOKEN_GRACE_PERIOD", has_grace),
            ("SIMPLE_JWT_SESSIONS_MAX", sessions_max.is_some()),
        ] {
            if is_set {
                let text = format!("{key} has no effect without SIMPLE_JWT_TOKEN_FAMILY_ENABLED.");
                found.push(CheckMessage::warning("token_family.W903", text));
            }
        }
    } else if has_grace && !(jwt.rotate_refresh_tokens && jwt.blacklist_after_rotation) {
        let text = "SIMPLE_JWT_REFRESH_TOKEN_GRACE_PERIOD has no effect: a refresh token may be used several times.";
        let hint = "Set SIMPLE_JWT_ROTATE_REFRESH_TOKENS=true and SIMPLE_JWT_BLACKLIST_AFTER_ROTATION=true.";
        found.push(CheckMessage::warning("token_family.W904", text).hint(hint));
    }
    found
}
