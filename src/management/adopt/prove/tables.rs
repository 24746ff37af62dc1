//! Checks whether the tables exist.

use super::Proof;
use crate::apps::AppsBuilder;
use crate::apps::command::CommandError;
use crate::db::DbConnection;
use crate::management::adopt::report::Finding;

impl Proof<'_> {
    pub(super) fn tables(&mut self, builder: &AppsBuilder, conn: &mut DbConnection) -> Result<(), CommandError> {
        let registry = builder.registry();
        let plan = registry.migrations();
        if let Err(problem) = plan.check(conn) {
            self.report.add(
                Finding::blocking(format!("{problem}."))
                    .clients("`manage migrate` would stop here, and the server would not start."),
            );
            return Ok(());
        }
        let states = plan.plan(conn)?;
        let lines = plan.apps().into_iter().map(|app| {
            let of_app = states.iter().filter(|state| state.app == app);
            let applied = of_app.clone().filter(|state| state.applied).count();
            format!("{app:<16} {applied} of {}", of_app.count())
        });
        let finding = Finding::proven("The database answers, and its tables can be used. Migrations that are applied:");
        self.report.add(finding.lines(lines.collect::<Vec<_>>()));
        let names = |plan: &crate::db::migrations::MigrationPlan, conn: &mut DbConnection| {
            let missing = plan.unapplied(conn)?;
            Ok::<_, CommandError>(
                missing.iter().map(|state| format!("{}.{}", state.app, state.name)).collect::<Vec<_>>(),
            )
        };
        let (needed, all) = (names(&registry.required_migrations(), conn)?, names(&plan, conn)?);
        if !all.is_empty() {
            let what = format!("`manage migrate` will apply {}. Django's tables stay as they are.", all.join(", "));
            let remedy = if needed.is_empty() {
                "The server starts without it as well."
            } else {
                "Run it before the first start."
            };
            self.report.add(Finding::note(what).remedy(remedy));
        }
        Ok(())
    }
}
