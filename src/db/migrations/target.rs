//! `migrate APP`, `migrate APP NAME` and `migrate APP zero`.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;

use super::super::{DatabaseError, DbConnection, transaction};
use super::history::{self, MigrationHistory};
use super::{Applied, MigrationError, MigrationPlan, Step, create_recorder, sql};

/// To which state `migrate` brings the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MigrationTarget<'a> {
    /// All migrations of all apps.
    All,
    /// All migrations of an app.
    App(&'a str),
    /// This migration is the last one of its app.
    Migration(Applied),
    /// No migration of this app.
    Zero(&'a str),
}

impl MigrationPlan {
    /// The migration of `app` whose name begins with `prefix`.
    ///
    /// # Errors
    /// The error is Django's text.
    pub fn find(&self, app: &str, prefix: &str) -> Result<Applied, String> {
        let mut found = self.names(app).filter(|migration| migration.name.starts_with(prefix));
        match (found.next(), found.next()) {
            (Some(migration), None) => Ok(migration),
            (None, _) => Err(format!("Cannot find a migration matching '{prefix}' from app '{app}'.")),
            _ => Err(format!("More than one migration matches '{prefix}' in app '{app}'. Please be more specific.")),
        }
    }

    /// The migrations that have to be undone to get to `target`, the last one first.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn backwards(
        &self,
        conn: &mut DbConnection,
        target: MigrationTarget<'_>,
    ) -> Result<Vec<Applied>, DatabaseError> {
        let history = MigrationHistory::read(conn)?;
        let later: Vec<_> = match target {
            MigrationTarget::All | MigrationTarget::App(_) => Vec::new(),
            MigrationTarget::Zero(app) => self.names(app).collect(),
            MigrationTarget::Migration(last) => {
                self.names(last.app).skip_while(|migration| *migration != last).skip(1).collect()
            }
        };
        Ok(later.into_iter().rev().filter(|migration| history.is_applied(migration.app, migration.name)).collect())
    }

    /// The migrations that have to be applied to get to `target`, which is not one that has to be undone.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn forwards(
        &self,
        conn: &mut DbConnection,
        target: MigrationTarget<'_>,
    ) -> Result<Vec<Applied>, DatabaseError> {
        let plan = self.towards(target);
        let unapplied = plan.unapplied(conn)?.into_iter().map(|state| Applied { app: state.app, name: state.name });
        let is_later = |migration: &Applied| match target {
            MigrationTarget::Migration(last) => {
                self.names(last.app).skip_while(|other| *other != last).skip(1).any(|other| other == *migration)
            }
            _ => false,
        };
        Ok(unapplied.filter(|migration| !is_later(migration)).collect())
    }

    /// Brings the database to `target`, as [`MigrationPlan::migrate`] does for all apps. Returns what was applied, or undone.
    ///
    /// With `fake`, only what `django_migrations` lists is changed. Otherwise a migration is undone only if it does not change
    /// the database, or together with all migrations of its app. `zero` drops the tables of the app.
    ///
    /// # Errors
    /// Returns [`MigrationError`].
    pub fn migrate_to(
        &self,
        conn: &mut DbConnection,
        target: MigrationTarget<'_>,
        fake: bool,
        now: DateTime<Utc>,
    ) -> Result<Vec<Applied>, MigrationError> {
        let undone = self.backwards(conn, target)?;
        if !undone.is_empty() || matches!(target, MigrationTarget::Zero(_)) {
            transaction(conn, |conn| {
                history::lock(conn)?;
                self.undo(conn, target, &undone, fake)
            })?;
            return Ok(undone);
        }
        let forwards = self.forwards(conn, target)?;
        if fake {
            transaction(conn, |conn| {
                history::lock(conn)?;
                create_recorder(conn)?;
                forwards
                    .iter()
                    .try_for_each(|migration| history::record(conn, migration.app, &[migration.name], now))?;
                Ok::<_, MigrationError>(())
            })?;
            return Ok(forwards);
        }
        if let MigrationTarget::Migration(last) = target {
            let step = self.steps.iter().find(|step| contains(step, last));
            // Its own step makes the tables as they are after the last migration.
            if let Some(step) = step.filter(|_| forwards.iter().any(|migration| migration.app == last.app))
                && step.migrations.last().is_some_and(|migration| migration.name != last.name)
            {
                return Err(MigrationError::Together { app: step.app });
            }
        }
        self.towards(target).migrate(conn, now)
    }

    fn undo(
        &self,
        conn: &mut DbConnection,
        target: MigrationTarget<'_>,
        undone: &[Applied],
        fake: bool,
    ) -> Result<(), MigrationError> {
        let history = MigrationHistory::read(conn)?;
        let is_undone =
            |step: &&Step| step.migrations.iter().any(|m| undone.contains(&Applied { app: step.app, name: m.name }));
        let steps: Vec<_> = self.ordered().into_iter().filter(is_undone).collect();
        if !fake {
            if let MigrationTarget::Zero(app) = target {
                let made = |table: &str| steps.iter().any(|step| self.tables(step).any(|made| made == table));
                let needs = |step: &&Step| {
                    step.app != app
                        && step.migrations.iter().any(|migration| history.is_applied(step.app, migration.name))
                        && self.requires(step).any(made)
                };
                let mut by: Vec<_> = self.steps.iter().filter(needs).map(|step| step.app).collect();
                by.dedup();
                if !by.is_empty() {
                    return Err(MigrationError::Needed { app: app.to_owned(), by });
                }
                for table in steps.iter().rev().flat_map(|step| self.tables(step).collect::<Vec<_>>().into_iter().rev())
                {
                    conn.batch_execute(&format!("DROP TABLE \"{table}\"")).map_err(DatabaseError::from)?;
                }
            } else {
                let changes = |migration: &&Applied| {
                    let step = steps.iter().find(|step| contains(step, **migration));
                    step.is_some_and(|step| {
                        step.migrations.iter().any(|m| m.name == migration.name && m.changes_tables)
                    })
                };
                if let Some(migration) = undone.iter().find(changes) {
                    return Err(MigrationError::Irreversible { app: migration.app, name: migration.name });
                }
            }
        }
        Ok(undone.iter().try_for_each(|migration| history::forget(conn, migration.app, migration.name))?)
    }

    /// The output of `sqlmigrate` for a migration of the plan.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn sql_of(
        &self,
        conn: &mut DbConnection,
        migration: Applied,
        backwards: bool,
    ) -> Result<String, MigrationError> {
        let mut text = format!("BEGIN;\n--\n-- {migration}\n--\n");
        let step = self.steps.iter().find(|step| contains(step, migration));
        match step.filter(|step| step.migrations.first().is_some_and(|first| first.name == migration.name)) {
            Some(step) if backwards => {
                let tables: Vec<_> = self.tables(step).collect();
                tables.iter().rev().for_each(|table| text.push_str(&format!("DROP TABLE \"{table}\";\n")));
            }
            Some(step) => {
                let up = sql(conn, (step.sqlite, step.postgres));
                text.push_str(&self.users.sql(step, up, conn).map_err(DatabaseError::from)?);
            }
            None => text.push_str("-- (no-op: the first migration makes the tables as they are after the last one)\n"),
        }
        text.push_str("COMMIT;");
        Ok(text)
    }

    /// The migrations of an app, in order.
    fn names(&self, app: &str) -> impl Iterator<Item = Applied> {
        let steps = self.steps.iter().filter(move |step| step.app == app);
        steps.flat_map(|step| step.migrations.iter().map(|migration| Applied { app: step.app, name: migration.name }))
    }

    /// The part of the plan that leads to `target`: the steps of its app, and those that make the tables they need.
    pub(super) fn towards(&self, target: MigrationTarget<'_>) -> Self {
        let (app, last) = match target {
            MigrationTarget::All => return self.clone(),
            MigrationTarget::App(app) | MigrationTarget::Zero(app) => (app, None),
            MigrationTarget::Migration(last) => (last.app, self.steps.iter().position(|step| contains(step, last))),
        };
        let is_of_app = |(place, step): (usize, &Step)| step.app == app && last.is_none_or(|last| place <= last);
        let mut chosen: Vec<bool> = self.steps.iter().enumerate().map(is_of_app).collect();
        loop {
            let is_needed = |step: &Step| {
                let others = self.steps.iter().zip(&chosen).filter(|(_, is_chosen)| **is_chosen);
                others
                    .into_iter()
                    .any(|(other, _)| self.requires(other).any(|table| self.tables(step).any(|made| made == table)))
            };
            let next: Vec<bool> =
                self.steps.iter().zip(&chosen).map(|(step, is_chosen)| *is_chosen || is_needed(step)).collect();
            if next == chosen {
                let steps = self.steps.iter().zip(&chosen).filter(|(_, is_chosen)| **is_chosen).map(|(step, _)| *step);
                return Self { steps: steps.collect(), ..self.clone() };
            }
            chosen = next;
        }
    }
}

fn contains(step: &Step, migration: Applied) -> bool {
    step.app == migration.app && step.migrations.iter().any(|other| other.name == migration.name)
}
