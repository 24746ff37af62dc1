//! Django's settings in the words of this project.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::conf::values::class_name;
use crate::http::cors::CorsSettings;
use crate::http::security::SecuritySettings;

/// Settings that mean the same here, and what there is to say about the others.
#[derive(Debug, Default)]
pub(super) struct Translation {
    /// Names and values for `.env`.
    pub(super) env: Vec<(String, String)>,
    /// One line each.
    pub(super) notes: Vec<String>,
}

impl Translation {
    pub(super) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.env.retain(|(name, _)| name != key);
        self.env.push((key.to_owned(), value.into()));
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.env.iter().any(|(name, _)| name == key)
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}

/// Settings of the project that have one name in both, beside those of CORS and of `SecurityMiddleware`.
const SAME: [&str; 8] = [
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "APPEND_SLASH",
    "PASSWORD_HASHERS",
    "AUTHENTICATION_BACKENDS",
    "DATA_UPLOAD_MAX_MEMORY_SIZE",
    "DATA_UPLOAD_MAX_NUMBER_FIELDS",
];

/// Dictionaries, and the prefix of their keys here.
const DICTIONARIES: [(&str, &str); 3] =
    [("SIMPLE_JWT", "SIMPLE_JWT_"), ("REST_FRAMEWORK", "REST_FRAMEWORK_"), ("JWT_AUTH", "")];

/// What the packages do when nothing is said, where this project does something else.
const PACKAGE_DEFAULTS: [(&str, &str); 3] = [
    ("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME", "5m"),
    ("SIMPLE_JWT_ROTATE_REFRESH_TOKENS", "false"),
    ("REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES", "AllowAny"),
];

/// Packages whose classes are the ones that stand here too; naming them is not naming code of one's own.
const KNOWN_CODE: [&str; 3] = ["rest_framework_simplejwt.", "rest_framework.", "rest_framework_jwt."];

pub(super) fn translate(django: &Map<String, Value>) -> Translation {
    let mut translation = Translation::default();
    let declared = SecuritySettings::SETTINGS.iter().chain(CorsSettings::SETTINGS).map(|setting| setting.key);
    for key in SAME.into_iter().chain(declared) {
        if let Some(value) = django.get(key) {
            translation.set(key, text(value));
        }
    }
    if let Some(database) = django.get("DATABASES").and_then(|databases| databases.get("default")) {
        match database_url(database) {
            Ok(url) => translation.set("DATABASE_URL", url),
            Err(note) => translation.note(note),
        }
    }
    for (key, value) in PACKAGE_DEFAULTS {
        translation.set(key, value);
    }
    for (name, prefix) in DICTIONARIES {
        for (key, value) in django.get(name).and_then(Value::as_object).into_iter().flatten() {
            dictionary_entry(&mut translation, &format!("{prefix}{key}"), value);
        }
    }
    authentication_classes(&mut translation);
    about_the_project(&mut translation, django);
    translation
}

fn dictionary_entry(translation: &mut Translation, key: &str, value: &Value) {
    let is_code = |text: &str| text.contains('.') && !text.contains([' ', '/', ':']);
    let names_code = key.ends_with("_SERIALIZER")
        || key.ends_with("_HANDLER")
        || ["_RULE", "_USER_CLASS", "_ENCODER", "_FAILED", "_SUCCESS"].iter().any(|end| key.ends_with(end));
    match value {
        Value::String(code) if names_code && is_code(code) => {
            if !KNOWN_CODE.iter().any(|package| code.starts_with(package)) {
                translation
                    .note(format!("{key} names code of your own, {code}: what it does has to be written in Rust."));
            }
        }
        Value::Null if names_code => {}
        value => translation.set(key, duration(key, value).unwrap_or_else(|| text(value))),
    }
}

/// DRF's default when nothing is said is sessions and passwords, and sessions are not here.
fn authentication_classes(translation: &mut Translation) {
    const KEY: &str = "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES";
    let found = translation.env.iter().find(|(key, _)| key == KEY).map(|(_, value)| value.clone());
    let names = found.unwrap_or_else(|| "SessionAuthentication,BasicAuthentication".to_owned());
    let (sessions, others): (Vec<_>, Vec<_>) =
        names.split(',').map(class_name).partition(|name| *name == "SessionAuthentication");
    if !sessions.is_empty() {
        translation
            .note("SessionAuthentication does not exist here: a client with only a session cookie is anonymous.");
    }
    translation.set(KEY, others.join(","));
}

