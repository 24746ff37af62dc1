//! Looks for dangerous or contradictory settings. Python counterpart: `django.core.checks`.
//!
//! A check is a function from the settings to messages. `manage check` prints them; the server runs them before its
//! port opens, logs the warnings and refuses to start on an error.

use std::collections::BTreeSet;
use std::fmt;

use chrono::Duration;

use crate::core::clock::Clock;
use crate::settings::Settings;
use crate::simplejwt::state::JwtState;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum Level {
    /// For developers of this project.
    Debug,
    /// Good to know.
    Info,
    /// Works, and should not be left so.
    Warning,
    /// Does not work: the server refuses to start.
    Error,
    /// As an error, only worse.
    Critical,
}

/// What a check has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckMessage {
    /// How bad it is.
    pub level: Level,
    /// Django's id where Django has the check, as `security.W009`; it can be named in `SILENCED_SYSTEM_CHECKS`.
    pub id: &'static str,
    /// What is wrong.
    pub msg: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for CheckMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "?: ({}) {}", self.id, self.msg)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\n\tHINT: {hint}"))
    }
}

fn warning(id: &'static str, msg: impl Into<String>) -> CheckMessage {
    CheckMessage { level: Level::Warning, id, msg: msg.into(), hint: None }
}

impl CheckMessage {
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

type Check = fn(&Settings) -> Vec<CheckMessage>;

/// Run by `check` and at every start.
const CHECKS: &[Check] = &[silenced_ids, token_keys, rotation];

/// Run by `check --deploy` as well.
const DEPLOYMENT_CHECKS: &[Check] = &[debug, allowed_hosts, secret_key, password_hashers, lifetimes, login_limits];

/// Ids that exist, for [`Settings::silenced_system_checks`].
const IDS: &[&str] = &[
    "security.W009",
    "security.W018",
    "security.W020",
    "auth.W901",
    "auth.W902",
    "simplejwt.E901",
    "simplejwt.W901",
    "simplejwt.W902",
    "simplejwt.W903",
    "simplejwt.W904",
];

/// What `manage check` finds, without what is silenced.
#[must_use]
pub fn run_checks(settings: &Settings, deploy: bool) -> Found {
    let deployment = if deploy { DEPLOYMENT_CHECKS } else { &[] };
    collect(settings, CHECKS.iter().chain(deployment))
}

/// What the start has to say: the checks of every day, and a weak key, which is too dangerous to wait for `--deploy`.
#[must_use]
pub fn run_start_checks(settings: &Settings) -> Found {
    collect(settings, CHECKS.iter().chain(&[secret_key as Check]))
}

/// The outcome of some checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The worst first, then by their text.
    pub messages: Vec<CheckMessage>,
    /// How many more were silenced.
    pub silenced: usize,
}

fn collect<'a>(settings: &Settings, checks: impl Iterator<Item = &'a Check>) -> Found {
    let (silenced, mut messages): (Vec<_>, Vec<_>) = checks
        .flat_map(|check| check(settings))
        .partition(|message| settings.silenced_system_checks.iter().any(|id| id == message.id));
    messages.sort_by_key(|message| (std::cmp::Reverse(message.level), message.to_string()));
    Found { messages, silenced: silenced.len() }
}

fn silenced_ids(settings: &Settings) -> Vec<CheckMessage> {
    let unknown = settings.silenced_system_checks.iter().filter(|id| !IDS.contains(&id.as_str()));
    unknown
        .map(|id| CheckMessage {
            level: Level::Info,
            id: "checks.I901",
            msg: format!("SILENCED_SYSTEM_CHECKS names {id}, and there is no such check."),
            hint: None,
        })
        .collect()
}

fn debug(settings: &Settings) -> Vec<CheckMessage> {
    let message = warning("security.W018", "You should not have DEBUG set to True in deployment.");
    if settings.debug { vec![message] } else { Vec::new() }
}

fn allowed_hosts(settings: &Settings) -> Vec<CheckMessage> {
    if settings.allowed_hosts.is_empty() {
        return vec![warning("security.W020", "ALLOWED_HOSTS must not be empty in deployment.")];
    }
    if settings.allowed_hosts.iter().any(|host| host == "*") {
        let message = warning("security.W020", "ALLOWED_HOSTS allows every host name.");
        return vec![message.hint("Name the hosts of this site, unless a proxy in front checks them.")];
    }
    Vec::new()
}

