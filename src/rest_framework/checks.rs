//! Checks of limits and permissions. Python counterpart: none.

use super::settings::RestFrameworkSettings;
use crate::apps::{Check, Registry, When};
#[cfg(feature = "database")]
use crate::contrib::auth::settings::AuthSettings;
use crate::core::checks::CheckMessage;

/// The checks of this app.
pub const CHECKS: &[Check] = &[
    #[cfg(feature = "database")]
    Check { ids: &["auth.W902", "auth.W904"], when: When::Deploy, run: login_limits },
    Check { ids: &["rest_framework.W901"], when: When::Deploy, run: proxies },
    Check { ids: &["rest_framework.W902"], when: When::Deploy, run: open_views },
    Check { ids: &["rest_framework.W903"], when: When::Deploy, run: upload_timeout },
];

/// Without a limit, an attacker can try passwords until one matches.
#[cfg(feature = "database")]
fn login_limits(registry: &Registry) -> Vec<CheckMessage> {
    let framework = registry.settings::<RestFrameworkSettings>();
    let has_rate = |scope| matches!(framework.default_throttle_rates.get(scope), Some(Some(_)));
    let throttled = framework.default_throttle_classes.iter().any(|class| match class.as_str() {
        "AnonRateThrottle" => has_rate("anon"),
        "UserRateThrottle" => has_rate("user"),
        "ScopedRateThrottle" => has_rate("login"),
        _ => false,
    });
    let auth = registry.settings::<AuthSettings>();
    // LOGIN_FAILURE_LIMIT_PER_ADDRESS limits one client, also if it makes up names.
    if throttled || auth.login_failure_limit_per_address.is_some() {
        return Vec::new();
    }
    if auth.login_failure_limit.is_some() {
        let message = CheckMessage::warning(
            "auth.W904",
            "No throttle has a rate for logins. LOGIN_FAILURE_LIMIT counts failures of each name, so a client that makes up \
             names is not limited.",
        );
        return vec![message.hint(
            "Add ScopedRateThrottle to REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES and a rate for the scope login, such as \
             login=30/min, to REST_FRAMEWORK_DEFAULT_THROTTLE_RATES.",
        )];
    }
    let message = CheckMessage::warning("auth.W902", "Nothing limits how often a client may try to log in.");
    vec![message.hint("Set LOGIN_FAILURE_LIMIT, and a throttle with a rate for the scope login.")]
}

#[cfg(feature = "database")]
fn has_login_failure_limit(registry: &Registry) -> bool {
    let settings = registry.settings::<AuthSettings>();
    settings.login_failure_limit.is_some() || settings.login_failure_limit_per_address.is_some()
}

#[cfg(not(feature = "database"))]
fn has_login_failure_limit(_registry: &Registry) -> bool {
    false
}

/// Limits count clients by their address, which only the number of proxies makes certain.
fn proxies(registry: &Registry) -> Vec<CheckMessage> {
    let framework = registry.settings::<RestFrameworkSettings>();
    let limits = has_login_failure_limit(registry) || !framework.default_throttle_classes.is_empty();
    if !limits || framework.num_proxies.is_some() {
        return Vec::new();
    }
    let message = CheckMessage::warning(
        "rest_framework.W901",
        "REST_FRAMEWORK_NUM_PROXIES is not set. A throttle then counts a client by X-Forwarded-For, which the client may \
         write, and LOGIN_FAILURE_LIMIT by the address of the last proxy, which all clients share.",
    );
    vec![message.hint("Set it to the number of proxies in front, 0 for none.")]
}

/// A view that states no permission has the default ones.
fn open_views(registry: &Registry) -> Vec<CheckMessage> {
    let framework = registry.settings::<RestFrameworkSettings>();
    if framework.default_permission_classes.iter().any(|class| class != "AllowAny") {
        return Vec::new();
    }
    let message =
        CheckMessage::warning("rest_framework.W902", "A view without permission classes is open to everyone.");
    vec![message.hint("Set REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES=IsAuthenticated.")]
}

/// Without a time limit, slow clients use up the connections.
fn upload_timeout(registry: &Registry) -> Vec<CheckMessage> {
    if !registry.settings::<RestFrameworkSettings>().limits.time.is_zero() {
        return Vec::new();
    }
    vec![CheckMessage::warning(
        "rest_framework.W903",
        "DATA_UPLOAD_TIMEOUT is 0: the server waits for a client without a limit.",
    )]
}
