//! `manage adopt`: what moving a Django service here would mean. Python counterpart: none.
//!
//! Looks at a Django database, and at Django's settings when they are given as JSON, changes neither, and prints what is
//! there, what clients would notice, and a `.env` that carries the settings over.

mod django_settings;
mod survey;

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use self::django_settings::Translation;
use self::survey::Survey;
use crate::apps::AppsBuilder;
use crate::apps::command::{CommandError, Context, println};
use crate::conf::Environment;
use crate::db::{DatabaseSettings, open_read_only};

/// Arguments of `adopt`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// Django's settings as JSON; docs/MIGRATING.md has the line that writes them
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Print the Python script that exports Django's settings; it is for `python manage.py shell`
    #[arg(long, conflicts_with = "settings")]
    export: bool,
}

/// Runs in the Django project: `manage adopt --export | python manage.py shell -v 0 > settings.json`.
const EXPORT: &str = include_str!("adopt/export.py");

/// Prints the report. The database is `DATABASE_URL`, or else the one of Django's settings.
///
/// # Errors
/// When the file or the database cannot be read.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    if arguments.export {
        print!("{EXPORT}");
        return Ok(());
    }
    let translation = match &arguments.settings {
        Some(file) => {
            let problem = |error: String| CommandError::new(format!("{}: {error}", file.display()));
            let text = std::fs::read_to_string(file).map_err(|error| problem(error.to_string()))?;
            let json: Value = serde_json::from_str(&text).map_err(|error| problem(error.to_string()))?;
            let Value::Object(json) = json else { return Err(problem("a JSON object was expected".to_owned())) };
            Some(django_settings::translate(&json))
        }
        None => None,
    };
    let (mut translation, is_given) =
        translation.map_or((Translation::default(), false), |translation| (translation, true));
    if let Some(url) = context.env.get("DATABASE_URL") {
        translation.set("DATABASE_URL", url);
    }
    let builder = usable(context, &mut translation)?;
    let database = builder.registry().settings::<DatabaseSettings>();
    let survey = Survey::of(&mut open_read_only(&database)?, builder.registry())?;

    println!("Database: {}\n", database.url);
    println!("{survey}\nWhat to know before the move");
    let notes = survey.notes.iter().chain(&translation.notes);
    notes.for_each(|note| println!("  - {note}"));
    println!("  - docs/COMPATIBILITY.md lists what differs from Django on purpose, whatever the settings are.");
    if !is_given {
        println!("  - Settings were not compared: give them with --settings.");
        return Ok(());
    }
    println!("\n# .env: keep it as secret as Django's settings");
    translation.env.iter().for_each(|(key, value)| println!("{key}={}", quoted(value)));
    Ok(())
}

/// The set-up with the settings that were carried over. Settings that cannot be used here become notes.
fn usable(context: &Context, translation: &mut Translation) -> Result<AppsBuilder, CommandError> {
    loop {
        let env: Environment = translation.env.iter().cloned().collect();
        let problem = match context.builder_from(&env) {
            Err(problem) => problem,
            // An error about another key, such as one that is missing, is for the start to report.
            Ok(mut builder) => match builder.errors().iter().find(|problem| translation.has(problem.key())) {
                Some(problem) => problem.clone(),
                None => return Ok(builder),
            },
        };
        if !translation.has(problem.key()) {
            return Err(problem.into());
        }
        translation.env.retain(|(key, _)| key != problem.key());
        translation.notes.push(format!("{problem}. It is not in the .env below."));
    }
}

/// A value as `.env` files have it, so that `$`, `#` and spaces in a key mean themselves.
pub(super) fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@%+=*".contains(c);
    if value.chars().all(is_plain) {
        value.to_owned()
    } else if !value.contains('\'') {
        format!("'{value}'")
    } else {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('\n', "\\n");
        format!("\"{escaped}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_is_read_back_as_it_was() {
        for value in
            ["plain", "", "a b#c", "django-insecure-$x(y)'z\"\\#", "$HOME", "it's", "-----BEGIN-----\\nabc=\\n"]
        {
            let file = format!("KEY={}\n", quoted(value));
            let read: Vec<_> = dotenvy::from_read_iter(file.as_bytes()).map(Result::unwrap).collect();
            assert_eq!(read, [("KEY".to_owned(), value.to_owned())], "{file}");
        }
    }

    #[test]
    fn what_cannot_be_used_becomes_a_note() {
        let json = serde_json::json!({ "SIMPLE_JWT": { "ALGORITHM": "none", "LEEWAY": 5 }, "SECRET_KEY": "x" });
        let mut translation = django_settings::translate(json.as_object().unwrap());
        let context = Context::new::<crate::Settings>(Environment::default(), 1);
        let builder = usable(&context, &mut translation).unwrap();
        let settings = builder.registry().settings::<crate::simplejwt::settings::SimpleJwtSettings>();
        assert_eq!(settings.leeway, chrono::Duration::seconds(5));
        assert!(!translation.has("SIMPLE_JWT_ALGORITHM"));
        assert!(
            translation.notes.iter().any(|note| note.starts_with("SIMPLE_JWT_ALGORITHM: ")),
            "{:?}",
            translation.notes
        );
    }
}
