//! Parsers for the texts of environment variables: one function per kind of value.
//!
//! An error describes the expected value, such as "a whole number". The caller adds the key and the text.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration as StdDuration;

use chrono::Duration;

use crate::core::crypto::SecretString;
use crate::core::jwt::Algorithm;

/// `true false 1 0 yes no on off`, in upper or lower case. Empty is false.
pub fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" | "" => Ok(false),
        _ => Err("a boolean (true, false, 1, 0, yes, no, on, off)".to_owned()),
    }
}

/// `90`, `2s`, `5m`, `1h30m`, `1d`, `2w`, `2.5s`: numbers with units, added up. A bare number is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "a duration such as 90, 2s, 5m, 1h30m, 1d or 2w".to_owned();
    if text.trim().is_empty() {
        return Err(expected());
    }
    let mut seconds = 0.0;
    for part in text.trim().split_inclusive(|c: char| c.is_ascii_alphabetic()) {
        let number = part.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match part[number.len()..].to_ascii_lowercase().as_str() {
            "" | "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            "w" => 604_800.0,
            _ => return Err(expected()),
        };
        // The parser of `f64` would accept a plus sign.
        let number = if number.starts_with('+') { None } else { number.parse::<f64>().ok() };
        seconds += number.ok_or_else(expected)? * factor;
    }
    // A longer duration leads to dates outside the range of chrono. Python's `timedelta` has a similar limit.
    if !seconds.is_finite() || seconds.abs() > 1e11 {
        return Err("a duration of less than 3,000 years".to_owned());
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded just above")]
    Ok(Duration::microseconds((seconds * 1e6).round() as i64))
}

/// Same as [`duration`], and not negative.
pub fn unsigned_duration(text: &str) -> Result<StdDuration, String> {
    duration(text)?.to_std().map_err(|_| "a duration of 0 or more, such as 5s".to_owned())
}

/// A duration of more than 0, such as `example`.
pub fn positive_duration(example: &'static str) -> impl Fn(&str) -> Result<Duration, String> {
    let expected = move || format!("a duration of more than 0, such as {example}");
    move |text| duration(text).ok().filter(|time| *time > Duration::zero()).ok_or_else(expected)
}

/// The names in `INSTALLED_APPS`. `None` if the text is empty, which means all apps.
pub(crate) fn installed_apps(text: &str) -> Option<Vec<&str>> {
    let names = || text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    (!text.trim().is_empty()).then(names)
}

/// The parts between commas, trimmed and without empty parts. `none` alone is the empty list.
pub fn list(text: &str) -> Result<Vec<String>, String> {
    let parts: Vec<_> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    Ok(if matches!(&parts[..], [part] if is_none(part)) { Vec::new() } else { parts })
}

/// A list of class names, short or with their Python path: `rest_framework.permissions.AllowAny` is `AllowAny`.
pub fn class_names(text: &str) -> Result<Vec<String>, String> {
    Ok(list(text)?.iter().map(|name| class_name(name).to_owned()).collect())
}

/// A class name, short or with its Python path: `tokens.AccessToken` is `AccessToken`.
#[must_use]
pub fn class_name(text: &str) -> &str {
    text.rsplit('.').next().unwrap_or(text)
}

/// A list of at least one class. `parse` finds a class by its name. `known` has all names, for the error.
pub fn classes<T>(parse: fn(&str) -> Option<T>, known: &'static str) -> impl Fn(&str) -> Result<Vec<T>, String> {
    move |text| {
        let parsed: Option<Vec<T>> = class_names(text)?.iter().map(|name| parse(name)).collect();
        parsed.filter(|classes| !classes.is_empty()).ok_or_else(|| format!("a list of one or more of {known}"))
    }
}

/// The value that `parse` returns; `none`, `null` and empty text are `None`.
pub fn optional<T>(parse: impl Fn(&str) -> Result<T, String>) -> impl Fn(&str) -> Result<Option<T>, String> {
    move |text| if is_none(text) { Ok(None) } else { parse(text).map(Some) }
}

fn is_none(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "" | "none" | "null")
}

/// The value that `parse` returns, if `is_allowed` accepts it. `expected` describes the values that it accepts.
pub fn only<T>(
    parse: impl Fn(&str) -> Result<T, String>,
    is_allowed: impl Fn(&T) -> bool,
    expected: &'static str,
) -> impl Fn(&str) -> Result<T, String> {
    move |text| parse(text).ok().filter(&is_allowed).ok_or_else(|| expected.to_owned())
}

/// One of `known`.
pub fn one_of(known: &'static [&'static str]) -> impl Fn(&str) -> Result<String, String> {
    move |text| match text.trim() {
        text if known.contains(&text) => Ok(text.to_owned()),
        _ => Err(format!("one of {}", known.join(", "))),
    }
}

/// The value of one of the words in `choices`, in upper or lower case. `expected` has all words, for the error.
pub fn choice<T: Copy>(
    choices: &'static [(&'static str, T)],
    expected: &'static str,
) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        let chosen = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim()));
        chosen.map(|(_, value)| *value).ok_or_else(|| expected.to_owned())
    }
}