const SECRET_KEY_INSECURE_PREFIX: &str = "django-insecure-";
const SECRET_KEY_MIN_LENGTH: usize = 50;
const SECRET_KEY_MIN_UNIQUE_CHARACTERS: usize = 5;

/// Django's rule for a key that can be guessed; and for HMAC a key should not be shorter than its hash (RFC 7518 3.2).
fn secret_key(settings: &Settings) -> Vec<CheckMessage> {
    let mut found = Vec::new();
    if is_weak(settings.secret_key.expose()) {
        found.push(warning(
            "security.W009",
            "Your SECRET_KEY has less than 50 characters, less than 5 unique characters, or it's prefixed with \
             'django-insecure-' indicating that it was generated automatically by Django. Please generate a long and \
             random value, otherwise many of Django's security-critical features will be vulnerable to attack.",
        ));
    }
    let jwt = &settings.simple_jwt;
    let signing_key = jwt.signing_key.as_ref().unwrap_or(&settings.secret_key).expose();
    if let Some(bits) = jwt.algorithm.as_str().strip_prefix("HS").and_then(|bits| bits.parse::<usize>().ok())
        && (1..bits / 8).contains(&signing_key.len())
    {
        found.push(warning(
            "simplejwt.W904",
            format!(
                "The key that signs tokens has {} bytes, fewer than the {} of HS{bits}.",
                signing_key.len(),
                bits / 8
            ),
        ));
    }
    found
}

fn is_weak(key: &str) -> bool {
    let unique: BTreeSet<char> = key.chars().collect();
    key.chars().count() < SECRET_KEY_MIN_LENGTH
        || unique.len() < SECRET_KEY_MIN_UNIQUE_CHARACTERS
        || key.starts_with(SECRET_KEY_INSECURE_PREFIX)
}

