//! Checks of the sessions' settings. Python counterpart: `django.core.checks.security.sessions`, with its ids and texts.

use super::settings::SessionSettings;
use crate::apps::{Check, Registry, When};
use crate::core::checks::CheckMessage;

/// The checks of this app.
pub const CHECKS: &[Check] = &[
    Check { ids: &["security.W012", "security.W015"], when: When::Deploy, run: cookie },
    Check { ids: &["sessions.W901"], when: When::Always, run: misspelt },
];

fn cookie(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<SessionSettings>();
    let mut found = Vec::new();
    if !settings.cookie_secure {
        found.push(CheckMessage::warning(
            "security.W012",
            "SESSION_COOKIE_SECURE is not set to True. Using a secure-only session cookie makes it more difficult for \
             network traffic sniffers to hijack user sessions.",
        ));
    }
    if !settings.cookie_httponly {
        found.push(CheckMessage::warning(
            "security.W015",
            "SESSION_COOKIE_HTTPONLY is not set to True. Using an HttpOnly session cookie makes it more difficult for \
             cross-site scripting attacks to hijack user sessions.",
        ));
    }
    found
}

/// Names in the environment that are probably meant to be settings of sessions.
fn misspelt(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<SessionSettings>();
    settings.misspelt.iter().map(|error| CheckMessage::warning("sessions.W901", error.to_string())).collect()
}
