//! Django's tables, made and recorded. Python counterpart: `django.db.migrations`, `manage.py migrate`.
//!
//! The state is in Django's own table `django_migrations`, under Django's names, so that either side accepts a database
//! that the other one made. Each app of Django is made in one step, in the state after its last migration. A database
//! on which Django has applied only some of them must be completed by Django. Our own tables have ordered migrations
//! under labels that Django does not know and ignores.
//!
//! The same SQL files serve the diesel CLI (`diesel migration run`).

mod error;
mod fake_initial;
mod history;
mod permissions;
mod report;
mod step;
mod target;
mod users;

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;

use self::history::MigrationHistory;
use super::{Database, DatabaseError, DbConnection, transaction};
use crate::core::clock::Clock;

pub use self::error::MigrationError;
pub use self::permissions::ModelName;
pub use self::report::{migrate_report, showmigrations_report, unapplied_warning};
pub(crate) use self::step::up;
pub use self::step::{Migration, Step, StepModel};
pub use self::target::MigrationTarget;
pub use self::users::UserTable;

/// The table `django_migrations` itself, which belongs to no app.
const RECORDER: (&str, &str) = up!("00000000000001_django_migrations");

/// The steps of a project's apps.
#[derive(Clone, Debug)]
pub struct MigrationPlan {
    /// In the order of `INSTALLED_APPS`, which decides the ids of content types on a fresh database.
    steps: Vec<Step>,
    users: UserTable,
    /// Models outside of the steps.
    models: Vec<ModelName>,
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

/// The work that a step needs.
enum StepAction {
    Nothing,
    Create,
    Record(Vec<&'static str>),
}

impl MigrationPlan {
    /// The plan of the apps whose steps these are, in the order of `INSTALLED_APPS`.
    #[must_use]
    pub fn new<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Self {
        Self { steps: steps.into_iter().copied().collect(), users: UserTable::default(), models: Vec::new() }
    }

    /// Makes foreign keys to users refer to `table`, as Django does when `AUTH_USER_MODEL` names another model. The plan then
    /// makes no `auth_user`, and the keys have the type of the key of `table`.
    #[must_use]
    pub fn with_users(mut self, table: UserTable) -> Self {
        self.users = table;
        self
    }

    /// Adds models whose tables no step makes, for their content types and permissions.
    #[must_use]
    pub fn with_models(mut self, models: impl IntoIterator<Item = ModelName>) -> Self {
        self.models.extend(models);
        self
    }

    /// Adds a step of the project's own.
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

    /// The steps in the order in which they are applied: after the steps that make the tables they need, otherwise in
    /// the given order.
    fn ordered(&self) -> Vec<&Step> {
        let mut waiting: Vec<&Step> = self.steps.iter().collect();
        let mut ordered: Vec<&Step> = Vec::new();
        while !waiting.is_empty() {
            let is_made_later = |table: &str| waiting.iter().any(|step| self.tables(step).any(|made| made == table));
            let is_ready = |step: &&Step| !self.requires(step).any(is_made_later);
            // Steps that need each other are applied as given, and the database reports what is missing.
            let next = waiting.iter().position(is_ready).unwrap_or(0);
            ordered.push(waiting.remove(next));
        }
        ordered
    }

    /// Every migration and whether it is applied, in the order in which they are applied.
    ///
    /// # Errors
    /// Returns an error when the database fails.
    pub fn plan(&self, conn: &mut DbConnection) -> Result<Vec<MigrationState>, DatabaseError> {
        let history = MigrationHistory::read(conn)?;
        let of_step = |step: &Step| {
            let app = step.app;
            let state = |name| MigrationState { app, name, applied: history.is_applied(app, name) };
            step.migrations.iter().map(|migration| state(migration.name)).collect::<Vec<_>>()
        };
        Ok(self.ordered().into_iter().flat_map(of_step).collect())
    }

    /// The migrations that [`MigrationPlan::migrate`] would apply. A server warns about them at start, as Django does.
    ///
    /// # Errors
    /// Returns an error when the database fails.
    pub fn unapplied(&self, conn: &mut DbConnection) -> Result<Vec<MigrationState>, DatabaseError> {
        Ok(self.plan(conn)?.into_iter().filter(|state| !state.applied).collect())
    }

    /// Makes missing tables and records the migrations as applied at `now`; then adds missing content types and
    /// permissions.
    ///
    /// Each step is one transaction under a lock, so two servers may do this at the same time. A second run changes
    /// nothing.
    ///
    /// # Errors
    /// Returns [`MigrationError`]. Problems of the whole plan are found before the first step.
    pub fn migrate(&self, conn: &mut DbConnection, now: DateTime<Utc>) -> Result<Vec<Applied>, MigrationError> {
        transaction(conn, |conn| {
            history::lock(conn)?;
            self.check(conn)?;
            create_recorder(conn)
        })?;
        let mut applied = Vec::new();
        for step in self.ordered() {
            let names = transaction(conn, |conn| {
                history::lock(conn)?;
                self.apply(conn, step, now)
            })?;
            applied.extend(names.into_iter().map(|name| Applied { app: step.app, name }));
        }
        if self.steps.iter().any(|step| step.tables.contains(&"auth_permission")) {
            transaction(conn, |conn| {
                history::lock(conn)?;
                permissions::create(conn, self.models())
            })?;
        }
        Ok(applied)
    }

    /// [`MigrationPlan::migrate`] on a connection of `database` and by the system's clock, for a host application that makes
    /// its tables when it starts. Blocks, so do it before the server runs.
    ///
    /// # Errors
    /// Same as [`MigrationPlan::migrate`].
    pub fn run(&self, database: &Database) -> Result<Vec<Applied>, MigrationError> {
        self.migrate(&mut *database.connection()?, Clock::system().now())
    }

