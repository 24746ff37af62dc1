//! `migrate --fake-initial`: records tables that exist. Python counterpart: `detect_soft_applied` of
//! `django.db.migrations.executor`.
//!
//! Django records the first migration of an app if all its tables and columns exist, and runs the later ones. Here a step makes the
//! tables as they are after the last migration, so all of its migrations are recorded, if the tables have all of the columns.

use chrono::{DateTime, Utc};

use super::super::introspection::columns;
use super::super::{DatabaseError, DbConnection, transaction};
use super::history::{self, MigrationHistory};
use super::{Applied, MigrationError, MigrationPlan, MigrationTarget, Step, create_recorder, sql};

impl MigrationPlan {
    /// Records the steps of `target` that have no recorded migration and whose tables all exist. Returns their migrations.
    ///
    /// # Errors
    /// Returns [`MigrationError::Unlike`] if a table lacks a column, and the errors of the database. Nothing was recorded then.
    pub fn fake_initial(
        &self,
        conn: &mut DbConnection,
        target: MigrationTarget<'_>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Applied>, MigrationError> {
        transaction(conn, |conn| {
            history::lock(conn)?;
            create_recorder(conn)?;
            let history = MigrationHistory::read(conn)?;
            let plan = self.towards(target);
            let mut faked = Vec::new();
            for step in plan.ordered() {
                if self.is_there(conn, step, &history)? {
                    let names: Vec<_> = step.migrations.iter().map(|migration| migration.name).collect();
                    history::record(conn, step.app, &names, now)?;
                    faked.extend(names.into_iter().map(|name| Applied { app: step.app, name }));
                }
            }
            Ok(faked)
        })
    }

    /// Whether all tables of `step` are there and none of its migrations is recorded.
    fn is_there(
        &self,
        conn: &mut DbConnection,
        step: &Step,
        history: &MigrationHistory,
    ) -> Result<bool, MigrationError> {
        let tables: Vec<_> = self.tables(step).collect();
        let is_recorded = step.migrations.iter().any(|migration| history.is_applied(step.app, migration.name));
        if is_recorded || tables.is_empty() || !tables.iter().all(|table| history.tables.contains(*table)) {
            return Ok(false);
        }
        let text = sql(conn, (step.sqlite, step.postgres));
        for table in tables {
            let there = columns(conn, table).map_err(DatabaseError::from)?;
            let missing: Vec<_> = columns_of(text, table)
                .into_iter()
                .filter(|name| !there.iter().any(|column| column.name == *name))
                .map(str::to_owned)
                .collect();
            if !missing.is_empty() {
                return Err(MigrationError::Unlike { app: step.app, table, columns: missing });
            }
        }
        Ok(true)
    }
}

/// The columns of the table `table` in the SQL of a step: the quoted name at the beginning of each part of `CREATE TABLE`.
fn columns_of<'a>(sql: &'a str, table: &str) -> Vec<&'a str> {
    let head = format!("\"{table}\" (");
    let create = sql.match_indices(&head).find(|(place, _)| {
        sql[..*place].trim_end().ends_with("CREATE TABLE IF NOT EXISTS")
            || sql[..*place].trim_end().ends_with("CREATE TABLE")
    });
    let Some((place, _)) = create else { return Vec::new() };
    let body = &sql[place + head.len()..];
    let (mut depth, mut begin, mut names) = (0, 0, Vec::new());
    for (place, c) in body.char_indices() {
        match c {
            '(' => depth += 1,
            ')' | ',' if depth == 0 => {
                let name = body[begin..place].trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                names.extend(name);
                begin = place + 1;
                if c == ')' {
                    break;
                }
            }
            ')' => depth -= 1,
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::all_migrations;

    #[test]
    fn the_columns_of_every_table_are_found() {
        for step in &all_migrations().steps {
            for text in [step.sqlite, step.postgres] {
                for table in step.tables {
                    let columns = columns_of(text, table);
                    assert!(
                        columns.len() > 1 && columns.iter().all(|name| !name.contains(' ')),
                        "{table}: {columns:?}"
                    );
                }
            }
        }
        let plan = all_migrations();
        let auth = plan.steps.iter().find(|step| step.tables.contains(&"auth_permission")).unwrap();
        for text in [auth.sqlite, auth.postgres] {
            let mut columns = columns_of(text, "auth_permission");
            columns.sort_unstable();
            assert_eq!(columns, ["codename", "content_type_id", "id", "name"]);
        }
    }
}