/// Text that is not empty.
pub fn string(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("text that is not empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// A `token` of RFC 9110, section 5.6.2: the form of the names of headers, authentication schemes and cookies.
pub fn word(text: &str) -> Result<String, String> {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    only(string, |text| text.bytes().all(is_token), "one word of letters, digits and hyphens")(text)
}

/// Converts the name of a header in Django's `request.META`, such as `HTTP_X_ACCESS_TOKEN`, to the name in a request:
/// `x-access-token`.
pub fn meta_header(example: &'static str) -> impl Fn(&str) -> Result<String, String> {
    move |text| {
        let name = text.trim().strip_prefix("HTTP_").map(|name| name.to_ascii_lowercase().replace('_', "-"));
        let name = name.and_then(|name| word(&name).ok());
        name.ok_or_else(|| format!("a header as request.META names it, such as {example}"))
    }
}

/// The value of an attribute of a cookie, such as its path.
#[cfg(feature = "server")]
pub fn cookie_attribute(text: &str) -> Result<String, String> {
    let is_allowed = |b: u8| (b' '..=b'~').contains(&b) && b != b';' && b != b',';
    only(string, |text| text.bytes().all(is_allowed), "text that is allowed in a cookie")(text.trim())
}

/// A secret, or a key in PEM form. In PEM text `\n` written as two characters counts as a line break, because many environments do
/// not allow line breaks. Any other secret is taken as it is, as by Django.
pub fn pem(text: &str) -> Result<SecretString, String> {
    // Before the first block there may be a line such as `kid: NAME`.
    if text.contains("-----BEGIN") { lines(text) } else { Ok(text.into()) }
}

/// Secrets or PEM blocks, on separate lines. If there is no line break, `\n` written as two characters counts as one. So a secret that
/// contains these characters can be in the list, if the list has a line break.
pub fn lines(text: &str) -> Result<SecretString, String> {
    let is_escaped = text.contains("-----BEGIN") || !text.contains('\n');
    Ok(if is_escaped { text.replace("\\n", "\n").into() } else { text.into() })
}

/// Secrets that are separated by commas, or by the line breaks of [`lines`] if there are any, because a secret may contain commas.
/// White space around secrets and empty secrets are removed. `none` alone is the empty list.
pub fn secrets(text: &str) -> Result<Vec<SecretString>, String> {
    let text = lines(text)?;
    let text = text.expose();
    if is_none(text) {
        return Ok(Vec::new());
    }
    let separator = if text.trim().contains('\n') { '\n' } else { ',' };
    Ok(text.split(separator).map(str::trim).filter(|part| !part.is_empty()).map(SecretString::from).collect())
}

/// A whole number that is not negative.
pub fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| "a whole number, 0 or more".to_owned())
}

/// A whole number in `range`.
pub fn number_in<T: FromStr + PartialOrd + Display>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        let expected = || format!("a whole number from {} to {}", range.start(), range.end());
        number(text).ok().filter(|number| range.contains(number)).ok_or_else(expected)
    }
}

/// The algorithm of a token.
pub fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.trim().parse().map_err(|_| format!("one of {}", Algorithm::ALL.map(Algorithm::as_str).join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_up_and_a_bare_number_is_seconds() {
        for (text, seconds) in [("90", 90), ("2s", 2), ("5m", 300), ("1h30m", 5_400), ("1d", 86_400), ("2w", 1_209_600)]
        {
            assert_eq!(duration(text).unwrap(), Duration::seconds(seconds), "{text}");
        }
        assert_eq!(duration("2.5s").unwrap(), Duration::milliseconds(2_500));
        assert_eq!(duration("-30").unwrap(), Duration::seconds(-30));
    }

    #[test]
    fn an_invalid_duration_is_refused() {
        for text in ["", "abc", "5x", "m", "1h30z", "1..5", "--1", "9e99d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn booleans_have_eight_spellings_in_any_case() {
        for text in ["1", "TRUE", "yes", "On"] {
            assert!(boolean(text).unwrap(), "{text}");
        }
        for text in ["0", "False", "NO", "off", ""] {
            assert!(!boolean(text).unwrap(), "{text}");
        }
        assert!(boolean("2").is_err());
    }

    #[test]
    fn secrets_with_commas_are_separated_by_lines() {
        let read = |text: &str| {
            let secrets = secrets(text).unwrap();
            secrets.iter().map(|secret| secret.expose().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(read("one key, another,"), ["one key", "another"]);
        assert_eq!(read("a,b\\nc"), ["a,b", "c"]);
        assert_eq!(read("a,b\n"), ["a", "b"]);
        // With a line break, a backslash and an n are part of a secret.
        assert_eq!(read("a\\nb,c\nd"), ["a\\nb,c", "d"]);
        assert!(read("none").is_empty() && read("").is_empty());
    }

    #[test]
    fn only_pem_text_has_escaped_line_breaks() {
        for (text, expected) in [
            ("a secret\\nwith a backslash", "a secret\\nwith a backslash"),
            (" -----BEGIN PUBLIC KEY-----\\nAA==\\n-----END", " -----BEGIN PUBLIC KEY-----\nAA==\n-----END"),
            ("kid: a\\n-----BEGIN PUBLIC KEY-----\\nAA==", "kid: a\n-----BEGIN PUBLIC KEY-----\nAA=="),
            ("file:C:\\new", "file:C:\\new"),
        ] {
            assert_eq!(pem(text).unwrap().expose(), expected);
        }
        for (text, expected) in [("a\\nb", "a\nb"), ("a\\nb\n", "a\\nb\n"), ("x\n-----BEGIN A\\n", "x\n-----BEGIN A\n")]
        {
            assert_eq!(lines(text).unwrap().expose(), expected);
        }
    }

    #[test]
    fn none_has_three_spellings() {
        for text in ["", "None", "null"] {
            assert_eq!(optional(string)(text).unwrap(), None);
            assert!(list(text).unwrap().is_empty());
        }
        assert_eq!(optional(string)("x").unwrap().as_deref(), Some("x"));
        assert_eq!(list("none, x").unwrap(), ["none", "x"]);
    }
}
