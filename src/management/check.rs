//! `manage check`. Python counterpart: `django.core.management.commands.check`.

use clap::Args;

use super::{development, runserver};
use crate::apps::command::{CommandError, Context, eprintln, println};
use crate::apps::{AppsBuilder, Check, CheckScope, DatabaseCheck, Findings, Registry};
use crate::core::checks::{CheckMessage, Level};
use crate::db::migrations::unapplied_warning;
use crate::db::{Database, DatabaseError, DatabaseSettings};

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Labels of the apps whose checks run, besides those of the project; by default all
    app_label: Vec<String>,
    /// Run only checks labeled with given tag: what stands before the dot of an id
    #[arg(short, long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// List available tags
    #[arg(long)]
    list_tags: bool,
    /// Check deployment settings
    #[arg(long)]
    deploy: bool,
    /// Message level that will cause the command to exit with a non-zero status
    #[arg(long, default_value = "ERROR")]
    fail_level: Level,
    /// Opens the database as well, if no tag or a tag of such a check is given: are all migrations applied? With --deploy, which
    /// passwords are expensive to check? Its name is "default"
    #[arg(long = "database", value_name = "DATABASE", value_parser = ["default"])]
    databases: Vec<String>,
}

/// The id, and the tag of it, of a value that stops the start. It belongs to no check.
const SETTINGS_ERROR: &str = "settings.E901";
const SETTINGS_TAG: &str = "settings";

/// The tag of the error about a database that a server could not use.
const DATABASE_TAG: &str = "database";

/// Runs the command.
///
/// # Errors
/// Returns an error if a message has the fail level or a higher one, or if there is no such tag or app.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let which = if arguments.deploy { CheckScope::Deploy } else { CheckScope::Check };
    let mut builder = context.builder()?;
    let refusal = runserver::refusal(builder.registry(), &context.env);
    if builder.registry().secret_key().expose().is_empty() {
        // Development mode makes a key as well. If it does not apply, `refusal` says so.
        builder = development::with_key(builder, &context.env);
    }
    if arguments.list_tags {
        tags(&mut builder, which).into_iter().for_each(|tag| println!("{tag}"));
        return Ok(());
    }
    let known = tags(&mut builder, CheckScope::Deploy);
    if let Some(unknown) = arguments.tags.iter().find(|tag| !known.contains(&tag.as_str())) {
        return Err(CommandError::new(format!("There is no system check with the \"{unknown}\" tag.")));
    }
    let installed = builder.registry().installed().to_vec();
    let is_label = |label: &String| installed.iter().any(|app| app.label() == label);
    if let Some(unknown) = arguments.app_label.iter().find(|label| !is_label(label)) {
        return Err(CommandError::new(format!("No installed app with label '{unknown}'.")));
    }

    // As in Django, checks that belong to no app always run.
    let others = installed.iter().filter(|app| !arguments.app_label.iter().any(|label| label == app.label()));
    let others: Vec<_> = match arguments.app_label[..] {
        [] => Vec::new(),
        _ => others.flat_map(|app| app.checks()).flat_map(|check| check.ids).collect(),
    };
    // `rest_framework` warns about logins, under an id of `auth`.
    let is_of_label = |id: &str| arguments.app_label.iter().any(|label| id.split('.').next() == Some(label.as_str()));
    let has_tag = |tag: &str| arguments.tags.is_empty() || arguments.tags.iter().any(|wanted| wanted == tag);
    let wanted = |check: &Check| {
        check.tags().any(has_tag) && !check.ids.iter().any(|id| others.contains(&id) && !is_of_label(id))
    };

    let registry = builder.assemble();
    // The settings of a custom user model can only be checked against the database.
    let asks_database = !arguments.databases.is_empty() || registry.has_own_users();
    let mut first: Vec<_> =
        refusal.map(|error| CheckMessage::new(Level::Error, SETTINGS_ERROR, error)).into_iter().collect();
    let checks = registry.list::<DatabaseCheck>().iter().filter(|_| !arguments.databases.is_empty());
    let checks: Vec<_> = checks.filter(|check| which.includes(check.when) && check.tags().any(has_tag)).collect();
    let is_for_start = asks_database && has_tag(DATABASE_TAG);
    first.extend(check_database(registry, is_for_start, &checks).unwrap_or_else(|error| vec![unusable(error)]));
    let doubts = context.doubtful_names(registry);
    let doubts: Vec<_> = doubts.iter().map(|doubt| CheckMessage::warning("settings.W901", doubt.to_string())).collect();
    let silenced_ids = registry.silenced_checks().to_vec();
    let mut found = builder.check_some(which, wanted);
    // An error of the settings cannot be silenced, because the server would still not start.
    let is_silenced =
        |message: &CheckMessage| message.id != SETTINGS_ERROR && silenced_ids.iter().any(|id| id == message.id);
    let before = first.len() + doubts.len();
    first.retain(|message| !is_silenced(message));
    let doubts: Vec<_> = doubts.into_iter().filter(|message| !is_silenced(message)).collect();
    found.silenced += before - first.len() - doubts.len();
    found.messages.splice(0..0, first);
    found.messages.extend(doubts);
    if !has_tag(SETTINGS_TAG) {
        found.messages.retain(|message| !message.id.starts_with("settings."));
    }
    let text = report(&found);
    if found.messages.iter().any(|message| message.level >= arguments.fail_level) {
        return Err(CommandError::SystemCheck(text));
    }
    if found.messages.is_empty() {
        println!("{text}");
    } else {
        eprintln!("{text}");
    }
    Ok(())
}

