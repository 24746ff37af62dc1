//! Django's tables, made and recorded. Python counterpart: `django.db.migrations`, `manage.py migrate`.
//!
//! The state lies in Django's own table `django_migrations`, under Django's names, so that Django takes a database that
//! was made here for its own, and the other way round. Each app is made in one step, in the state after its last
//! migration; a database that Django left half-way there is for Django to finish.
//!
//! The same SQL files serve the diesel CLI (`diesel migration run`).

mod history;
mod permissions;
mod report;
mod steps;

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;

use self::history::History;
use super::{Database, DatabaseError, DbConnection, transaction};
use crate::core::clock::Clock;

pub use self::report::{migrate_report, showmigrations_report, unapplied_warning};
pub use self::steps::{Migration, Model, Step, of};

/// The steps of a project. The default is Django's, DRF's and simplejwt's.
#[derive(Clone, Debug)]
pub struct MigrationPlan {
    steps: Vec<Step>,
    /// The table that the steps' references to `auth_user` go to.
    user_table: &'static str,
}

/// A migration, and whether the database has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MigrationState {
    /// Label of the app.
    pub app: &'static str,
    /// Name in the app.
    pub name: &'static str,
    /// Whether `django_migrations` lists it.
    pub applied: bool,
}

/// A migration that was applied just now. Shown as `app.name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Label of the app.
    pub app: &'static str,
    /// Name in the app.
    pub name: &'static str,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.app, self.name)
    }
}

/// Why `migrate` stopped. All but [`MigrationError::Database`] are found before anything is written.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// An older Django made the tables, and they still change.
    #[error(
        "the tables of {app} were made by an older release; run Django's `manage.py migrate {app}` first. \
         Not applied: {}",
        names.join(", ")
    )]
    Behind {
        /// Label of the app.
        app: &'static str,
        /// The migrations that Django has to run.
        names: Vec<&'static str>,
    },
    /// Somebody made the tables without telling Django.
    #[error(
        "the tables of {app} exist, but django_migrations does not list them; if they are Django's, run \
         `manage.py migrate --fake-initial` there. Found: {}",
        tables.join(", ")
    )]
    Unrecorded {
        /// Label of the app.
        app: &'static str,
        /// The tables that are there.
        tables: Vec<&'static str>,
    },
    /// A foreign key would lead nowhere, e.g. because the project has another `AUTH_USER_MODEL`.
    #[error("the tables of {app} need tables that the project does not have: {}", tables.join(", "))]
    Missing {
        /// Label of the app.
        app: &'static str,
        /// The tables that are not there.
        tables: Vec<&'static str>,
    },
    /// The database failed. Steps before it stay.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// The table of users, unless a project has its own.
const AUTH_USER: &str = "auth_user";

/// What a step needs.
enum Action {
    Nothing,
    Create,
    Record(Vec<&'static str>),
}

impl Default for MigrationPlan {
    fn default() -> Self {
        Self { steps: steps::DJANGO.to_vec(), user_table: AUTH_USER }
    }
}

impl MigrationPlan {
    /// The plan of a project whose users are in the first table of `users`: what Django does when `AUTH_USER_MODEL` names
    /// a model of one's own. Of the default plan it has the tables of tokens, which refer to that table, and neither
    /// `auth_user` nor groups and permissions. Its primary key must be an `integer` called `id`.
    #[must_use]
    pub fn with_user_model(users: Step) -> Self {
        let user_table = users.tables.first().copied().unwrap_or(AUTH_USER);
        let mut steps = vec![users];
        steps.extend(steps::DJANGO.iter().filter(|step| matches!(step.app, "authtoken" | "token_blacklist")));
        Self { steps, user_table }
    }

    /// The plan of the apps whose steps these are, in the order in which their tables need each other.
    #[must_use]
    pub fn new(steps: impl IntoIterator<Item = &'static Step>) -> Self {
        let mut steps: Vec<Step> = steps.into_iter().copied().collect();
        let place = |step: &Step| steps::DJANGO.iter().position(|known| known.app == step.app);
        steps.sort_by_key(|step| place(step).unwrap_or(usize::MAX));
        Self { steps, user_table: AUTH_USER }
    }

    /// Adds a step of the project's own, after those that are there.
    #[must_use]
    pub fn with(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Labels of the apps, sorted.
    #[must_use]
    pub fn apps(&self) -> Vec<&'static str> {
        let mut apps: Vec<_> = self.steps.iter().map(|step| step.app).collect();
        apps.sort_unstable();
        apps.dedup();
        apps
    }

    /// Every migration and whether it is applied, in the order of the steps.
    ///
    /// # Errors
    /// When the database fails.
    pub fn plan(&self, conn: &mut DbConnection) -> Result<Vec<MigrationState>, DatabaseError> {
        let history = History::read(conn)?;
        let of_step = |step: &Step| {
            let app = step.app;
            let state = |name| MigrationState { app, name, applied: history.is_applied(app, name) };
            step.migrations.iter().map(|migration| state(migration.name)).collect::<Vec<_>>()
        };
        Ok(self.steps.iter().flat_map(of_step).collect())
    }

