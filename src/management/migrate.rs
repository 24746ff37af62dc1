//! `manage migrate`. Python counterpart: `django.core.management.commands.migrate`.

use clap::Args;

use crate::apps::command::{CommandError, Context, println};
use crate::db::migrations::{MigrationPlan, MigrationTarget, migrate_report};

/// Arguments of `migrate`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// App label of an application to synchronize the state
    app_label: Option<String>,
    /// Database state will be brought to the state after that migration. Use the name "zero" to unapply all migrations, which
    /// drops the tables of the app
    migration_name: Option<String>,
    /// Mark migrations as run without actually running them
    #[arg(long)]
    fake: bool,
    /// Mark the migrations of an app as run if all its tables are there already and no migration of it is recorded
    #[arg(long)]
    fake_initial: bool,
    /// Exits with a non-zero status if unapplied migrations exist and does not apply them
    #[arg(long)]
    check: bool,
    /// Shows a list of the migration actions that will be performed
    #[arg(long)]
    plan: bool,
    /// Accepted: every app has migrations
    #[arg(long)]
    run_syncdb: bool,
    /// Accepted as in Django; this command never asks
    #[arg(long, alias = "no-input")]
    noinput: bool,
}

impl Arguments {
    fn target(&self, plan: &MigrationPlan) -> Result<MigrationTarget<'_>, CommandError> {
        let Some(app) = self.app_label.as_deref() else { return Ok(MigrationTarget::All) };
        if !plan.apps().contains(&app) {
            return Err(CommandError::new(format!("No installed app with label '{app}'.")));
        }
        match self.migration_name.as_deref() {
            None => Ok(MigrationTarget::App(app)),
            Some("zero") => Ok(MigrationTarget::Zero(app)),
            Some(name) => Ok(MigrationTarget::Migration(plan.find(app, name).map_err(CommandError::new)?)),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Returns an error if the tables cannot be made, or with `--check` if some are missing.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let apps = context.apps()?;
    let plan = apps.migrations();
    let target = arguments.target(&plan)?;
    let mut conn = apps.database()?.connection()?;
    let backwards = plan.backwards(&mut conn, target)?;
    let is_backwards = !backwards.is_empty() || matches!(target, MigrationTarget::Zero(_));
    if arguments.check || arguments.plan {
        let planned = if is_backwards { backwards } else { plan.forwards(&mut conn, target)? };
        if arguments.plan {
            println!("Planned operations:");
            planned.iter().for_each(|migration| println!("{migration}"));
            if planned.is_empty() {
                println!("  No planned migration operations.");
            }
        }
        return if arguments.check && !planned.is_empty() { Err(CommandError::Exit(1)) } else { Ok(()) };
    }
    let now = apps.clock().now();
    let fakes_initial = arguments.fake_initial && !arguments.fake && !is_backwards;
    let faked = if fakes_initial { plan.fake_initial(&mut conn, target, now)? } else { Vec::new() };
    let done = plan.migrate_to(&mut conn, target, arguments.fake, now)?;
    let verb = if is_backwards { "Unapplying" } else { "Applying" };
    for line in migrate_report(&plan, target, verb, &faked, if arguments.fake { "FAKED" } else { "OK" }, &done) {
        context.say(line);
    }
    Ok(())
}
