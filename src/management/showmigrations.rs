//! `manage showmigrations`. Python counterpart: `django.core.management.commands.showmigrations`.

use clap::Args;

use crate::apps::command::{CommandError, Context, println};
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
/// When there is no such app, or the database fails.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let plan = context.apps()?.migrations();
    let known = plan.apps();
    if let Some(unknown) = arguments.app_label.iter().find(|label| !known.contains(&label.as_str())) {
        return Err(CommandError::new(format!("No installed app with label '{unknown}'.")));
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
