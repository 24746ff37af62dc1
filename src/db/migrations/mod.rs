//! Django's tables, made and recorded. Python counterpart: `django.db.migrations`, `manage.py migrate`.
//!
//! The state is in Django's own table `django_migrations`, under Django's names, so that either side accepts a database
//! that the other one made. Each app of Django is made in one step, in the state after its last migration. A database
//! on which Django has applied only some of them must be completed by Django. Our own tables have ordered migrations
//! under labels that Django does not know and ignores.
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
use super::types::KeyType;
use super::{Database, DatabaseError, DbConnection, transaction};
use crate::core::clock::Clock;

pub use self::report::{migrate_report, showmigrations_report, unapplied_warning};
pub use self::steps::{
    ADMIN, AUTH, AUTHTOKEN, CONTENTTYPES, LOGIN_FAILURES, Migration, Model, SESSIONS, Step, TOKEN_BLACKLIST,
};

/// The steps of a project's apps. The default has those of all apps.
#[derive(Clone, Debug)]
pub struct MigrationPlan {
    /// In the order of `INSTALLED_APPS`, which decides the ids of content types on a fresh database.
    steps: Vec<Step>,
    users: UserTable,
}

/// The table that foreign keys to users refer to. Its primary key is called `id`. The default is `auth_user`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserTable {
    /// Name of the table.
    pub name: &'static str,
    /// Type of its primary key.
    pub key: KeyType,
}

impl Default for UserTable {
    fn default() -> Self {
        Self { name: AUTH_USER, key: KeyType::Integer }
    }
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
    /// The tables exist, but `django_migrations` does not list them.
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
        Self::new(steps::ALL.into_iter().flatten())
    }
}

impl MigrationPlan {
    /// The plan of the apps whose steps these are, in the order of `INSTALLED_APPS`.
    #[must_use]
    pub fn new<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Self {
        Self { steps: steps.into_iter().copied().collect(), users: UserTable::default() }
    }

    /// Makes foreign keys to users refer to `table`, as Django does when `AUTH_USER_MODEL` names another model. The plan then
    /// makes no `auth_user`.
    #[must_use]
    pub fn with_users(mut self, table: UserTable) -> Self {
        self.users = table;
        self
    }

    /// Adds a step of the project's own.
    #[must_use]
    pub fn with(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Removes the migrations with this app label.
    #[must_use]
    pub fn without(mut self, app: &str) -> Self {
        self.steps.retain(|step| step.app != app);
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

    /// The steps in the order in which they are applied: after the ones that make the tables they need, else as given.
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
    /// When the database fails.
    pub fn plan(&self, conn: &mut DbConnection) -> Result<Vec<MigrationState>, DatabaseError> {
        let history = History::read(conn)?;
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
        for step in self.ordered() {
            let names = transaction(conn, |conn| {
                history::lock(conn)?;
                self.apply(conn, step, now)
            })?;
            applied.extend(names.into_iter().map(|name| Applied { app: step.app, name }));
        }
        if self.steps.iter().any(|step| step.app == "auth") {
            transaction(conn, |conn| {
                history::lock(conn)?;
                permissions::create(conn, self)
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

    /// Whether every step can be done. Writes nothing.
    ///
    /// # Errors
    /// As [`MigrationPlan::migrate`].
    pub fn check(&self, conn: &mut DbConnection) -> Result<(), MigrationError> {
        let mut history = History::read(conn)?;
        for step in self.ordered() {
            if let Action::Create = self.action(step, &history)? {
                history.tables.extend(self.tables(step).map(str::to_owned));
            }
        }
        Ok(())
    }

    fn has_own_users(&self) -> bool {
        self.users.name != AUTH_USER
    }

    /// The tables that `step` makes.
    fn tables(&self, step: &Step) -> impl Iterator<Item = &'static str> {
        let left_out: &[&str] = if self.has_own_users() { step.swappable } else { &[] };
        step.tables.iter().copied().filter(|table| !left_out.contains(table))
    }

    /// The tables of other steps that `step` needs.
    fn requires(&self, step: &Step) -> impl Iterator<Item = &'static str> {
        step.requires.iter().map(|&table| if table == AUTH_USER { self.users.name } else { table })
    }

    /// The models of `step` that the project has.
    fn models(&self, step: &Step) -> impl Iterator<Item = &'static Model> {
        let left_out: &[&str] = if self.has_own_users() { step.swappable } else { &[] };
        let table = |model: &Model| format!("{}_{}", step.app, model.name);
        let left_out = move |model: &&Model| left_out.iter().any(|swapped| *swapped == table(model));
        step.models.iter().filter(move |model| !left_out(model))
    }

    /// The SQL of `step`, with foreign keys to the project's users.
    fn sql(&self, step: &Step, conn: &DbConnection) -> String {
        let text = sql(conn, (step.sqlite, step.postgres));
        if !self.has_own_users() {
            return text.to_owned();
        }
        let UserTable { name, key } = self.users;
        let names = |statement: &str, tables: &[&str]| tables.iter().any(|t| statement.contains(&format!("\"{t}\"")));
        let statements = text.split_inclusive(";\n").filter(|statement| !names(statement, step.swappable));
        let lines: String = statements
            .flat_map(|statement| statement.split_inclusive('\n'))
            // Names of constraints are made of the names of both tables.
            .filter(|line| !line.contains("_fk_auth_user"))
            .collect();
        lines
            .replace(&format!("\"{AUTH_USER}\""), &format!("\"{name}\""))
            .replace("\"user_id\" integer", &format!("\"user_id\" {}", key.column_type(conn.vendor())))
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
        let (app, is_there) = (step.app, |table: &&str| history.tables.contains(*table));
        let tables: Vec<_> = self.tables(step).filter(is_there).collect();
        if !tables.is_empty() && !step.adopts_tables {
            return Err(MigrationError::Unrecorded { app, tables });
        }
        let tables: Vec<_> = self.requires(step).filter(|table| !is_there(table)).collect();
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
                conn.batch_execute(&self.sql(step, conn)).map_err(DatabaseError::from)?;
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
