//! `manage diffsettings`. Python counterpart: `django.core.management.commands.diffsettings`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::apps::command::{CommandError, Context, println};
use crate::conf::{Environment, Setting};
use crate::core::python::repr;

/// Arguments of `diffsettings`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// Display all settings, regardless of their value. In "hash" mode, default values are prefixed by "###"
    #[arg(long)]
    all: bool,
    /// A file like .env, to compare the current settings against. Leave empty to compare against the defaults
    #[arg(long, value_name = "FILE")]
    default: Option<PathBuf>,
    /// Selects the output format. "hash" mode displays each changed setting. "unified" mode prefixes default settings with a
    /// minus sign, followed by the changed setting prefixed with a plus sign
    #[arg(long, value_enum, default_value = "hash")]
    output: Output,
}

/// How the settings are printed.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Output {
    #[default]
    Hash,
    Unified,
}

/// Runs the command.
///
/// # Errors
/// Returns an error if the file of `--default` cannot be read.
pub fn handle(context: &Context, settings: &[Setting], arguments: &Arguments) -> Result<(), CommandError> {
    let default = match &arguments.default {
        Some(file) if !file.exists() => return Err(CommandError::new(format!("{} does not exist", file.display()))),
        Some(file) => Environment::from_file(file)?,
        None => Environment::default(),
    };
    for line in lines(&context.env, &default, settings, arguments) {
        println!("{line}");
    }
    Ok(())
}

fn lines(env: &Environment, default: &Environment, settings: &[Setting], arguments: &Arguments) -> Vec<String> {
    let mut settings = settings.to_vec();
    settings.sort_unstable_by_key(|setting| setting.key);
    let mut lines = Vec::new();
    for setting in settings {
        let shown = |value: &str| format!("{} = {}", setting.key, repr(&without_credentials(&(setting.shown)(value))));
        let old = default.get(setting.key).unwrap_or(setting.default);
        let new = env.get(setting.key).unwrap_or(setting.default);
        match arguments.output {
            _ if new == old && !arguments.all => {}
            Output::Hash if new == old => lines.push(format!("### {}", shown(old))),
            Output::Hash => lines.push(shown(new)),
            Output::Unified if new == old => lines.push(format!("  {}", shown(old))),
            Output::Unified => lines.extend([format!("- {}", shown(old)), format!("+ {}", shown(new))]),
        }
    }
    lines
}

/// Replaces the password and the query of a URL in `text`, because a query may have keys and tokens. A single word before the `@`
/// may be a token in an HTTP URL; in other URLs it is a user.
fn without_credentials(text: &str) -> String {
    let Some((before, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
    let (url, after) = rest.split_at(end);
    let (place, query) = url.split_once('?').map_or((url, ""), |(place, _)| (place, "?********************"));
    // A password may have a slash in it that should have been written as %2F.
    let place = match place.rsplit_once('@') {
        Some((login, host)) => match login.split_once(':') {
            Some((user, _)) => format!("{user}:********************@{host}"),
            None if before.ends_with("http") || before.ends_with("https") => format!("********************@{host}"),
            None => place.to_owned(),
        },
        None => place.to_owned(),
    };
    format!("{before}://{place}{query}{}", without_credentials(after))
}

#[cfg(test)]
mod files;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn shown(env: &Environment, default: &Environment, all: bool, output: Output) -> Vec<String> {
        lines(env, default, &Settings::declared(), &Arguments { all, output, default: None })
    }

    #[test]
    fn only_what_differs_is_shown() {
        let env = [("DEBUG", "true"), ("PORT", "8000"), ("APPEND_SLASH", "no")].into_iter().collect();
        let default = Environment::default();
        assert_eq!(shown(&env, &default, false, Output::Hash), ["APPEND_SLASH = 'no'", "DEBUG = 'true'"]);
        assert_eq!(
            shown(&env, &default, false, Output::Unified),
            ["- APPEND_SLASH = 'true'", "+ APPEND_SLASH = 'no'", "- DEBUG = 'false'", "+ DEBUG = 'true'"]
        );
        assert!(shown(&env, &default, true, Output::Unified).contains(&"  PORT = '8000'".to_owned()));
        let other = Environment::default().with("DEBUG", "true").with("PORT", "1");
        assert_eq!(shown(&env, &other, false, Output::Hash), ["APPEND_SLASH = 'no'", "PORT = '8000'"]);
    }

    #[test]
    fn a_url_of_any_setting_is_shown_without_its_credentials() {
        let mask = "********************";
        for (text, expected) in [
            ("https://u:hunter2@id.example.org/jwks.json", format!("https://u:{mask}@id.example.org/jwks.json")),
            ("https://hunter2@id.example.org", format!("https://{mask}@id.example.org")),
            ("https://u:hun/ter2@id.example.org/", format!("https://u:{mask}@id.example.org/")),
            ("https://id.example.org/?key=hunter2", format!("https://id.example.org/?{mask}")),
            ("https://a.org,https://u:hunter2@b.org", format!("https://a.org,https://u:{mask}@b.org")),
            ("admin@example.org", "admin@example.org".to_owned()),
        ] {
            assert_eq!(without_credentials(text), expected);
        }
        let env = Environment::default().with("SIMPLE_JWT_JWK_URL", "https://u:hunter2@h/?token=hunter2");
        let expected = format!("SIMPLE_JWT_JWK_URL = 'https://u:{mask}@h/?{mask}'");
        assert_eq!(shown(&env, &Environment::default(), false, Output::Hash), [expected]);
    }

    #[test]
    fn secrets_are_masked() {
        let settings = Settings::declared().into_iter().filter(|setting| setting.secret);
        let mut env: Environment = settings.map(|setting| (setting.key, "hunter2")).collect();
        env = env
            .with("DATABASE_URL", "postgres://u:hunter2@h/n?password=hunter2")
            .with("CACHE_URL", "redis://:hunter2@h");
        let shown = shown(&env, &Environment::default(), true, Output::Hash).join("\n");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("SECRET_KEY = '********************'"), "{shown}");
        assert!(shown.contains("CACHE_URL = 'redis://h:6379/0'"), "{shown}");
        assert!(shown.contains("DATABASE_URL = 'postgres://u@h/n'"), "{shown}");
        assert!(shown.contains("\n### DEBUG = 'false'\n"), "{shown}");
    }

    #[test]
    fn text_is_shown_as_python_shows_it() {
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("a\nb\\'\""), "'a\\nb\\\\\\'\"'");
    }
}
