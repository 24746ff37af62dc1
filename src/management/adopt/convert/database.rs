//! `DATABASES["default"]` as a URL.

use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::converter::Converter;
use crate::management::adopt::report::Finding;

/// Sets `DATABASE_URL`. The value of the environment comes first, because this machine may reach the database under another
/// address.
pub(super) fn convert(converter: &mut Converter<'_>) {
    let databases = converter.export.chosen("DATABASES").and_then(Value::as_object);
    let others: Vec<_> = databases.into_iter().flat_map(|all| all.keys()).filter(|name| *name != "default").collect();
    if !others.is_empty() {
        let names = others.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        converter.report.add(
            Finding::note(format!("DATABASES has more than one database: {names}."))
                .remedy("Only \"default\" is used. If users or tokens are in another one, set DATABASE_URL to it and run this again."),
        );
    }
    if let Some(url) = converter.context.env.get("DATABASE_URL") {
        let url = url.to_owned();
        converter.set("DATABASE_URL", url);
        return;
    }
    let directory = converter.export.text("_export", "directory").unwrap_or_default();
    match databases.and_then(|all| all.get("default")).map(|database| url(database, directory)) {
        Some(Ok(url)) => converter.set("DATABASE_URL", url),
        Some(Err(reason)) => converter.report.add(
            Finding::blocking(reason).clients("No request that needs the database could be answered.").remedy(
                "Set DATABASE_URL in the environment and run this again, or move the data to PostgreSQL or SQLite first.",
            ),
        ),
        None => converter.report.add(
            Finding::blocking("The export has no DATABASES[\"default\"].")
                .remedy("Set DATABASE_URL in the environment, or export the settings with `manage adopt --export`."),
        ),
    }
}

/// A path that is relative to Django's `directory` is made absolute.
fn url(database: &Value, directory: &str) -> Result<String, String> {
    let part = |key: &str| match database.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let engine = part("ENGINE");
    let encoded = |key: &str| utf8_percent_encode(&part(key), NON_ALPHANUMERIC).to_string();
    if engine.ends_with("sqlite3") {
        return Ok(format!("sqlite://{}", Path::new(directory).join(part("NAME")).display()));
    }
    if !["postgresql", "postgresql_psycopg2", "postgis"].iter().any(|name| engine.ends_with(name)) {
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

    #[test]
    fn databases_become_urls() {
        for (database, expected) in [
            (json!({ "ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/db.sqlite3" }), "sqlite:///srv/db.sqlite3"),
            (json!({ "ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3" }), "sqlite:///app/db.sqlite3"),
            (
                json!({ "ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "ann", "PASSWORD": "p@:/",
                        "HOST": "db", "PORT": 5433, "OPTIONS": { "sslmode": "require", "pool": true } }),
                "postgres://ann:p%40%3A%2F@db:5433/shop?sslmode=require",
            ),
        ] {
            assert_eq!(url(&database, "/app").unwrap(), expected);
        }
        assert_eq!(
            url(&json!({ "ENGINE": "django.db.backends.mysql" }), "").unwrap_err(),
            "The database engine django.db.backends.mysql is not supported: SQLite and PostgreSQL are."
        );
    }
}
