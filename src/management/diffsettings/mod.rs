//! `manage diffsettings`. Python counterpart: `django.core.management.commands.diffsettings`.

use clap::Args;

use crate::apps::command::{CommandError, Context, println};
use crate::conf::{Environment, Setting};
use crate::core::python::repr;

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
pub fn handle(context: &Context, settings: &[Setting], arguments: &Arguments) -> Result<(), CommandError> {
    for line in lines(&context.env, settings, arguments.all) {
        println!("{line}");
    }
    Ok(())
}

fn lines(env: &Environment, settings: &[Setting], all: bool) -> Vec<String> {
    let mut settings = settings.to_vec();
    settings.sort_unstable_by_key(|setting| setting.key);
    let line = |setting: Setting| {
        let shown = |value: &str| format!("{} = {}", setting.key, repr(&(setting.shown)(value)));
        match env.get(setting.key) {
            Some(value) if value != setting.default => Some(shown(value)),
            _ => all.then(|| format!("### {}", shown(setting.default))),
        }
    };
    settings.into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod files;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    #[test]
    fn only_what_differs_is_shown() {
        let env = [("DEBUG", "true"), ("PORT", "8000"), ("APPEND_SLASH", "no")].into_iter().collect();
        assert_eq!(lines(&env, Settings::SETTINGS, false), ["APPEND_SLASH = 'no'", "DEBUG = 'true'"]);
    }

    #[test]
    fn secrets_are_masked() {
        let settings = Settings::SETTINGS.iter().filter(|setting| setting.secret);
        let mut env: Environment = settings.map(|setting| (setting.key, "hunter2")).collect();
        env = env
            .with("DATABASE_URL", "postgres://u:hunter2@h/n?password=hunter2")
            .with("CACHE_URL", "redis://:hunter2@h");
        let shown = lines(&env, Settings::SETTINGS, true).join("\n");
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
