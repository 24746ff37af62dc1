//! The environment of a start.

use actix_simplejwt::Settings;
use actix_simplejwt::apps::{CheckScope, Findings};
use actix_simplejwt::conf::{Environment, SettingsError};

/// Lines of `NAME=value`. They are settings, or an error that names one of them; neither shows a secret.
pub fn check(data: &[u8]) {
    let env = environment(data);
    let read = read(&env);
    if let Err(error) = &read {
        assert!(env.get(error.key()).is_some(), "{error}: the key is not set");
    }
    let settings = Settings::declared();
    let secrets = settings.iter().filter(|setting| setting.secret).map(|setting| setting.key);
    let keys = secrets.filter(|key| !key.ends_with("_URL")).filter_map(|key| Some((key, env.get(key)?)));
    let password = env.get("CACHE_URL").and_then(password).map(|password| ("CACHE_URL", password));
    let text = String::from_utf8_lossy(data);
    // Formatting the settings takes longer than reading them, and matters only if there is a secret. A secret that is
    // also the value of another setting may be shown there.
    let mut shown = None;
    for (name, secret) in keys.chain(password) {
        if secret.len() < 12 || text.matches(secret).count() != 1 {
            continue;
        }
        let shown = shown.get_or_insert_with(|| show(&read));
        if shown.contains(secret) {
            // A secret may be equal to a part of a message. Then the message contains this text without the secret too.
            let value = env.get(name).unwrap_or_default().replace(secret, &"x".repeat(secret.len()));
            let without = show(&self::read(&env.clone().with(name, value)));
            assert!(without.contains(secret), "{secret:?} is shown: {shown}");
        }
    }
}

/// The settings, and the messages about them at the start.
type Read = Result<(Settings, Findings), SettingsError>;

fn read(env: &Environment) -> Read {
    let settings = Settings::from_env(env)?;
    let found = settings.clone().builder().check(CheckScope::Deploy);
    Ok((settings, found))
}

fn show(read: &Read) -> String {
    match read {
        Ok((settings, found)) => format!("{settings:?} {:?}", found.messages),
        Err(error) => error.to_string(),
    }
}

/// The text at the place of the password in a URL.
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
