//! `manage diffsettings`. Python counterpart: `django.core.management.commands.diffsettings`.

use clap::Args;

use super::base::{CommandError, Context};
use crate::conf::Environment;
use crate::settings::Settings;

/// Settings whose value is not shown.
const SECRETS: &[&str] = &["SECRET_KEY", "SIMPLE_JWT_SIGNING_KEY", "JWT_SECRET_KEY", "JWT_PRIVATE_KEY"];

/// Arguments of `diffsettings`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// Display all settings; those with their default value are prefixed by "###"
    #[arg(long)]
    all: bool,
}

/// Runs the command.
///
/// # Errors
/// None at present.
pub fn handle(context: &Context, arguments: &Arguments) -> Result<(), CommandError> {
    // As `Display` writes them, which has no password.
    let urls = [
        ("DATABASE_URL", context.settings.database.url.to_string()),
        ("CACHE_URL", context.settings.rest_framework.cache.url.to_string()),
    ];
    for line in lines(&context.env, &urls, arguments.all) {
        println!("{line}");
    }
    Ok(())
}

fn lines(env: &Environment, urls: &[(&str, String)], all: bool) -> Vec<String> {
    let mut reference = Settings::defaults();
    reference.sort_unstable();
    let line = |(key, default): (&str, &str)| {
        let shown = |value: &str| match key {
            _ if SECRETS.contains(&key) && !value.is_empty() => "'********************'".to_owned(),
            _ => repr(urls.iter().find(|(name, _)| *name == key).map_or(value, |(_, shown)| shown)),
        };
        match env.get(key) {
            Some(value) if value != default => Some(format!("{key} = {}", shown(value))),
            _ if all => Some(format!("### {key} = {}", shown(default))),
            _ => None,
        }
    };
    reference.into_iter().filter_map(line).collect()
}

/// Text as Python's `repr` shows it.
fn repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\\' => shown.push_str("\\\\"),
            c if c == quote => shown.extend(['\\', c]),
            c => shown.push(c),
        }
    }
    shown.push(quote);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let env = [("DEBUG", "true"), ("PORT", "8000"), ("APPEND_SLASH", "no")].into_iter().collect();
        assert_eq!(lines(&env, &[], false), ["APPEND_SLASH = 'no'", "DEBUG = 'true'"]);
    }

    #[test]
    fn secrets_are_masked() {
        let env: Environment = [
            ("SECRET_KEY", "hunter2"),
            ("DATABASE_URL", "postgres://u:hunter2@h/n"),
            ("CACHE_URL", "redis://:hunter2@h"),
        ]
        .into_iter()
        .collect();
        let urls = [("DATABASE_URL", "postgres://u@h/n".to_owned()), ("CACHE_URL", "redis://h:6379/0".to_owned())];
        let shown = lines(&env, &urls, true).join("\n");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("SECRET_KEY = '********************'"), "{shown}");
        assert!(shown.contains("CACHE_URL = 'redis://h:6379/0'"), "{shown}");
        assert!(shown.contains("\n### DEBUG = 'false'\n"), "{shown}");
    }

    #[test]
    fn text_is_shown_as_python_shows_it() {
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("a\nb\\'\""), "'a\\nb\\\\\\'\"'");
    }
}
