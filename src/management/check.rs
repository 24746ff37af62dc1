//! `manage check`. Python counterpart: `django.core.management.commands.check`.

use clap::Args;

use super::{development, runserver};
use crate::apps::command::{CommandError, Context, eprintln, println};
use crate::apps::{Findings, Run};
use crate::core::checks::{CheckMessage, Level};

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Check deployment settings
    #[arg(long)]
    deploy: bool,
    /// Message level that will cause the command to exit with a non-zero status
    #[arg(long, default_value = "ERROR")]
    fail_level: Level,
}

/// Runs the command.
///
/// # Errors
/// When something of the fail level or above was found.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let which = if arguments.deploy { Run::Deploy } else { Run::Check };
    let mut builder = context.builder()?;
    let refusal = runserver::refusal(builder.registry());
    if builder.registry().secret_key().expose().is_empty() {
        // Development mode makes one as well. If it does not apply, that is the refusal.
        builder = development::with_key(builder, &context.env);
    }
    let mut found = builder.check(which);
    if let Some(error) = refusal {
        found.messages.insert(0, CheckMessage::new(Level::Error, "settings.E901", error));
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
            messages: vec![message(Level::Error, "a.E001", Some("Mend it.")), message(Level::Warning, "b.W001", None)],
            silenced: 0,
        };
        assert_eq!(
            report(&found),
            "System check identified some issues:\n\nERRORS:\n?: (a.E001) Something.\n\tHINT: Mend it.\n\n\
             WARNINGS:\n?: (b.W001) Something.\n\nSystem check identified 2 issues (0 silenced)."
        );
    }
}