    /// The migrations that [`MigrationPlan::migrate`] would apply. A server warns about them at start, as Django does.
    ///
    /// # Errors
    /// When the database fails.
    pub fn unapplied(&self, conn: &mut DbConnection) -> Result<Vec<MigrationState>, DatabaseError> {
        Ok(self.plan(conn)?.into_iter().filter(|state| !state.applied).collect())
    }

    /// Makes what is missing and records it as done at `now`; then adds missing content types and permissions.
    ///
    /// Each step is one transaction under a lock, so two servers may do this at the same time. A second run changes
    /// nothing.
    ///
    /// # Errors
    /// [`MigrationError`]; what it says about the whole plan is checked before the first step.
    pub fn migrate(&self, conn: &mut DbConnection, now: DateTime<Utc>) -> Result<Vec<Applied>, MigrationError> {
        transaction(conn, |conn| {
            history::lock(conn)?;
            self.check(conn)?;
            create_recorder(conn)
        })?;
        let mut applied = Vec::new();
        for step in &self.steps {
            let names = transaction(conn, |conn| {
                history::lock(conn)?;
                self.apply(conn, step, now)
            })?;
            applied.extend(names.into_iter().map(|name| Applied { app: step.app, name }));
        }
        if self.steps.iter().any(|step| step.app == "auth") {
            transaction(conn, |conn| {
                history::lock(conn)?;
                permissions::create(conn, &self.steps)
            })?;
        }
        Ok(applied)
    }

    /// [`MigrationPlan::migrate`] on a connection of `database` and by the system's clock, for a host application that makes
    /// its tables when it starts. Blocks, so do it before the server runs.
    ///
    /// # Errors
    /// As [`MigrationPlan::migrate`].
    pub fn run(&self, database: &Database) -> Result<Vec<Applied>, MigrationError> {
        self.migrate(&mut *database.connection()?, Clock::system().now())
    }

    /// Whether every step can be done.
    fn check(&self, conn: &mut DbConnection) -> Result<(), MigrationError> {
        let mut history = History::read(conn)?;
        for step in &self.steps {
            if let Action::Create = self.action(step, &history)? {
                history.tables.extend(step.tables.iter().map(|&table| table.to_owned()));
            }
        }
        Ok(())
    }

    /// The tables that `step` refers to.
    fn requires(&self, step: &Step) -> impl Iterator<Item = &'static str> {
        step.requires.iter().map(|&table| if table == AUTH_USER { self.user_table } else { table })
    }

    /// What `step` needs on this database.
    fn action(&self, step: &Step, history: &History) -> Result<Action, MigrationError> {
        let missing = || step.migrations.iter().filter(|migration| !history.is_applied(step.app, migration.name));
        let names = |migrations: &mut dyn Iterator<Item = &Migration>| migrations.map(|m| m.name).collect::<Vec<_>>();
        if missing().next().is_none() {
            return Ok(Action::Nothing);
        }
        if missing().count() < step.migrations.len() {
            let behind = names(&mut missing().filter(|migration| migration.changes_tables));
            if behind.is_empty() {
                return Ok(Action::Record(names(&mut missing())));
            }
            return Err(MigrationError::Behind { app: step.app, names: behind });
        }
        let (app, there) = (step.app, |table: &&&str| history.tables.contains(**table));
        let tables: Vec<_> = step.tables.iter().filter(there).copied().collect();
        if !tables.is_empty() {
            return Err(MigrationError::Unrecorded { app, tables });
        }
        let tables: Vec<_> = self.requires(step).filter(|table| !there(&table)).collect();
        if !tables.is_empty() {
            return Err(MigrationError::Missing { app, tables });
        }
        Ok(Action::Create)
    }

    /// Does `step`, in the transaction of the caller, and tells what that applied.
    fn apply(
        &self,
        conn: &mut DbConnection,
        step: &Step,
        now: DateTime<Utc>,
    ) -> Result<Vec<&'static str>, MigrationError> {
        let history = History::read(conn)?;
        let names = match self.action(step, &history)? {
            Action::Nothing => return Ok(Vec::new()),
            Action::Record(names) => names,
            Action::Create => {
                let sql = sql(conn, (step.sqlite, step.postgres));
                let sql = sql.replace(&format!("\"{AUTH_USER}\""), &format!("\"{}\"", self.user_table));
                conn.batch_execute(&sql).map_err(DatabaseError::from)?;
                step.migrations.iter().map(|migration| migration.name).collect()
            }
        };
        history::record(conn, step.app, &names, now)?;
        Ok(names)
    }
}

fn create_recorder(conn: &mut DbConnection) -> Result<(), MigrationError> {
    // Asked first: to try would need the right to make tables, even where there is nothing to make.
    if !History::read(conn)?.has_recorder() {
        conn.batch_execute(sql(conn, steps::RECORDER)).map_err(DatabaseError::from)?;
    }
    Ok(())
}

/// The text of the pair that `conn` understands.
fn sql(conn: &DbConnection, (_sqlite, _postgres): (&'static str, &'static str)) -> &'static str {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => _sqlite,
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => _postgres,
    }
}
