//! `manage sqlmigrate`. Python counterpart: `django.core.management.commands.sqlmigrate`.

use clap::Args;

use crate::apps::command::{CommandError, Context, println};

/// Arguments of `sqlmigrate`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// App label of the application containing the migration
    app_label: String,
    /// Migration name to print the SQL for
    migration_name: String,
    /// Creates SQL to unapply the migration, rather than to apply it
    #[arg(long)]
    backwards: bool,
}

/// Runs the command.
///
/// # Errors
/// Returns an error if there is no such migration, or if the database fails.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let apps = context.apps()?;
    let (plan, app) = (apps.migrations(), &arguments.app_label);
    if !plan.apps().contains(&app.as_str()) {
        return Err(CommandError::new(format!("No installed app with label '{app}'.")));
    }
    let migration = plan.find(app, &arguments.migration_name).map_err(|text| {
        let is_missing = text.starts_with("Cannot find");
        CommandError::new(if is_missing { format!("{text} Is it in INSTALLED_APPS?") } else { text })
    })?;
    println!("{}", plan.sql_of(&mut *apps.database()?.connection()?, migration, arguments.backwards)?);
    Ok(())
}