/// The tags of the checks, sorted.
fn tags(builder: &mut AppsBuilder, which: CheckScope) -> Vec<&'static str> {
    let checks = builder.checks().iter().filter(|check| which.includes(check.when));
    let mut tags: Vec<_> = checks.flat_map(Check::tags).chain([DATABASE_TAG, SETTINGS_TAG]).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// Opens the database, if there is something to check. With `is_for_start` the only message may be why `runserver` would not
/// start with this database.
fn check_database(
    registry: &Registry,
    is_for_start: bool,
    checks: &[&DatabaseCheck],
) -> Result<Vec<CheckMessage>, DatabaseError> {
    let required = Some(registry.required_migrations()).filter(|plan| is_for_start && !plan.apps().is_empty());
    if required.is_none() && checks.is_empty() {
        return Ok(Vec::new());
    }
    let database = Database::open(&registry.settings::<DatabaseSettings>())?;
    let mut conn = database.connection()?;
    if let Some(required) = required {
        let problem = unapplied_warning(&required.unapplied(&mut conn)?);
        let problem = problem.or_else(|| registry.check_users(&mut conn).err().map(|error| error.to_string()));
        if let Some(problem) = problem {
            return Ok(vec![unusable(problem)]);
        }
    }
    let found: Result<Vec<_>, _> = checks.iter().map(|check| (check.run)(registry, &mut conn)).collect();
    Ok(found?.concat())
}

/// The message that a server could not use the database.
fn unusable(problem: impl ToString) -> CheckMessage {
    CheckMessage::new(Level::Error, "database.E901", problem.to_string())
}

fn report(found: &Findings) -> String {
    let mut text = String::new();
    if !found.messages.is_empty() {
        text.push_str("System check identified some issues:\n");
    }
    for (level, heading) in [
        (Level::Critical, "CRITICALS"),
        (Level::Error, "ERRORS"),
        (Level::Warning, "WARNINGS"),
        (Level::Info, "INFOS"),
        (Level::Debug, "DEBUGS"),
    ] {
        let messages: Vec<_> =
            found.messages.iter().filter(|message| message.level == level).map(ToString::to_string).collect();
        if !messages.is_empty() {
            text.push_str(&format!("\n{heading}:\n{}\n", messages.join("\n")));
        }
    }
    let count = match found.messages.len() {
        0 => "no issues".to_owned(),
        1 => "1 issue".to_owned(),
        n => format!("{n} issues"),
    };
    if !found.messages.is_empty() {
        text.push('\n');
    }
    text.push_str(&format!("System check identified {count} ({} silenced).", found.silenced));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_found_is_one_line() {
        let found = Findings { messages: Vec::new(), silenced: 2 };
        assert_eq!(report(&found), "System check identified no issues (2 silenced).");
    }

    #[test]
    fn messages_stand_under_their_level() {
        let message = |level, id, hint: Option<&str>| CheckMessage {
            level,
            id,
            msg: "Something.".to_owned(),
            hint: hint.map(str::to_owned),
        };
        let found = Findings {
            messages: vec![message(Level::Error, "a.E001", Some("Fix it.")), message(Level::Warning, "b.W001", None)],
            silenced: 0,
        };
        assert_eq!(
            report(&found),
            "System check identified some issues:\n\nERRORS:\n?: (a.E001) Something.\n\tHINT: Fix it.\n\n\
             WARNINGS:\n?: (b.W001) Something.\n\nSystem check identified 2 issues (0 silenced)."
        );
    }
}
