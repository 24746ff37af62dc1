//! `manage showmigrations`. Python counterpart: `django.core.management.commands.showmigrations`.

use clap::Args;

use crate::apps::command::{CommandError, Context, eprintln, println};
use crate::db::migrations::showmigrations_report;

/// Arguments of `showmigrations`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// App labels of applications to limit the output to
    app_label: Vec<String>,
    /// Shows a list of all migrations and which are applied (the default)
    #[arg(short, long)]
    list: bool,
    /// Shows all migrations in the order they will be applied
    #[arg(short, long, conflicts_with = "list")]
    plan: bool,
}

/// Runs the command.
///
/// # Errors
/// Returns an error if there is no such app, or if the database fails.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let plan = context.apps()?.migrations();
    let known = plan.apps();
    let unknown: Vec<_> = arguments.app_label.iter().filter(|label| !known.contains(&label.as_str())).collect();
    if !unknown.is_empty() {
        unknown.iter().for_each(|label| eprintln!("No installed app with label '{label}'."));
        return Err(CommandError::Exit(2));
    }
    let database = context.apps()?.database()?;
    let mut states = plan.plan(&mut *database.connection()?)?;
    states.retain(|state| arguments.app_label.is_empty() || arguments.app_label.iter().any(|app| app == state.app));
    if arguments.plan {
        for state in &states {
            println!("[{}]  {}.{}", if state.applied { 'X' } else { ' ' }, state.app, state.name);
        }
    } else {
        for line in showmigrations_report(&states) {
            println!("{line}");
        }
    }
    Ok(())
}
