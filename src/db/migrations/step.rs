//! A step of an app. Python counterpart: the class `Migration` in a file of a `migrations` package.
//!
//! The steps of an app are in its `migrations.rs`. An app of Django is one step, from nothing to the state after its last
//! migration. A table of our own has a step for each migration, under an app label that no Python package uses, so that Django
//! ignores their rows in `django_migrations`. To change such a table, add a directory below `migrations/sqlite` and
//! `migrations/postgres`, and a step after the last one of that app.

/// Tables that are made or changed together.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Label of the app, as in `django_migrations`.
    pub app: &'static str,
    /// The rows of `django_migrations` that the step represents, in order.
    pub migrations: &'static [Migration],
    /// The tables that it makes.
    pub tables: &'static [&'static str],
    /// The tables of the step that a project with its own user model does not have: `swappable` in Django.
    pub swappable: &'static [&'static str],
    /// The tables of other steps that it needs.
    pub requires: &'static [&'static str],
    /// Whether its SQL accepts tables that exist but are not recorded.
    pub adopts_tables: bool,
    /// The app's models, for content types and permissions.
    pub models: &'static [StepModel],
    /// SQL for SQLite.
    pub sqlite: &'static str,
    /// SQL for PostgreSQL.
    pub postgres: &'static str,
}

impl Step {
    /// A step that does nothing, to write the others with `..Step::EMPTY`.
    pub const EMPTY: Self = Self {
        app: "",
        migrations: &[],
        tables: &[],
        swappable: &[],
        requires: &[],
        adopts_tables: false,
        models: &[],
        sqlite: "",
        postgres: "",
    };

    /// The step with this SQL, for SQLite and for PostgreSQL.
    #[must_use]
    pub const fn sql(self, (sqlite, postgres): (&'static str, &'static str)) -> Self {
        Self { sqlite, postgres, ..self }
    }
}

/// A migration, by its name in `django_migrations`.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Name, as the file in Django: `0001_initial`.
    pub name: &'static str,
    /// Whether it changes the database. Most change only Django's state of a model. Such a migration may be recorded
    /// on tables that were made before it existed.
    pub changes_tables: bool,
}

impl Migration {
    /// A migration that changes the database.
    #[must_use]
    pub const fn changes(name: &'static str) -> Self {
        Self { name, changes_tables: true }
    }

    /// A migration that changes only Django's state of a model.
    #[must_use]
    pub const fn keeps(name: &'static str) -> Self {
        Self { name, changes_tables: false }
    }
}

/// A model of Django, with the four permissions that each has.
#[derive(Clone, Copy, Debug)]
pub struct StepModel {
    /// Lower-case name of the class.
    pub name: &'static str,
    /// `verbose_name`, as in the names of the permissions.
    pub verbose_name: &'static str,
}

impl StepModel {
    /// A model by its names.
    #[must_use]
    pub const fn new(name: &'static str, verbose_name: &'static str) -> Self {
        Self { name, verbose_name }
    }
}

/// Both files of a directory below `migrations/`, for [`Step::sql`].
macro_rules! up {
    ($directory:literal) => {
        (
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite/", $directory, "/up.sql")),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres/", $directory, "/up.sql")),
        )
    };
}
pub(crate) use up;
