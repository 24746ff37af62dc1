//! `CACHES`: where throttles count.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::converter::Converter;
use crate::management::adopt::report::Finding;

/// Sets `CACHE_URL` if the cache `default` is a Redis.
pub(super) fn convert(converter: &mut Converter<'_>) {
    let caches = converter.export.chosen("CACHES").and_then(Value::as_object);
    let Some(cache) = caches.and_then(|caches| caches.get("default")) else { return };
    let backend = cache.get("BACKEND").and_then(Value::as_str).unwrap_or_default();
    let is_memory = backend.ends_with(".LocMemCache") || backend.ends_with(".DummyCache");
    if !backend.ends_with("RedisCache") {
        if !is_memory {
            converter.report.add(
                Finding::noticed(format!("CACHES[\"default\"] is {backend}: throttles cannot count in it."))
                    .clients("With several servers, each server allows the full rate.")
                    .remedy("Set CACHE_URL to a Redis if there are several servers and throttles."),
            );
        }
        return;
    }
    match url(cache) {
        Ok(url) => converter.set("CACHE_URL", url),
        Err(reason) => converter.report.add(
            Finding::noticed(format!("CACHES[\"default\"]: {reason}"))
                .clients(
                    "Throttles count in the memory of each server: with several, each server allows the full rate.",
                )
                .remedy("Set CACHE_URL to a Redis that can be reached by redis://."),
        ),
    }
    if let Some(prefix) = cache.get("KEY_PREFIX").and_then(Value::as_str).filter(|prefix| !prefix.is_empty()) {
        converter.set("CACHE_KEY_PREFIX", prefix);
    }
    let timeout =
        cache.get("OPTIONS").and_then(|options| options.get("SOCKET_TIMEOUT").or(options.get("socket_timeout")));
    if let Some(seconds) = timeout.and_then(Value::as_f64).filter(|seconds| *seconds > 0.0) {
        converter.set("CACHE_SOCKET_TIMEOUT", format!("{seconds}s"));
    }
    converter.report.add(Finding::note(
        "Throttles of both servers count in the same Redis, but apart: while both run, a client has the allowance of each.",
    ));
}

/// The address, with the parts of it that are in `OPTIONS`: `django.core.cache.backends.redis` and `django_redis`.
fn url(cache: &Value) -> Result<String, String> {
    let location = match cache.get("LOCATION") {
        Some(Value::String(text)) => text.split([',', ';']).next().unwrap_or_default().trim(),
        Some(Value::Array(items)) => items.first().and_then(Value::as_str).unwrap_or_default(),
        _ => "",
    };
    let (address, query) = location.split_once('?').unwrap_or((location, ""));
    let Some(rest) = address.strip_prefix("redis://") else {
        let scheme = address.split_once("://").map_or("an address without a scheme", |(scheme, _)| scheme);
        return Err(format!("its address is {scheme}, and only redis:// is supported."));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, host) = authority.rsplit_once('@').map_or((None, authority), |(login, host)| (Some(login), host));
    let option = |names: &[&str]| {
        let options = cache.get("OPTIONS")?;
        names.iter().find_map(|name| match options.get(*name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let in_query =
        |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned);
    let database = Some(path.to_owned())
        .filter(|path| !path.is_empty())
        .or_else(|| in_query("db"))
        .or_else(|| option(&["DB", "db"]));
    let login = match (login, option(&["PASSWORD", "password"])) {
        (Some(login), _) => login.to_owned(),
        (None, Some(password)) => {
            let user = option(&["USERNAME", "username"]).unwrap_or_default();
            let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            format!("{}:{}", encoded(&user), encoded(&password))
        }
        (None, None) => String::new(),
    };
    let at = if login.is_empty() { "" } else { "@" };
    Ok(format!("redis://{login}{at}{host}/{}", database.unwrap_or_else(|| "0".to_owned())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_has_what_the_options_say() {
        for (cache, expected) in [
            (json!({ "LOCATION": "redis://r:6379/1" }), Ok("redis://r:6379/1")),
            (json!({ "LOCATION": ["redis://:pw@a", "redis://b"] }), Ok("redis://:pw@a/0")),
            (json!({ "LOCATION": "redis://a:1?db=3" }), Ok("redis://a:1/3")),
            (json!({ "LOCATION": "redis://a", "OPTIONS": { "PASSWORD": "p@:", "db": 2 } }), Ok("redis://:p%40%3A@a/2")),
            (json!({ "LOCATION": "rediss://a" }), Err("its address is rediss, and only redis:// is supported.")),
            (
                json!({ "LOCATION": "unix:///run/redis.sock" }),
                Err("its address is unix, and only redis:// is supported."),
            ),
        ] {
            assert_eq!(url(&cache).as_deref().map_err(String::as_str), expected);
        }
    }
}
