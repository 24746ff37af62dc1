//! Error texts for unknown names. The setting that was probably meant is found by its words, as for `DEFAULT_AUTH_CLASSES`, or by
//! its letters.

use super::{Setting, SettingsError, unsupported};

/// Words that are often confused.
const SYNONYMS: [&[&str]; 4] =
    [&["URL", "URI", "DSN"], &["DATABASE", "DB", "POSTGRES"], &["CACHE", "REDIS"], &["LIFETIME", "EXPIRY", "TTL"]];

/// The error for `name`, which is not in `known`.
pub(super) fn error(name: &str, known: &[Setting]) -> SettingsError {
    SettingsError::new(name, problem(name, known).unwrap_or_else(|| "there is no such setting".to_owned()))
}

/// The problem with `name`, which is not in `known`, if it is a setting of Django or resembles one of `known`.
pub(super) fn problem(name: &str, known: &[Setting]) -> Option<String> {
    unsupported::explanation(name).or_else(|| nearest(name, known).map(did_you_mean))
}

/// The problem with `name` if it differs from one of `known` by one or two letters.
pub(super) fn misspelling(name: &str, known: &[Setting]) -> Option<String> {
    let distances = known.iter().map(|setting| (strsim::damerau_levenshtein(name, setting.key), setting.key));
    distances.min().filter(|(distance, _)| *distance <= 2).map(|(_, key)| did_you_mean(key))
}

fn did_you_mean(key: &str) -> String {
    format!("there is no such setting; did you mean {key}?")
}

/// The setting that `name` probably means, if there is one.
fn nearest(name: &str, known: &[Setting]) -> Option<&'static str> {
    // django-environ's documentation, cookiecutter and others prefix the names of Django's settings.
    let name = name.strip_prefix("DJANGO_").unwrap_or(name);
    by_words(name, known).or_else(|| by_letters(name, known))
}

/// The setting that has all words of `name`, and the smallest number of other words.
fn by_words(name: &str, known: &[Setting]) -> Option<&'static str> {
    let words: Vec<_> = name.split('_').collect();
    if words.len() < 2 {
        return None;
    }
    let others = |key: &str| {
        let has_all = words.iter().all(|word| key.split('_').any(|other| is_similar(word, other)));
        has_all.then(|| key.split('_').filter(|other| !words.iter().any(|word| is_similar(word, other))).count())
    };
    let candidates = known.iter().filter_map(|setting| Some((others(setting.key)?, setting.key)));
    candidates.min_by_key(|(others, key)| (*others, !key.starts_with(name))).map(|(_, key)| key)
}

/// Whether `a` and `b` are the same word, a word and its beginning, synonyms, or a word and a misspelling of it.
fn is_similar(a: &str, b: &str) -> bool {
    let is_beginning = a.len().min(b.len()) >= 4 && (a.starts_with(b) || b.starts_with(a));
    a == b
        || is_beginning
        || SYNONYMS.iter().any(|words| words.contains(&a) && words.contains(&b))
        || strsim::damerau_levenshtein(a, b) <= a.len().min(b.len()) / 5
}

fn by_letters(name: &str, known: &[Setting]) -> Option<&'static str> {
    let name = name.replace('_', "");
    let distance = |setting: &Setting| strsim::damerau_levenshtein(&name, &setting.key.replace('_', ""));
    let nearest = known.iter().map(|setting| (distance(setting), setting.key)).min()?;
    (nearest.0 <= name.len() / 5).then_some(nearest.1)
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::Settings;

    #[test]
    fn a_suggestion_follows_the_meaning() {
        let known = Settings::declared();
        for (name, expected) in [
            ("SECRETKEY", Some("SECRET_KEY")),
            ("SECRET_KEYS", Some("SECRET_KEY")),
            ("DJANGO_SECRET_KEY", Some("SECRET_KEY")),
            ("DJANGO_DEBUG", Some("DEBUG")),
            ("DEBG", None),
            ("ALLOWED_HOST", Some("ALLOWED_HOSTS")),
            ("DATABASE_URI", Some("DATABASE_URL")),
            ("DB_URL", Some("DATABASE_URL")),
            ("REDIS_URL", Some("CACHE_URL")),
            ("DEFAULT_AUTH_CLASSES", Some("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES")),
            ("REST_FRAMEWORK_DEFAULT_AUTH_CLASSES", Some("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES")),
            ("REST_FRAMEWORK_PERMISSIONS", Some("REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES")),
            ("THROTTLE_RATES", Some("REST_FRAMEWORK_DEFAULT_THROTTLE_RATES")),
            ("NUM_PROXIES", Some("REST_FRAMEWORK_NUM_PROXIES")),
            ("JWT_LIFETIME", Some("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME")),
            ("ACCESS_TOKEN_EXPIRY", Some("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME")),
            ("REFRESH_TOKEN_LIFETIME", Some("SIMPLE_JWT_REFRESH_TOKEN_LIFETIME")),
            ("JWT_SIGNING_KEY", Some("SIMPLE_JWT_SIGNING_KEY")),
            ("JWT_SECRET", Some("JWT_SECRET_KEY")),
            ("JWT_EXPIRATION", Some("JWT_EXPIRATION_DELTA")),
            ("SIMPLE_JWT_ACESS_TOKEN_LIFETIME", Some("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME")),
            ("POSTGRES_PASSWORD", None),
            ("APP_NAME", None),
            ("RUST_LOG", None),
            ("PATH", None),
        ] {
            assert_eq!(nearest(name, &known), expected, "{name}");
        }
    }
}
