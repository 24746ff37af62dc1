//! Looks for dangerous or contradictory settings. Python counterpart: `django.core.checks`.
//!
//! A check is a function from the settings to messages. `manage check` prints them; the server runs them before its
//! port opens, logs the warnings and refuses to start on an error.

mod auth;
mod security;
mod server;
mod tokens;

use std::fmt;

use crate::settings::Settings;

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
const CHECKS: &[Check] =
    &[silenced_ids, tokens::keys, tokens::rotation, tokens::unchecked, tokens::misspelt, security::proxy_header];

/// Run at every start as well: a weak key is too dangerous to wait for `--deploy`.
const START_CHECKS: &[Check] = &[security::secret_key, tokens::key_lengths];

/// Run by `check --deploy` as well.
const DEPLOYMENT_CHECKS: &[Check] = &[
    security::secret_key,
    security::debug,
    security::allowed_hosts,
    security::https,
    security::headers,
    tokens::key_lengths,
    tokens::lifetimes,
    tokens::stolen_tokens,
    auth::password_hashers,
    auth::login_limits,
    auth::inactive_users,
    auth::rest_framework,
    server::durability,
    server::cors,
    server::metrics,
    server::time_limits,
];

/// Ids that exist, for [`Settings::silenced_system_checks`].
const IDS: &[&str] = &[
    "auth.W901",
    "auth.W902",
    "auth.W903",
    "corsheaders.W901",
    "corsheaders.W902",
    "corsheaders.W903",
    "database.W901",
    "legacy_jwt.W901",
    "legacy_jwt.W902",
    "legacy_jwt.W903",
    "legacy_jwt.W904",
    "legacy_jwt.W905",
    "legacy_jwt.W906",
    "rest_framework.W901",
    "rest_framework.W902",
    "security.W004",
    "security.W005",
    "security.W006",
    "security.W008",
    "security.W009",
    "security.W018",
    "security.W019",
    "security.W020",
    "security.W021",
    "security.W022",
    "security.W901",
    "server.W901",
    "server.W902",
    "simplejwt.E901",
    "simplejwt.W901",
    "simplejwt.W902",
    "simplejwt.W903",
    "simplejwt.W904",
    "simplejwt.W905",
    "simplejwt.W906",
    "simplejwt.W907",
    "simplejwt.W908",
];

/// What `manage check` finds, without what is silenced.
#[must_use]
pub fn run_checks(settings: &Settings, deploy: bool) -> Found {
    let deployment = if deploy { DEPLOYMENT_CHECKS } else { &[] };
    collect(settings, CHECKS.iter().chain(deployment))
}

/// What the start has to say: the checks of every day, and weak keys.
#[must_use]
pub fn run_start_checks(settings: &Settings) -> Found {
    collect(settings, CHECKS.iter().chain(START_CHECKS))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Environment;

    pub(super) const STRONG: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// A deployment about which there is nothing to say.
    const SAFE: &[(&str, &str)] = &[
        ("SECRET_KEY", STRONG),
        ("ALLOWED_HOSTS", "example.org"),
        ("LOGIN_FAILURE_LIMIT", "5"),
        ("REST_FRAMEWORK_NUM_PROXIES", "1"),
        ("SECURE_HSTS_INCLUDE_SUBDOMAINS", "true"),
        ("SECURE_HSTS_PRELOAD", "true"),
        ("SECURE_HSTS_SECONDS", "31536000"),
        ("SECURE_PROXY_SSL_HEADER", "HTTP_X_FORWARDED_PROTO,https"),
        ("SECURE_SSL_REDIRECT", "true"),
        ("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "true"),
    ];

    /// That deployment, changed by `pairs`.
    pub(super) fn settings(pairs: &[(&str, &str)]) -> Settings {
        let env: Environment = SAFE.iter().chain(pairs).copied().collect();
        Settings::from_env(&env).unwrap()
    }

    pub(super) fn ids(found: &Found) -> Vec<&'static str> {
        found.messages.iter().map(|message| message.id).collect()
    }

    /// Changes the safe deployment by `pairs`, and says which messages that brings.
    #[track_caller]
    pub(super) fn assert_deploy_finds(pairs: &[(&str, &str)], expected: &[&str]) {
        let found = ids(&run_checks(&settings(pairs), true));
        assert_eq!(found, expected, "{pairs:?}");
        assert!(found.iter().all(|id| IDS.contains(id)), "{found:?} can be silenced");
    }

    #[test]
    fn a_safe_deployment_has_nothing_to_report() {
        assert_deploy_finds(&[], &[]);
    }

    #[test]
    fn a_deployment_with_nothing_set_hears_all_of_it() {
        let settings = Settings::from_env(&Environment::default().with("SECRET_KEY", STRONG)).unwrap();
        assert_eq!(
            ids(&run_checks(&settings, true)),
            ["auth.W902", "security.W004", "security.W008", "security.W020", "simplejwt.W906"]
        );
    }

    #[test]
    fn silenced_ids_are_counted_and_unknown_ones_reported() {
        let pairs = [("SILENCED_SYSTEM_CHECKS", "security.W018,security.W999"), ("DEBUG", "yes")];
        let found = run_checks(&settings(&pairs), true);
        assert_eq!((ids(&found), found.silenced), (vec!["checks.I901"], 1));
    }

    #[test]
    fn every_check_is_in_the_documentation() {
        let page = include_str!("../../docs/OPERATIONS.md");
        for id in IDS {
            assert!(page.contains(&format!("`{id}`")), "{id}");
        }
    }

    #[test]
    fn a_message_reads_as_in_django() {
        let message = warning("security.W018", "You should not.").hint("Do not.");
        assert_eq!(message.to_string(), "?: (security.W018) You should not.\n\tHINT: Do not.");
    }
}
