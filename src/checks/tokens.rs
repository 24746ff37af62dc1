//! Keys, lifetimes and rules of tokens. Python counterpart: none.

use chrono::Duration;

use super::{CheckMessage, Level, warning};
use crate::core::clock::Clock;
use crate::core::crypto::SecretString;
use crate::core::jwt::Algorithm;
use crate::settings::Settings;
use crate::simplejwt::state::JwtState;
use crate::simplejwt::tokens::AuthToken;

/// For HMAC a key should not be shorter than its hash (RFC 7518 3.2). RSA keys of less than 2048 bits do not get this far.
pub(super) fn key_lengths(settings: &Settings) -> Vec<CheckMessage> {
    let (jwt, legacy) = (&settings.simple_jwt, &settings.legacy_jwt);
    let short = |id, what: &str, algorithm: &Algorithm, key: &Option<SecretString>| {
        let bits: usize = algorithm.as_str().strip_prefix("HS")?.parse().ok()?;
        let length = key.as_ref().unwrap_or(&settings.secret_key).expose().len();
        let message = || {
            let needed = bits / 8;
            warning(id, format!("The key that signs {what} has {length} bytes, fewer than the {needed} of HS{bits}."))
        };
        (1..bits / 8).contains(&length).then(message)
    };
    [
        short("simplejwt.W904", "tokens", &jwt.algorithm, &jwt.signing_key),
        short("legacy_jwt.W904", "tokens of JWT_AUTH", &legacy.algorithm, &legacy.secret_key),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Keys of an asymmetric algorithm: missing, of another kind, or not PEM.
pub(super) fn keys(settings: &Settings) -> Vec<CheckMessage> {
    // A secret may be missing in development; everything else about one is a matter of `key_lengths`.
    if settings.simple_jwt.algorithm.as_str().starts_with("HS") {
        return Vec::new();
    }
    match JwtState::new(settings.simple_jwt.clone(), &settings.secret_key, Clock::system()) {
        Ok(_) => Vec::new(),
        Err(error) => {
            vec![CheckMessage { level: Level::Error, id: "simplejwt.E901", msg: error.to_string(), hint: None }]
        }
    }
}

/// Names in the environment that are probably meant to be settings of `JWT_AUTH`.
pub(super) fn misspelt(settings: &Settings) -> Vec<CheckMessage> {
    settings.legacy_jwt.misspelt.iter().map(|error| warning("legacy_jwt.W906", error.to_string())).collect()
}

/// Settings under which a token proves nothing.
pub(super) fn unchecked(settings: &Settings) -> Vec<CheckMessage> {
    let mut found = Vec::new();
    if !settings.legacy_jwt.verify {
        found.push(warning("legacy_jwt.W901", "JWT_VERIFY is off: every token is accepted, whoever wrote it."));
    }
    if settings.simple_jwt.token_type_claim.is_none() {
        found.push(warning(
            "simplejwt.W907",
            "SIMPLE_JWT_TOKEN_TYPE_CLAIM is none: an access token passes for a refresh token, and the other way round.",
        ));
    }
    let classes = &settings.simple_jwt.auth_token_classes;
    if classes.iter().any(|class| matches!(class, AuthToken::Refresh | AuthToken::Untyped)) {
        found.push(warning(
            "simplejwt.W908",
            "SIMPLE_JWT_AUTH_TOKEN_CLASSES accepts refresh tokens for ordinary calls, where they are easier to steal.",
        ));
    }
    found
}

const LONG_ACCESS: Duration = Duration::days(1);
const LONG_REFRESH: Duration = Duration::days(90);

pub(super) fn lifetimes(settings: &Settings) -> Vec<CheckMessage> {
    let (jwt, legacy) = (&settings.simple_jwt, &settings.legacy_jwt);
    let mut found = Vec::new();
    let mut too_long = |id, key: &str, lifetime: Duration, limit: Duration, in_words: &str, hint: &str| {
        if lifetime > limit {
            found.push(warning(id, format!("{key} is longer than {in_words}.")).hint(hint));
        }
    };
    let hint = "An access token cannot be taken back; keep it short and use refresh tokens.";
    too_long(
        "simplejwt.W901",
        "SIMPLE_JWT_ACCESS_TOKEN_LIFETIME",
        jwt.access_token_lifetime,
        LONG_ACCESS,
        "a day",
        hint,
    );
    if jwt.auth_token_classes.contains(&AuthToken::Sliding) {
        let key = "SIMPLE_JWT_SLIDING_TOKEN_LIFETIME";
        too_long("simplejwt.W901", key, jwt.sliding_token_lifetime, LONG_ACCESS, "a day", "Let clients refresh it.");
    }
    let hint = "Whoever finds an old one is logged in; with rotation who comes back in time need not log in again.";
    too_long(
        "simplejwt.W905",
        "SIMPLE_JWT_REFRESH_TOKEN_LIFETIME",
        jwt.refresh_token_lifetime,
        LONG_REFRESH,
        "90 days",
        hint,
    );
    let hint = "Such a token cannot be taken back; keep it short and set JWT_ALLOW_REFRESH.";
    too_long("legacy_jwt.W903", "JWT_EXPIRATION_DELTA", legacy.expiration_delta, LONG_ACCESS, "a day", hint);
    if !legacy.verify_expiration {
        found.push(warning("legacy_jwt.W902", "JWT_VERIFY_EXPIRATION is off: tokens are accepted for ever."));
    }
    if jwt.refresh_token_lifetime < jwt.access_token_lifetime {
        found.push(warning(
            "simplejwt.W902",
            "SIMPLE_JWT_REFRESH_TOKEN_LIFETIME is shorter than SIMPLE_JWT_ACCESS_TOKEN_LIFETIME.",
        ));
    }
    found
}

/// Settings that contradict each other.
pub(super) fn rotation(settings: &Settings) -> Vec<CheckMessage> {
    let jwt = &settings.simple_jwt;
    if jwt.blacklist_after_rotation && !jwt.rotate_refresh_tokens {
        let message = warning(
            "simplejwt.W903",
            "SIMPLE_JWT_BLACKLIST_AFTER_ROTATION has no effect on refresh without SIMPLE_JWT_ROTATE_REFRESH_TOKENS.",
        );
        return vec![message.hint("Turn rotation on, or blacklisting off.")];
    }
    Vec::new()
}

/// What is safer.
pub(super) fn stolen_tokens(settings: &Settings) -> Vec<CheckMessage> {
    let jwt = &settings.simple_jwt;
    let mut found = Vec::new();
    if jwt.rotate_refresh_tokens && !jwt.blacklist_after_rotation {
        let message = warning("simplejwt.W906", "A refresh token that was exchanged for a new one goes on working.");
        found.push(message.hint("Set SIMPLE_JWT_BLACKLIST_AFTER_ROTATION: a stolen one is then good for one use."));
    }
    if settings.legacy_jwt.auth_cookie.is_some() {
        found.push(warning(
            "legacy_jwt.W905",
            "JWT_AUTH_COOKIE logs browsers in by a cookie, which they send along with the requests of other sites.",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::{STRONG, assert_deploy_finds, ids, settings};
    use super::super::{Level, run_checks, run_start_checks};

    #[test]
    fn a_key_shorter_than_the_hash_is_reported_for_that_algorithm() {
        let at_start = |pairs: &[(&str, &str)]| ids(&run_start_checks(&settings(pairs)));
        assert_eq!(STRONG.len(), 62);
        assert_eq!(at_start(&[("SIMPLE_JWT_ALGORITHM", "HS512")]), ["simplejwt.W904"]);
        assert_eq!(at_start(&[("SIMPLE_JWT_SIGNING_KEY", "short")]), ["simplejwt.W904"]);
        assert_eq!(at_start(&[("JWT_ALGORITHM", "HS512")]), ["legacy_jwt.W904"]);
        assert_eq!(at_start(&[("JWT_SECRET_KEY", "short")]), ["legacy_jwt.W904"]);
        assert_eq!(at_start(&[("JWT_ALGORITHM", "HS384"), ("SIMPLE_JWT_ALGORITHM", "HS384")]), Vec::<&str>::new());
    }

    #[test]
    fn an_asymmetric_algorithm_without_its_key_is_an_error_that_names_the_setting() {
        let found = run_start_checks(&settings(&[("SIMPLE_JWT_ALGORITHM", "RS256")]));
        assert_eq!(ids(&found), ["simplejwt.E901"]);
        assert_eq!(found.messages[0].level, Level::Error);
        assert!(found.messages[0].msg.starts_with("SIMPLE_JWT_SIGNING_KEY: "), "{}", found.messages[0].msg);
    }

    #[test]
    fn tokens_that_prove_nothing_are_reported_every_day() {
        for (key, value, id) in [
            ("JWT_VERIFY", "false", "legacy_jwt.W901"),
            ("JWT_LEEWEY", "5", "legacy_jwt.W906"),
            ("SIMPLE_JWT_TOKEN_TYPE_CLAIM", "none", "simplejwt.W907"),
            ("SIMPLE_JWT_AUTH_TOKEN_CLASSES", "AccessToken,UntypedToken", "simplejwt.W908"),
            ("SIMPLE_JWT_AUTH_TOKEN_CLASSES", "RefreshToken", "simplejwt.W908"),
        ] {
            assert_eq!(ids(&run_checks(&settings(&[(key, value)]), false)), [id], "{key}");
        }
    }

    #[test]
    fn deployment_looks_at_lifetimes() {
        assert_deploy_finds(&[("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME", "1d")], &[]);
        assert_deploy_finds(
            &[("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME", "25h"), ("SIMPLE_JWT_REFRESH_TOKEN_LIFETIME", "2d")],
            &["simplejwt.W901"],
        );
        assert_deploy_finds(&[("SIMPLE_JWT_REFRESH_TOKEN_LIFETIME", "5m")], &["simplejwt.W902"]);
        assert_deploy_finds(&[("SIMPLE_JWT_REFRESH_TOKEN_LIFETIME", "91d")], &["simplejwt.W905"]);
        let sliding = ("SIMPLE_JWT_SLIDING_TOKEN_LIFETIME", "2d");
        assert_deploy_finds(&[sliding, ("SIMPLE_JWT_AUTH_TOKEN_CLASSES", "SlidingToken")], &["simplejwt.W901"]);
        assert_deploy_finds(&[sliding], &[]);
        assert_deploy_finds(&[("JWT_EXPIRATION_DELTA", "2d")], &["legacy_jwt.W903"]);
        assert_deploy_finds(&[("JWT_VERIFY_EXPIRATION", "no")], &["legacy_jwt.W902"]);
    }

    #[test]
    fn deployment_looks_at_what_a_stolen_token_is_good_for() {
        assert_deploy_finds(&[("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "no")], &["simplejwt.W906"]);
        assert_deploy_finds(&[("JWT_AUTH_COOKIE", "token")], &["legacy_jwt.W905"]);
    }

    #[test]
    fn blacklisting_without_rotation_is_reported_every_day() {
        let pairs = [("SIMPLE_JWT_ROTATE_REFRESH_TOKENS", "no"), ("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "yes")];
        assert_eq!(ids(&run_checks(&settings(&pairs), false)), ["simplejwt.W903"]);
    }
}
