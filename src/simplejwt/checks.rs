//! Checks of keys, lifetimes and rules of tokens. Python counterpart: none.

use std::sync::Arc;

use chrono::Duration;

use super::keys::{key_file, listed_keys, read_file};
use super::settings::{KeyId, SimpleJwtSettings};
use super::state::JwtState;
use super::tokens::AuthToken;
use crate::apps::{Check, Registry, When};
use crate::core::checks::CheckMessage;
use crate::core::crypto::SecretString;

/// The checks of this app.
pub const CHECKS: &[Check] = &[
    Check {
        ids: &[
            "simplejwt.W903",
            "simplejwt.W906",
            "simplejwt.W907",
            "simplejwt.W908",
            "simplejwt.W922",
            "simplejwt.W924",
        ],
        when: When::Always,
        run: settings,
    },
    Check { ids: &["simplejwt.W921"], when: When::Always, run: repeated_keys },
    Check { ids: &["simplejwt.W904"], when: When::StartAndDeploy, run: key_length },
    Check { ids: &["simplejwt.W923"], when: When::StartAndDeploy, run: key_files },
    Check {
        ids: &["simplejwt.W901", "simplejwt.W902", "simplejwt.W905", "simplejwt.W925"],
        when: When::Deploy,
        run: dangers,
    },
    Check { ids: &["auth.W903"], when: When::Deploy, run: inactive_users },
];

/// Settings that have no effect, or that weaken the checks of a token.
fn settings(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<SimpleJwtSettings>();
    let (rotates, blacklists) = (settings.rotate_refresh_tokens, settings.blacklist_after_rotation);
    let algorithm = settings.algorithm;
    let mut found = Vec::new();
    if blacklists && !rotates {
        let text =
            "SIMPLE_JWT_BLACKLIST_AFTER_ROTATION has no effect on refresh without SIMPLE_JWT_ROTATE_REFRESH_TOKENS.";
        let hint = "Turn rotation on, or blacklisting off.";
        found.push(CheckMessage::warning("simplejwt.W903", text).hint(hint));
    }
    if rotates && !blacklists {
        let text = "SIMPLE_JWT_ROTATE_REFRESH_TOKENS without SIMPLE_JWT_BLACKLIST_AFTER_ROTATION leaves every old \
                    refresh token valid until it expires.";
        let hint = "Set SIMPLE_JWT_BLACKLIST_AFTER_ROTATION=true, so that a refresh token can be used once.";
        found.push(CheckMessage::warning("simplejwt.W906", text).hint(hint));
    }
    if settings.token_type_claim.is_none() {
        let text = "SIMPLE_JWT_TOKEN_TYPE_CLAIM is none: access tokens are accepted as refresh tokens, and the other way round.";
        found.push(CheckMessage::warning("simplejwt.W907", text));
    }
    if settings.auth_token_classes.iter().any(|class| matches!(class, AuthToken::Refresh | AuthToken::Untyped)) {
        let text = "SIMPLE_JWT_AUTH_TOKEN_CLASSES accepts refresh tokens for ordinary requests, where they are easier to steal.";
        found.push(CheckMessage::warning("simplejwt.W908", text));
    }
    if algorithm.is_hmac() && matches!(settings.key_id, KeyId::Thumbprint | KeyId::Text(_)) {
        let text = format!("SIMPLE_JWT_KEY_ID has no effect with {algorithm}: HMAC keys have no kid.");
        found.push(CheckMessage::warning("simplejwt.W922", text));
    }
    // simplejwt ignores it with HMAC keys as well.
    if algorithm.is_hmac() && settings.jwk_url.is_some() {
        let text = format!("SIMPLE_JWT_JWK_URL has no effect with {algorithm}: a key set has public keys.");
        let hint = "Set SIMPLE_JWT_ALGORITHM to the algorithm of the issuer, such as RS256 or ES256.";
        found.push(CheckMessage::warning("simplejwt.W924", text).hint(hint));
    }
    found
}

/// Keys that are listed twice.
fn repeated_keys(registry: &Registry) -> Vec<CheckMessage> {
    let repeated = registry.get::<Arc<JwtState>>().map(|jwt| jwt.keys().with(|keys| keys.repeated().to_vec()));
    let warn = |key: String| {
        let text = format!("A key is listed twice: {key} is the same as one before it.");
        let hint = "Remove it. If it was meant to be another key, tokens that the other key has signed are refused.";
        CheckMessage::warning("simplejwt.W921", text).hint(hint)
    };
    repeated.into_iter().flatten().map(warn).collect()
}

