//! Why tables were not made.

use super::super::DatabaseError;
use super::users::UserTable;

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
        "the tables of {app} exist, but django_migrations does not list them; if they are as Django makes them, run \
         `manage migrate --fake-initial`. Found: {}",
        tables.join(", ")
    )]
    Unrecorded {
        /// Label of the app.
        app: &'static str,
        /// The tables that are there.
        tables: Vec<&'static str>,
    },
    /// With `--fake-initial`: a table is not as the migrations of its app leave it.
    #[error(
        "the table {table} of {app} has no column {}, so it was made by an older release; run Django's \
         `manage.py migrate --fake-initial` first",
        columns.join(", ")
    )]
    Unlike {
        /// Label of the app.
        app: &'static str,
        /// Name of the table.
        table: &'static str,
        /// The columns that it does not have.
        columns: Vec<String>,
    },
    /// A foreign key would refer to a missing table.
    #[error("the tables of {app} need tables that the project does not have: {}", tables.join(", "))]
    Missing {
        /// Label of the app.
        app: &'static str,
        /// The tables that are not there.
        tables: Vec<String>,
    },
    /// The table of users does not exist, and no migration makes it.
    #[error(
        "AUTH_USER_MODEL: the database has no table {table:?}, and no migration here makes it. {}",
        no_users(table)
    )]
    NoUsers {
        /// Name of the table.
        table: String,
    },
    /// A migration inside of a step was requested.
    #[error(
        "the migrations of {app} are applied together here, and make the tables as they are after the last one; run \
         `manage migrate {app}`"
    )]
    Together {
        /// Label of the app.
        app: &'static str,
    },
    /// A migration that changes tables was to be undone.
    #[error(
        "{app}.{name} changes tables and cannot be undone here; use Django's `manage.py migrate`, or zero for all of {app}"
    )]
    Irreversible {
        /// Label of the app.
        app: &'static str,
        /// The migration.
        name: &'static str,
    },
    /// Tables of other apps need the tables that would be dropped.
    #[error("the tables of {} need the tables of {app}; run `manage migrate {} zero` first", by.join(", "), by[0])]
    Needed {
        /// Label of the app.
        app: String,
        /// Labels of the other apps.
        by: Vec<&'static str>,
    },
    /// The database failed. Steps before it stay.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// What to do about a missing table of users.
fn no_users(table: &str) -> &'static str {
    if table == UserTable::default().name() {
        "If the project has a custom user model, set AUTH_USER_MODEL to it and run Django's `manage.py migrate` first, or make \
         the table by your own migration"
    } else {
        "Run Django's `manage.py migrate` first, or make the table by your own migration. If it has another name, set \
         AUTH_USER_TABLE to that"
    }
}
