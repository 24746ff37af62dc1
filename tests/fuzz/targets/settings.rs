//! The environment of a start.

use std::sync::LazyLock;

use actix_simplejwt::checks::run_checks;
use actix_simplejwt::conf::Environment;
use actix_simplejwt::server::AppState;
use actix_simplejwt::settings::Settings;

/// Settings that are not to be seen by anybody.
const SECRETS: [&str; 5] =
    ["SECRET_KEY", "SIMPLE_JWT_SIGNING_KEY", "SIMPLE_JWT_VERIFYING_KEY", "JWT_SECRET_KEY", "JWT_PRIVATE_KEY"];

/// What is shown when nothing is set.
static DEFAULTS: LazyLock<String> =
    LazyLock::new(|| format!("{:?} {}", Settings::from_env(&Environment::default()), Settings::all_keys().concat()));

/// Lines of `NAME=value`. They are settings, or an error that names one of them; neither shows a secret.
pub fn check(data: &[u8]) {
    let env = environment(data);
    let shown = match Settings::from_env(&env) {
        Ok(settings) => {
            let found = run_checks(&settings, true);
            let usable = AppState::check(&settings).map_err(|error| error.to_string());
            format!("{settings:?} {:?} {usable:?}", found.messages)
        }
        Err(error) => {
            assert!(env.get(error.key()).is_some(), "{error}: nobody has set that");
            error.to_string()
        }
    };
    let text = String::from_utf8_lossy(data);
    for secret in SECRETS.iter().filter_map(|name| env.get(name)) {
        // What is somewhere else as well may be seen there.
        let is_distinct = secret.len() >= 12 && text.matches(secret).count() == 1 && !DEFAULTS.contains(secret);
        assert!(!is_distinct || !shown.contains(secret), "{secret:?} is shown: {shown}");
    }
}

/// The lines that have the form of a setting.
pub fn environment(data: &[u8]) -> Environment {
    let text = String::from_utf8_lossy(data);
    text.lines().filter_map(|line| line.split_once('=')).collect()
}
