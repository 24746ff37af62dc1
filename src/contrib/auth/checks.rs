//! Checks of the settings for logins. Python counterpart: none; `django.contrib.auth.checks` is about models.

use super::settings::AuthSettings;
use super::state::AuthState;
use crate::apps::{Check, DatabaseCheck, Registry, When};
use crate::core::checks::CheckMessage;
use crate::db::{DatabaseError, DbConnection};

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

/// The check of the stored passwords.
pub const STORED_PASSWORDS: DatabaseCheck =
    DatabaseCheck { ids: &["auth.W905"], when: When::Deploy, run: stored_passwords };

/// Every refusal takes as long as the most expensive kind of hash, so that the time reveals nothing about users.
fn stored_passwords(registry: &Registry, conn: &mut DbConnection) -> Result<Vec<CheckMessage>, DatabaseError> {
    let Some(auth) = registry.get::<AuthState>() else { return Ok(Vec::new()) };
    let kinds = auth.stored_passwords(conn)?.expensive(auth.hashers());
    let hint = "Put their algorithm at the front of PASSWORD_HASHERS, or let these users log in.";
    Ok(kinds.iter().map(|kind| CheckMessage::warning("auth.W905", kind.to_string()).hint(hint)).collect())
}