/// Keys of an asymmetric algorithm: missing, of another kind, or not PEM.
fn token_keys(settings: &Settings) -> Vec<CheckMessage> {
    // A secret may be missing in development; everything else about one is a matter of `secret_key`.
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

/// A hash that is fast to compute is fast to guess.
fn password_hashers(settings: &Settings) -> Vec<CheckMessage> {
    if settings.auth.password_hashers.preferred().algorithm() == "md5" {
        let message = warning("auth.W901", "New passwords are hashed with MD5, which is too fast to protect them.");
        vec![message.hint("Put a slow hasher at the front of PASSWORD_HASHERS; MD5 is for tests.")]
    } else {
        Vec::new()
    }
}

/// Whoever may try as often as he likes guesses a weak password sooner or later.
fn login_limits(settings: &Settings) -> Vec<CheckMessage> {
    let framework = &settings.rest_framework;
    let limited = |scope| matches!(framework.default_throttle_rates.get(scope), Some(Some(_)));
    let throttled = framework.default_throttle_classes.iter().any(|class| match class.as_str() {
        "AnonRateThrottle" => limited("anon"),
        "ScopedRateThrottle" => limited("login"),
        _ => false,
    });
    if settings.auth.login_failure_limit.is_some() || throttled {
        return Vec::new();
    }
    let message = warning("auth.W902", "Nothing limits how often a client may try to log in.");
    vec![message.hint("Set LOGIN_FAILURE_LIMIT, or a throttle with a rate for the scope login.")]
}

fn lifetimes(settings: &Settings) -> Vec<CheckMessage> {
    let jwt = &settings.simple_jwt;
    let mut found = Vec::new();
    if jwt.access_token_lifetime > Duration::days(1) {
        let message = warning("simplejwt.W901", "SIMPLE_JWT_ACCESS_TOKEN_LIFETIME is longer than a day.");
        found.push(message.hint("An access token cannot be taken back; keep it short and use refresh tokens."));
    }
    if jwt.refresh_token_lifetime < jwt.access_token_lifetime {
        found.push(warning(
            "simplejwt.W902",
            "SIMPLE_JWT_REFRESH_TOKEN_LIFETIME is shorter than SIMPLE_JWT_ACCESS_TOKEN_LIFETIME.",
        ));
    }
    found
}

fn rotation(settings: &Settings) -> Vec<CheckMessage> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Environment;

    const STRONG: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let env: Environment = [("SECRET_KEY", STRONG)].iter().chain(pairs).copied().collect();
        Settings::from_env(&env).unwrap()
    }

    fn ids(found: &Found) -> Vec<&'static str> {
        found.messages.iter().map(|message| message.id).collect()
    }

    fn deploy(pairs: &[(&str, &str)]) -> Vec<&'static str> {
        ids(&run_checks(&settings(pairs), true))
    }

    #[test]
    fn a_key_that_can_be_guessed_is_reported_at_start_and_for_deployment() {
        for weak in ["short", &"ab".repeat(40), &format!("django-insecure-{STRONG}")] {
            let settings = settings(&[("SECRET_KEY", weak), ("SIMPLE_JWT_SIGNING_KEY", STRONG)]);
            assert_eq!(ids(&run_start_checks(&settings)), ["security.W009"], "{weak}");
            assert_eq!(ids(&run_checks(&settings, false)), Vec::<&str>::new(), "{weak}");
        }
        assert_eq!(ids(&run_start_checks(&settings(&[]))), Vec::<&str>::new());
    }

    #[test]
    fn a_key_shorter_than_the_hash_is_reported_for_that_algorithm() {
        assert_eq!(ids(&run_start_checks(&settings(&[("SIMPLE_JWT_ALGORITHM", "HS512")]))), ["simplejwt.W904"],);
        let own_key = [("SIMPLE_JWT_SIGNING_KEY", "short")];
        assert_eq!(ids(&run_start_checks(&settings(&own_key))), ["simplejwt.W904"]);
    }

    #[test]
    fn an_asymmetric_algorithm_without_its_key_is_an_error_that_names_the_setting() {
        let found = run_start_checks(&settings(&[("SIMPLE_JWT_ALGORITHM", "RS256")]));
        assert_eq!(ids(&found), ["simplejwt.E901"]);
        assert_eq!(found.messages[0].level, Level::Error);
        assert!(found.messages[0].msg.starts_with("SIMPLE_JWT_SIGNING_KEY: "), "{}", found.messages[0].msg);
    }

    #[test]
    fn deployment_looks_at_debug_hosts_hashers_and_lifetimes() {
        let safe = [("ALLOWED_HOSTS", "example.org"), ("LOGIN_FAILURE_LIMIT", "5")];
        let with = |pair| deploy(&[safe[0], safe[1], pair]);
        assert_eq!(deploy(&safe), Vec::<&str>::new());
        assert_eq!(deploy(&safe[..1]), ["auth.W902"]);
        assert_eq!(deploy(&[safe[0], ("REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES", "AnonRateThrottle")]), ["auth.W902"]);
        let throttles = [
            safe[0],
            ("REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES", "AnonRateThrottle"),
            ("REST_FRAMEWORK_DEFAULT_THROTTLE_RATES", "anon=100/day"),
        ];
        assert_eq!(deploy(&throttles), Vec::<&str>::new());
        assert_eq!(with(("DEBUG", "1")), ["security.W018"]);
        assert_eq!(deploy(&safe[1..]), ["security.W020"]);
        assert_eq!(deploy(&[safe[1], ("ALLOWED_HOSTS", "")]), ["security.W020"]);
        assert_eq!(with(("PASSWORD_HASHERS", "MD5PasswordHasher")), ["auth.W901"]);
        assert_eq!(with(("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME", "2d")), ["simplejwt.W901", "simplejwt.W902"]);
    }

    #[test]
    fn blacklisting_without_rotation_is_reported_every_day() {
        let found = run_checks(
            &settings(&[("SIMPLE_JWT_ROTATE_REFRESH_TOKENS", "no"), ("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "yes")]),
            false,
        );
        assert_eq!(ids(&found), ["simplejwt.W903"]);
    }

    #[test]
    fn silenced_ids_are_counted_and_unknown_ones_reported() {
        let found = run_checks(&settings(&[("SILENCED_SYSTEM_CHECKS", "security.W020,security.W999")]), true);
        assert_eq!((ids(&found), found.silenced), (vec!["auth.W902", "checks.I901"], 1));
    }

    #[test]
    fn a_message_reads_as_in_django() {
        let message = warning("security.W018", "You should not.").hint("Do not.");
        assert_eq!(message.to_string(), "?: (security.W018) You should not.\n\tHINT: Do not.");
    }
}