/// An HMAC key should not be shorter than its hash (RFC 7518, section 3.2).
fn key_length(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<SimpleJwtSettings>();
    let mut keys = Vec::new();
    match &settings.signing_key {
        Some(setting) => keys.extend(secrets(&settings, "SIMPLE_JWT_SIGNING_KEY", setting)),
        None => keys.push(("SECRET_KEY".to_owned(), registry.secret_key().clone())),
    }
    let inactive = settings.signing_keys_inactive.iter();
    keys.extend(inactive.flat_map(|setting| secrets(&settings, "SIMPLE_JWT_SIGNING_KEYS_INACTIVE", setting)));
    let messages = keys.iter().filter_map(|(name, key)| Some((name, settings.algorithm.short_key(key)?)));
    messages.map(|(name, text)| CheckMessage::warning("simplejwt.W904", format!("{name}: {text}"))).collect()
}

/// The secrets of a setting or of its file, each with its place. Empty if the algorithm is not HMAC.
fn secrets(settings: &SimpleJwtSettings, name: &str, setting: &SecretString) -> Vec<(String, SecretString)> {
    if !settings.algorithm.is_hmac() {
        return Vec::new();
    }
    let (place, text) = match key_file(setting) {
        // The start fails earlier if the file cannot be read.
        Some(path) => (format!("{name}: {}", path.display()), read_file(&path).unwrap_or_default()),
        None => (name.to_owned(), setting.clone()),
    };
    let keys = listed_keys(settings.algorithm, text.expose()).unwrap_or_default().into_iter().enumerate();
    keys.map(|(index, key)| (format!("{place}: key {}", index + 1), key.text)).collect()
}

/// Files with private keys that others can read.
#[cfg(unix)]
fn key_files(registry: &Registry) -> Vec<CheckMessage> {
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    let settings = registry.settings::<SimpleJwtSettings>();
    // After `manage rotatekey` the key that signs may be in the file of further keys.
    let named = [&settings.signing_key, &settings.signing_keys_inactive];
    let mut paths: Vec<_> = named.into_iter().flatten().filter_map(key_file).collect();
    paths.dedup();
    let is_open = |path: &Path| path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o007 != 0);
    let has_secrets = |path: &Path| {
        let text = read_file(path).unwrap_or_default();
        settings.algorithm.is_hmac() || text.expose().contains("PRIVATE KEY-----")
    };
    let open = paths.iter().filter(|path| is_open(path) && has_secrets(path));
    let warn = |path: &PathBuf| {
        let text = format!("Every user of this machine can use {}, which has private keys.", path.display());
        CheckMessage::warning("simplejwt.W923", text).hint(format!("Run chmod 600 {}.", path.display()))
    };
    open.map(warn).collect()
}

#[cfg(not(unix))]
fn key_files(_registry: &Registry) -> Vec<CheckMessage> {
    Vec::new()
}

const LONG_ACCESS: Duration = Duration::days(1);
const LONG_REFRESH: Duration = Duration::days(90);

/// Settings that let a thief use a token for a long time, or let an attacker replace keys.
fn dangers(registry: &Registry) -> Vec<CheckMessage> {
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
    let jwk_url = settings.jwk_url.as_deref().filter(|_| !settings.algorithm.is_hmac()).unwrap_or_default();
    if jwk_url.to_ascii_lowercase().starts_with("http://") {
        let text = "SIMPLE_JWT_JWK_URL begins with http://. Anyone on the network path can replace the keys, and log in as \
                    any user.";
        found.push(CheckMessage::warning("simplejwt.W925", text).hint("Use https://."));
    }
    found
}

/// Deactivated users keep their access if this is not checked. This check is separate because it has another tag.
fn inactive_users(registry: &Registry) -> Vec<CheckMessage> {
    let is_checked = registry.settings::<SimpleJwtSettings>().check_user_is_active;
    let text = "SIMPLE_JWT_CHECK_USER_IS_ACTIVE is off: the tokens of a deactivated user stay valid.";
    (!is_checked).then(|| CheckMessage::warning("auth.W903", text)).into_iter().collect()
}