fn about_the_project(translation: &mut Translation, django: &Map<String, Value>) {
    let string = |key: &str| django.get(key).and_then(Value::as_str);
    if let Some(model) = string("AUTH_USER_MODEL").filter(|model| *model != "auth.User") {
        translation.note(format!("AUTH_USER_MODEL is {model}: implement the trait UserModel for its table."));
    }
    if django.get("USE_TZ") == Some(&Value::Bool(false)) {
        translation
            .note("USE_TZ is False: Django writes local times, here times are UTC. Do not run both on one database.");
    }
    if let Some(language) = string("LANGUAGE_CODE").filter(|language| !language.starts_with("en")) {
        translation
            .note(format!("LANGUAGE_CODE is {language}: messages here are English. Clients should go by `code`."));
    }
    if translation.env.iter().any(|(key, value)| key == "DEBUG" && value == "true") {
        translation.note("DEBUG is on; there are no debug pages here, and production should not have it.");
    }
    if !translation.has("SECRET_KEY") {
        translation.note("SECRET_KEY is not in the export: without the same one every token is invalid.");
    }
    let apps = django.get("INSTALLED_APPS").and_then(Value::as_array);
    if let Some(apps) = apps
        && !apps.iter().any(|app| app.as_str().is_some_and(|app| app.contains("token_blacklist")))
    {
        translation.note(
            "token_blacklist is not among INSTALLED_APPS: leave it out of INSTALLED_APPS here too, or `manage migrate` adds its tables.",
        );
    }
}

/// Python's values as text of the environment.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.replace('\n', "\\n"),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Object(entries) => {
            let entries = entries.iter().filter(|(_, value)| !value.is_null());
            entries.map(|(key, value)| format!("{key}={}", text(value))).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

/// A `timedelta` as JSON has it: seconds, `str()` (`1 day, 0:05:00`) or ISO 8601 (`P1DT00H05M00S`).
fn duration(key: &str, value: &Value) -> Option<String> {
    if !["_LIFETIME", "_DELTA", "LEEWAY"].iter().any(|end| key.ends_with(end)) {
        return None;
    }
    let seconds = match value {
        Value::String(text) => iso_seconds(text).or_else(|| python_seconds(text))?,
        value => value.as_f64()?,
    };
    Some(format!("{seconds}s"))
}

fn python_seconds(text: &str) -> Option<f64> {
    let (days, time) = match text.split_once(", ") {
        Some((days, time)) => (days.split(' ').next()?.parse::<f64>().ok()?, time),
        None => (0.0, text),
    };
    let parts: Vec<f64> = time.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts[..] {
        [hours, minutes, seconds] => Some(days * 86_400.0 + hours * 3_600.0 + minutes * 60.0 + seconds),
        _ => None,
    }
}

fn iso_seconds(text: &str) -> Option<f64> {
    let (days, time) = text.strip_prefix('P')?.split_once('T')?;
    let mut seconds = match days.strip_suffix('D') {
        Some(days) => days.parse::<f64>().ok()? * 86_400.0,
        None => 0.0,
    };
    let mut rest = time;
    for (unit, factor) in [('H', 3_600.0), ('M', 60.0), ('S', 1.0)] {
        if let Some((number, tail)) = rest.split_once(unit) {
            seconds += number.parse::<f64>().ok()? * factor;
            rest = tail;
        }
    }
    rest.is_empty().then_some(seconds)
}

