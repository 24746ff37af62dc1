//! `manage migrate`. Python counterpart: `django.core.management.commands.migrate`.

use clap::Args;

use crate::apps::command::{CommandError, Context, println};
use crate::db::migrations::migrate_report;

/// Arguments of `migrate`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// Exits with a non-zero status if unapplied migrations exist and does not apply them
    #[arg(long)]
    check: bool,
    /// Shows a list of the migration actions that will be performed
    #[arg(long)]
    plan: bool,
    /// Accepted as in Django; this command never asks
    #[arg(long, alias = "no-input")]
    noinput: bool,
}

/// Runs the command.
///
/// # Errors
/// When the tables cannot be made, and under `--check` when some are missing.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let plan = context.apps()?.migrations();
    let database = context.apps()?.database()?;
    let mut conn = database.connection()?;
    if arguments.check || arguments.plan {
        let unapplied = plan.unapplied(&mut conn)?;
        if arguments.plan {
            println!("Planned operations:");
            for migration in &unapplied {
                println!("{}.{}", migration.app, migration.name);
            }
            if unapplied.is_empty() {
                println!("  No planned migration operations.");
            }
        }
        return if arguments.check && !unapplied.is_empty() { Err(CommandError::Exit(1)) } else { Ok(()) };
    }
    let applied = plan.migrate(&mut conn, context.apps()?.clock().now())?;
    for line in migrate_report(&plan, &applied) {
        context.say(line);
    }
    // A database without anything to apply is of no use if its users cannot be read.
    Ok(context.apps()?.check_users(&mut conn)?)
}
