//! Converts values of Python, as `export.py` writes them, into text for the environment.

use serde_json::Value;

/// `None` is `none`, a list has commas between its items, a dictionary `key=value` pairs.
///
/// # Errors
/// Returns a reason if the text would be read as another value.
pub(super) fn text(key: &str, value: &Value) -> Result<String, String> {
    if is_duration(key)
        && let Some(seconds) = seconds(value)
    {
        return Ok(format!("{seconds}s"));
    }
    if key == "AUTH_PASSWORD_VALIDATORS"
        && let Some(items) = value.as_array()
    {
        return validators(items);
    }
    match value {
        Value::Null => Ok("none".to_owned()),
        // On one line, which every reader of `.env` files takes. In PEM text the server takes `\n` for a line break.
        Value::String(text) if text.contains("-----BEGIN") => Ok(text.replace("\r\n", "\n").replace('\n', "\\n")),
        Value::String(text) => Ok(text.clone()),
        Value::Array(items) => Ok(items.iter().map(|item| part(key, item)).collect::<Result<Vec<_>, _>>()?.join(",")),
        Value::Object(entries) => {
            let entries = entries.iter().filter(|(_, value)| !value.is_null());
            let pairs: Result<Vec<_>, String> =
                entries.map(|(name, value)| Ok(format!("{name}={}", part(key, value)?))).collect();
            Ok(pairs?.join(","))
        }
        other => Ok(other.to_string()),
    }
}

/// Entries of `AUTH_PASSWORD_VALIDATORS`: the class, and its options behind a colon.
fn validators(items: &[Value]) -> Result<String, String> {
    let entry = |item: &Value| {
        let name = item.get("NAME").and_then(Value::as_str).ok_or("an entry has no NAME")?;
        let name = name.strip_prefix("django.contrib.auth.password_validation.").unwrap_or(name);
        let options = item.get("OPTIONS").and_then(Value::as_object);
        let options: Result<Vec<_>, String> =
            options.into_iter().flatten().map(|(name, value)| Ok(format!("{name}={}", part("", value)?))).collect();
        let options = options?.join(";");
        Ok(if options.is_empty() { name.to_owned() } else { format!("{name}:{options}") })
    };
    let entries = items.iter().map(entry).collect::<Result<Vec<_>, String>>()?;
    Ok(if entries.is_empty() { "none".to_owned() } else { entries.join(",") })
}

/// An item of a list.
fn part(key: &str, item: &Value) -> Result<String, String> {
    let text = text("", item)?;
    // Commas inside of brackets do not separate expressions.
    let is_expression = key.ends_with("_REGEXES") || key.ends_with("_EXEMPT");
    if text.contains(',') && !is_expression {
        return Err("an item of the list has a comma in it, which cannot be written in .env".to_owned());
    }
    Ok(text)
}

fn is_duration(key: &str) -> bool {
    ["_LIFETIME", "_DELTA", "LEEWAY"].iter().any(|end| key.ends_with(end))
}

/// A `timedelta` as JSON has it: seconds, `str()` (`1 day, 0:05:00`) or ISO 8601 (`P1DT00H05M00S`).
fn seconds(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => iso_seconds(text).or_else(|| python_seconds(text)),
        value => value.as_f64(),
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
            assert_eq!(text("SIMPLE_JWT_REFRESH_TOKEN_LIFETIME", &json).unwrap(), expected);
        }
    }

    #[test]
    fn validators_of_passwords_have_options() {
        let validators = json!([
            { "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": { "min_length": 12 } },
            { "NAME": "shop.PwnedValidator" },
        ]);
        let text = |json| text("AUTH_PASSWORD_VALIDATORS", &json).unwrap();
        assert_eq!(text(validators), "MinimumLengthValidator:min_length=12,shop.PwnedValidator");
        assert_eq!(text(json!([])), "none");
    }

    #[test]
    fn lists_dictionaries_and_keys_become_text() {
        for (json, expected) in [
            (json!(["a.org", ".b.org"]), "a.org,.b.org"),
            (json!(false), "false"),
            (json!(null), "none"),
            (json!("-----BEGIN-----\nx\n"), "-----BEGIN-----\\nx\\n"),
            (json!("a secret\nof\\n two lines"), "a secret\nof\\n two lines"),
            (json!({ "anon": "5/min", "user": null }), "anon=5/min"),
            (json!(2_621_440), "2621440"),
        ] {
            assert_eq!(text("", &json).unwrap(), expected);
        }
        assert!(text("SIMPLE_JWT_AUDIENCE", &json!(["a,b"])).is_err());
        let expressions = json!([r"^https://\w{1,3}\.a\.org$"]);
        assert_eq!(text("CORS_ALLOWED_ORIGIN_REGEXES", &expressions).unwrap(), r"^https://\w{1,3}\.a\.org$");
    }
}
