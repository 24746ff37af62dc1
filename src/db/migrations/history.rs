//! The migrations that the database has. Python counterpart: `django.db.migrations.recorder`.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use super::super::schema::django_migrations;
use super::super::types::to_db;
use super::super::{DatabaseError, DbConnection};

/// The rows of `django_migrations` and the names of all tables.
pub(super) struct MigrationHistory {
    applied: HashSet<(String, String)>,
    pub(super) tables: HashSet<String>,
}

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = Text)]
    name: String,
}

impl MigrationHistory {
    pub(super) fn read(conn: &mut DbConnection) -> Result<Self, DatabaseError> {
        let query = match conn {
            #[cfg(feature = "sqlite")]
            DbConnection::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table'",
            // The tables that can be named without a schema, as in Django.
            #[cfg(feature = "postgres")]
            DbConnection::Postgres(_) => {
                "SELECT relname::text AS name FROM pg_catalog.pg_class \
                 WHERE relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(oid)"
            }
        };
        let tables = sql_query(query).load::<NameRow>(conn)?.into_iter().map(|table| table.name).collect();
        let mut history = Self { applied: HashSet::new(), tables };
        if history.has_recorder() {
            let rows = django_migrations::table.select((django_migrations::app, django_migrations::name));
            history.applied = rows.load(conn)?.into_iter().collect();
        }
        Ok(history)
    }

    /// Whether `django_migrations` is there.
    pub(super) fn has_recorder(&self) -> bool {
        self.tables.contains("django_migrations")
    }

    pub(super) fn is_applied(&self, app: &str, name: &str) -> bool {
        self.applied.contains(&(app.to_owned(), name.to_owned()))
    }
}

/// Lists `names` as applied at `now`. If the SQL of the step has written a row already, only its time is set.
pub(super) fn record(
    conn: &mut DbConnection,
    app: &str,
    names: &[&str],
    now: DateTime<Utc>,
) -> Result<(), DatabaseError> {
    let applied = django_migrations::applied.eq(to_db(now));
    for name in names {
        let row =
            django_migrations::table.filter(django_migrations::app.eq(app)).filter(django_migrations::name.eq(name));
        if diesel::update(row).set(applied).execute(conn)? == 0 {
            let row = (django_migrations::app.eq(app), django_migrations::name.eq(name), applied);
            diesel::insert_into(django_migrations::table).values(row).execute(conn)?;
        }
    }
    Ok(())
}

/// Removes a migration from the list.
pub(super) fn forget(conn: &mut DbConnection, app: &str, name: &str) -> Result<(), DatabaseError> {
    let row = django_migrations::table.filter(django_migrations::app.eq(app)).filter(django_migrations::name.eq(name));
    diesel::delete(row).execute(conn)?;
    Ok(())
}

/// Takes the lock for migrations of a schema, until the transaction ends. On SQLite the transaction itself is this lock.
pub(super) fn lock(conn: &mut DbConnection) -> Result<(), DatabaseError> {
    match conn {
        #[cfg(feature = "sqlite")]
        DbConnection::Sqlite(_) => {}
        #[cfg(feature = "postgres")]
        DbConnection::Postgres(conn) => {
            sql_query("SELECT pg_advisory_xact_lock(hashtext('django_migrations'), hashtext(current_schema()))")
                .execute(conn)?;
        }
    }
    Ok(())
}
