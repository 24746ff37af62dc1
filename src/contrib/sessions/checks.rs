//! Checks of the sessions' settings. Python counterpart: `django.core.checks.security.sessions`
//! and `csrf`, with their ids and texts.

use super::settings::SessionSettings;
use crate::apps::{Check, Registry, When};
use crate::core::checks::CheckMessage;
use crate::http::csrf::CsrfSettings;

/// The checks of this app.
pub const CHECKS: &[Check] = &[
    Check { ids: &["security.W012", "security.W015"], when: When::Deploy, run: cookie },
    Check { ids: &["security.W016"], when: When::Deploy, run: csrf_cookie },
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

/// It is a check of this app, because without sessions no page trusts a cookie.
fn csrf_cookie(registry: &Registry) -> Vec<CheckMessage> {
    if registry.settings::<CsrfSettings>().cookie_secure {
        return Vec::new();
    }
    vec![CheckMessage::warning(
        "security.W016",
        "You have 'django.middleware.csrf.CsrfViewMiddleware' in your MIDDLEWARE, but you have not set \
         CSRF_COOKIE_SECURE to True. Using a secure-only CSRF cookie makes it more difficult for network traffic \
         sniffers to steal the CSRF token.",
    )]
}

/// Names in the environment that are probably meant to be settings of sessions.
fn misspelt(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<SessionSettings>();
    settings.misspelt.iter().map(|error| CheckMessage::warning("sessions.W901", error.to_string())).collect()
}