    /// Whether every step can be done. Writes nothing.
    ///
    /// # Errors
    /// Same as [`MigrationPlan::migrate`].
    pub fn check(&self, conn: &mut DbConnection) -> Result<(), MigrationError> {
        let mut history = MigrationHistory::read(conn)?;
        self.check_users(&history)?;
        for step in self.ordered() {
            if let StepAction::Create = self.action(step, &history)? {
                history.tables.extend(self.tables(step).map(str::to_owned));
            }
        }
        Ok(())
    }

    /// Whether the table of users is there, or will be made. Django records the migrations of `auth` without making `auth_user`
    /// if the project has another user model.
    fn check_users(&self, history: &MigrationHistory) -> Result<(), MigrationError> {
        let table = self.users.name();
        let names_users =
            |step: &Step| self.requires(step).any(|name| name == table) || self.tables(step).any(|name| name == table);
        let is_needed = self.steps.iter().any(names_users);
        let is_applied =
            |step: &Step| step.migrations.iter().any(|migration| history.is_applied(step.app, migration.name));
        let is_made = |step: &&Step| self.tables(step).any(|made| made == table) && !is_applied(step);
        if is_needed && !history.tables.contains(table) && !self.steps.iter().any(|step| is_made(&step)) {
            return Err(MigrationError::NoUsers { table: table.to_owned() });
        }
        Ok(())
    }

    /// The tables that `step` makes.
    fn tables(&self, step: &Step) -> impl Iterator<Item = &'static str> {
        let left_out = self.users.left_out(step);
        step.tables.iter().copied().filter(move |table| !left_out.contains(table))
    }

    /// The tables of other steps that `step` needs.
    fn requires<'a>(&'a self, step: &Step) -> impl Iterator<Item = &'a str> {
        step.requires.iter().map(|table| self.users.in_place_of(table))
    }

    /// The models that the project has: those of the steps, and then the others.
    fn models(&self) -> impl Iterator<Item = ModelName> {
        let of_step = |step: &Step| {
            let (app, left_out) = (step.app, self.users.left_out(step));
            let is_made = |model: &&StepModel| !left_out.contains(&format!("{app}_{}", model.name).as_str());
            let named = |model: &StepModel| ModelName {
                app: app.to_owned(),
                name: model.name.to_owned(),
                verbose_name: model.verbose_name.to_owned(),
            };
            step.models.iter().filter(is_made).map(named).collect::<Vec<_>>()
        };
        let mut models: Vec<ModelName> = self.steps.iter().flat_map(of_step).collect();
        for model in &self.models {
            if !models.iter().any(|known| known.app == model.app && known.name == model.name) {
                models.push(model.clone());
            }
        }
        models.into_iter()
    }

    /// The work that `step` needs on this database.
    fn action(&self, step: &Step, history: &MigrationHistory) -> Result<StepAction, MigrationError> {
        let missing = || step.migrations.iter().filter(|migration| !history.is_applied(step.app, migration.name));
        let names = |migrations: &mut dyn Iterator<Item = &Migration>| migrations.map(|m| m.name).collect::<Vec<_>>();
        if missing().next().is_none() {
            return Ok(StepAction::Nothing);
        }
        if missing().count() < step.migrations.len() {
            let behind = names(&mut missing().filter(|migration| migration.changes_tables));
            if behind.is_empty() {
                return Ok(StepAction::Record(names(&mut missing())));
            }
            return Err(MigrationError::Behind { app: step.app, names: behind });
        }
        let (app, is_there) = (step.app, |table: &str| history.tables.contains(table));
        let tables: Vec<_> = self.tables(step).filter(|table| is_there(table)).collect();
        if !tables.is_empty() && !step.adopts_tables {
            return Err(MigrationError::Unrecorded { app, tables });
        }
        let tables: Vec<_> = self.requires(step).filter(|table| !is_there(table)).map(str::to_owned).collect();
        if !tables.is_empty() {
            return Err(MigrationError::Missing { app, tables });
        }
        Ok(StepAction::Create)
    }

    /// Does `step` in the transaction of the caller. Returns the migrations that it has applied.
    fn apply(
        &self,
        conn: &mut DbConnection,
        step: &Step,
        now: DateTime<Utc>,
    ) -> Result<Vec<&'static str>, MigrationError> {
        let history = MigrationHistory::read(conn)?;
        let names = match self.action(step, &history)? {
            StepAction::Nothing => return Ok(Vec::new()),
            StepAction::Record(names) => names,
            StepAction::Create => {
                let text = sql(conn, (step.sqlite, step.postgres));
                let text = self.users.sql(step, text, conn).map_err(DatabaseError::from)?;
                conn.batch_execute(&text).map_err(DatabaseError::from)?;
                step.migrations.iter().map(|migration| migration.name).collect()
            }
        };
        history::record(conn, step.app, &names, now)?;
        Ok(names)
    }
}

fn create_recorder(conn: &mut DbConnection) -> Result<(), MigrationError> {
    // This is checked first, because `CREATE TABLE IF NOT EXISTS` needs the right to make tables even if the table exists.
    if !MigrationHistory::read(conn)?.has_recorder() {
        conn.batch_execute(sql(conn, RECORDER)).map_err(DatabaseError::from)?;
    }
    Ok(())
}

/// The text of the pair for the database of `conn`.
fn sql(conn: &DbConnection, (_sqlite, _postgres): (&'static str, &'static str)) -> &'static str {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => _sqlite,
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(_) => _postgres,
    }
}
