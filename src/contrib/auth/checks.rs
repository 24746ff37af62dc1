//! Checks of the settings for logins. Python counterpart: none; `django.contrib.auth.checks` is about models.

use super::settings::AuthSettings;
use crate::apps::{Check, Registry, When};
use crate::core::checks::CheckMessage;

/// The checks of this app.
pub const CHECKS: &[Check] = &[Check { ids: &["auth.W901"], when: When::Deploy, run: password_hashers }];

/// A hash that is fast to compute is fast to guess.
fn password_hashers(registry: &Registry) -> Vec<CheckMessage> {
    let weakness = match registry.settings::<AuthSettings>().password_hashers.preferred().algorithm() {
        "md5" => "New passwords are hashed with MD5, which is too fast to protect them.",
        "pbkdf2_sha1" => "New passwords are hashed with SHA-1, which is only there to read old passwords.",
        "bcrypt" => "New passwords are hashed with plain bcrypt, which cannot hash more than 72 bytes.",
        _ => return Vec::new(),
    };
    let hint = "Put PBKDF2, Argon2, scrypt or BCryptSHA256 at the front of PASSWORD_HASHERS.";
    vec![CheckMessage::warning("auth.W901", weakness).hint(hint)]
}
