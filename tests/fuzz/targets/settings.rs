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
    let text = String::from_utf8_lossy(data);
    let keys = SECRETS.iter().filter_map(|name| env.get(name));
    let secrets: Vec<&str> = keys
        .chain(env.get("CACHE_URL").and_then(password))
        // What is somewhere else as well may be seen there.
        .filter(|secret| secret.len() >= 12 && text.matches(secret).count() == 1 && !DEFAULTS.contains(secret))
        .collect();
    // To write all of it down takes longer than to read it, and matters only where there is something to hide.
    let assert_hidden = |shown: &dyn Fn() -> String| {
        if !secrets.is_empty() {
            let shown = shown();
            let found = secrets.iter().find(|secret| shown.contains(**secret));
            assert!(found.is_none(), "{found:?} is shown: {shown}");
        }
    };
    match Settings::from_env(&env) {
        Ok(settings) => {
            let found = run_checks(&settings, true);
            let usable = AppState::check(&settings).map_err(|error| error.to_string());
            assert_hidden(&|| format!("{settings:?} {:?} {usable:?}", found.messages));
        }
        Err(error) => {
            assert!(env.get(error.key()).is_some(), "{error}: nobody has set that");
            assert_hidden(&|| error.to_string());
        }
    }
}

/// What stands where the password of a URL does.
fn password(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (login, _) = rest.rsplit_once('@')?;
    Some(login.split_once(':')?.1)
}

/// The lines that have the form of a setting.
pub fn environment(data: &[u8]) -> Environment {
    let text = String::from_utf8_lossy(data);
    text.lines().filter_map(|line| line.split_once('=')).collect()
}