/// `DATABASES["default"]` as a URL.
fn database_url(database: &Value) -> Result<String, String> {
    let part = |key: &str| match database.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let engine = part("ENGINE");
    let encoded = |key: &str| utf8_percent_encode(&part(key), NON_ALPHANUMERIC).to_string();
    if engine.ends_with("sqlite3") {
        return Ok(format!("sqlite://{}", part("NAME")));
    }
    if !engine.ends_with("postgresql") && !engine.ends_with("postgresql_psycopg2") && !engine.ends_with("postgis") {
        return Err(format!("The database engine {engine} is not supported: SQLite and PostgreSQL are."));
    }
    let login = match (encoded("USER"), encoded("PASSWORD")) {
        (user, password) if password.is_empty() => user,
        (user, password) => format!("{user}:{password}"),
    };
    let at = if login.is_empty() { "" } else { "@" };
    let host = if part("HOST").starts_with('/') { encoded("HOST") } else { part("HOST") };
    let port = Some(part("PORT")).filter(|port| !port.is_empty()).map_or(String::new(), |port| format!(":{port}"));
    let options = database.get("OPTIONS").and_then(Value::as_object);
    let options = options.into_iter().flatten().filter_map(|(key, value)| {
        let known =
            key.starts_with("ssl") || ["options", "target_session_attrs", "connect_timeout"].contains(&key.as_str());
        let value = value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()))?;
        known.then(|| format!("{key}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC)))
    });
    let options: Vec<_> = options.collect();
    let query = if options.is_empty() { String::new() } else { format!("?{}", options.join("&")) };
    Ok(format!("postgres://{login}{at}{host}{port}/{}{query}", encoded("NAME")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn translation(json: &Value) -> Translation {
        translate(json.as_object().unwrap())
    }

    fn value<'a>(translation: &'a Translation, key: &str) -> &'a str {
        translation.env.iter().find(|(name, _)| name == key).map_or("(none)", |(_, value)| value)
    }

    #[test]
    fn what_django_does_without_being_told_is_told() {
        let translation = translation(&json!({ "SECRET_KEY": "k" }));
        assert_eq!(value(&translation, "SIMPLE_JWT_ACCESS_TOKEN_LIFETIME"), "5m");
        assert_eq!(value(&translation, "SIMPLE_JWT_ROTATE_REFRESH_TOKENS"), "false");
        assert_eq!(value(&translation, "REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES"), "AllowAny");
        assert_eq!(value(&translation, "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES"), "BasicAuthentication");
        assert_eq!(
            translation.notes,
            ["SessionAuthentication does not exist here: a client with only a session cookie is anonymous."]
        );
    }

    #[test]
    fn durations_have_three_spellings() {
        for (json, expected) in [
            (json!(300.0), "300s"),
            (json!("0:05:00"), "300s"),
            (json!("1 day, 0:00:00"), "86400s"),
            (json!("14 days, 1:30:00.500000"), "1215000.5s"),
            (json!("P1DT00H05M00S"), "86700s"),
            (json!("P0DT00H00M02.5S"), "2.5s"),
        ] {
            let translation = translation(&json!({ "SIMPLE_JWT": { "REFRESH_TOKEN_LIFETIME": json } }));
            assert_eq!(value(&translation, "SIMPLE_JWT_REFRESH_TOKEN_LIFETIME"), expected);
        }
    }

    #[test]
    fn lists_dictionaries_and_keys_become_text() {
        let translation = translation(&json!({
            "ALLOWED_HOSTS": ["a.org", ".b.org"],
            "DEBUG": false,
            "SIMPLE_JWT": { "AUDIENCE": null, "SIGNING_KEY": "-----BEGIN-----\nx\n", "AUTH_HEADER_TYPES": ["Bearer", "JWT"] },
            "REST_FRAMEWORK": {
                "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
                "DEFAULT_THROTTLE_RATES": { "anon": "5/min", "user": null },
            },
            "JWT_AUTH": { "JWT_ALLOW_REFRESH": true },
        }));
        assert_eq!(value(&translation, "ALLOWED_HOSTS"), "a.org,.b.org");
        assert_eq!(value(&translation, "DEBUG"), "false");
        assert_eq!(value(&translation, "SIMPLE_JWT_AUDIENCE"), "none");
        assert_eq!(value(&translation, "SIMPLE_JWT_SIGNING_KEY"), "-----BEGIN-----\\nx\\n");
        assert_eq!(value(&translation, "SIMPLE_JWT_AUTH_HEADER_TYPES"), "Bearer,JWT");
        assert_eq!(value(&translation, "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES"), "JWTAuthentication");
        assert_eq!(value(&translation, "REST_FRAMEWORK_DEFAULT_THROTTLE_RATES"), "anon=5/min");
        assert_eq!(value(&translation, "JWT_ALLOW_REFRESH"), "true");
    }

    #[test]
    fn code_of_ones_own_is_named_and_that_of_the_packages_is_not() {
        let translation = translation(&json!({ "SECRET_KEY": "k", "INSTALLED_APPS": [], "SIMPLE_JWT": {
            "TOKEN_OBTAIN_SERIALIZER": "shop.tokens.MyPair",
            "TOKEN_REFRESH_SERIALIZER": "rest_framework_simplejwt.serializers.TokenRefreshSerializer",
        }, "REST_FRAMEWORK": { "DEFAULT_AUTHENTICATION_CLASSES": [] }, "AUTH_USER_MODEL": "shop.Customer" }));
        assert_eq!(
            translation.notes,
            [
                "SIMPLE_JWT_TOKEN_OBTAIN_SERIALIZER names code of your own, shop.tokens.MyPair: what it does has to be \
                 written in Rust.",
                "AUTH_USER_MODEL is shop.Customer: implement the trait UserModel for its table.",
                "token_blacklist is not among INSTALLED_APPS: leave it out of INSTALLED_APPS here too, or `manage migrate` adds its tables.",
            ]
        );
        assert!(!translation.has("SIMPLE_JWT_TOKEN_REFRESH_SERIALIZER"));
    }

    #[test]
    fn databases_become_urls() {
        let url = |database: Value| database_url(&database);
        assert_eq!(
            url(json!({ "ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/db.sqlite3" })).unwrap(),
            "sqlite:///srv/db.sqlite3"
        );
        assert_eq!(
            url(json!({ "ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "ann", "PASSWORD": "p@:/",
                        "HOST": "db", "PORT": 5433, "OPTIONS": { "sslmode": "require", "pool": true } }))
            .unwrap(),
            "postgres://ann:p%40%3A%2F@db:5433/shop?sslmode=require"
        );
        assert_eq!(
            url(json!({ "ENGINE": "django.db.backends.mysql" })).unwrap_err(),
            "The database engine django.db.backends.mysql is not supported: SQLite and PostgreSQL are."
        );
    }
}
