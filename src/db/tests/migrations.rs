//! `migrate` on an empty database, on one of Django's, and on what may lie between.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::super::migrations::{Applied, MigrationError, MigrationPlan};
use super::super::schema::{auth_permission, django_migrations};
use super::super::{DbConnection, PooledConnection};
use super::support::{TestDatabase, number};

const DJANGO: usize = 34;

fn now() -> DateTime<Utc> {
    "2024-03-01T12:30:15.123456Z".parse().unwrap()
}

fn migrate(conn: &mut DbConnection) -> Vec<String> {
    MigrationPlan::default().migrate(conn, now()).unwrap().iter().map(Applied::to_string).collect()
}

fn refusal(conn: &mut DbConnection) -> MigrationError {
    let before = number(conn, "SELECT count(*) AS value FROM django_migrations").unwrap();
    let error = MigrationPlan::default().migrate(conn, now()).unwrap_err();
    assert_eq!(number(conn, "SELECT count(*) AS value FROM django_migrations").unwrap(), before);
    error
}

fn forget(conn: &mut DbConnection, app: &str, names: &str) {
    let rows = format!("DELETE FROM django_migrations WHERE app = '{app}' AND name LIKE '{names}'");
    conn.batch_execute(&rows).unwrap();
}

/// The SQL files, as the diesel CLI reads them.
macro_rules! files {
    ($file:literal) => {
        [
            files!("00000000000001_django_migrations", $file),
            files!("00000000000002_contenttypes_initial", $file),
            files!("00000000000003_auth_initial", $file),
            files!("00000000000004_admin_initial", $file),
            files!("00000000000005_authtoken_initial", $file),
            files!("00000000000006_sessions_initial", $file),
            files!("00000000000007_token_blacklist_initial", $file),
        ]
    };
    ($directory:literal, $file:literal) => {
        (
            include_str!(concat!("../../../migrations/sqlite/", $directory, "/", $file)),
            include_str!(concat!("../../../migrations/postgres/", $directory, "/", $file)),
        )
    };
}

fn run<'a>(conn: &mut DbConnection, files: impl IntoIterator<Item = &'a (&'static str, &'static str)>) {
    for (sqlite, postgres) in files {
        let sql = if conn.vendor() == "sqlite" { sqlite } else { postgres };
        conn.batch_execute(sql).unwrap();
    }
}

fn each(test: impl Fn(&mut PooledConnection)) {
    for database in TestDatabase::each() {
        test(&mut database.open().connection().unwrap());
    }
}

#[test]
fn an_empty_database_gets_everything_and_a_second_run_nothing() {
    each(|conn| {
        let plan = MigrationPlan::default();
        assert_eq!(plan.unapplied(conn).unwrap().len(), DJANGO);
        let applied = migrate(conn);
        assert_eq!(applied.len(), DJANGO);
        assert_eq!(
            applied[..3],
            ["contenttypes.0001_initial", "contenttypes.0002_remove_content_type_name", "auth.0001_initial"]
        );
        assert_eq!(plan.unapplied(conn).unwrap(), []);
        assert!(plan.plan(conn).unwrap().iter().all(|state| state.applied));
        let times: Vec<NaiveDateTime> =
            django_migrations::table.select(django_migrations::applied).distinct().load(&mut **conn).unwrap();
        assert_eq!(times, [now().naive_utc()]);
        assert_eq!(number(conn, "SELECT count(*) AS value FROM django_content_type").unwrap(), 10);
        assert_eq!(number(conn, "SELECT count(*) AS value FROM auth_permission").unwrap(), 40);

        assert_eq!(migrate(conn), [""; 0]);
        assert_eq!(number(conn, "SELECT count(*) AS value FROM django_migrations").unwrap(), DJANGO as i64);
        assert_eq!(number(conn, "SELECT count(*) AS value FROM auth_permission").unwrap(), 40);
    });
}

#[test]
fn what_the_diesel_cli_made_is_complete() {
    each(|conn| {
        run(conn, &files!("up.sql"));
        assert_eq!(MigrationPlan::default().unapplied(conn).unwrap(), []);
        assert_eq!(migrate(conn), [""; 0]);
        assert_eq!(number(conn, "SELECT count(*) AS value FROM auth_permission").unwrap(), 40);
        // On tables that are there already the CLI changes nothing.
        run(conn, &files!("up.sql"));
        assert_eq!(number(conn, "SELECT count(*) AS value FROM django_migrations").unwrap(), DJANGO as i64);
        run(conn, files!("down.sql").iter().rev());
        assert_eq!(MigrationPlan::default().unapplied(conn).unwrap().len(), DJANGO);
        assert_eq!(migrate(conn).len(), DJANGO);
    });
}

#[test]
fn an_app_that_is_not_there_is_added() {
    each(|conn| {
        migrate(conn);
        let down = files!("down.sql");
        run(conn, [&down[6], &down[4]]);
        let applied = migrate(conn);
        assert_eq!(applied.len(), 16);
        assert_eq!(
            (applied[0].as_str(), applied[4].as_str()),
            ("authtoken.0001_initial", "token_blacklist.0001_initial")
        );
    });
}

#[test]
fn a_migration_that_changes_no_table_is_recorded() {
    each(|conn| {
        migrate(conn);
        // simplejwt 5.2 ends here; its tables are the same.
        forget(conn, "token_blacklist", "001%");
        conn.batch_execute(
            "INSERT INTO django_migrations (app, name, applied) \
             VALUES ('token_blacklist', '0010_fix_migrate_to_bigautofield', CURRENT_TIMESTAMP), \
                    ('token_blacklist', '0011_linearizes_history', CURRENT_TIMESTAMP)",
        )
        .unwrap();
        assert_eq!(
            migrate(conn),
            [
                "token_blacklist.0012_alter_outstandingtoken_user",
                "token_blacklist.0013_alter_blacklistedtoken_options_and_more"
            ]
        );
    });
}

#[test]
fn a_database_that_django_left_half_way_is_left_to_django() {
    each(|conn| {
        migrate(conn);
        forget(conn, "auth", "001%");
        let down = files!("down.sql");
        run(conn, [&down[6]]);
        assert_eq!(
            refusal(conn).to_string(),
            "the tables of auth were made by an older release; run Django's `manage.py migrate auth` first. Not \
             applied: 0010_alter_group_name_max_length, 0011_update_proxy_permissions, 0012_alter_user_first_name_max_length"
        );
    });
}

#[test]
fn tables_that_django_does_not_know_are_not_touched() {
    each(|conn| {
        migrate(conn);
        forget(conn, "sessions", "%");
        assert_eq!(
            refusal(conn).to_string(),
            "the tables of sessions exist, but django_migrations does not list them; if they are Django's, run \
             `manage.py migrate --fake-initial` there. Found: django_session"
        );
    });
}

#[test]
fn a_project_with_another_user_model_gets_no_foreign_keys_into_nothing() {
    each(|conn| {
        run(conn, &files!("up.sql")[..3]);
        conn.batch_execute("DROP TABLE auth_user_user_permissions").unwrap();
        conn.batch_execute("DROP TABLE auth_user_groups").unwrap();
        conn.batch_execute("DROP TABLE auth_user").unwrap();
        assert_eq!(
            refusal(conn).to_string(),
            "the tables of admin need tables that the project does not have: auth_user"
        );
    });
}

#[test]
fn rows_of_a_running_project_stay_as_they_are() {
    each(|conn| {
        migrate(conn);
        let renamed = auth_permission::table.filter(auth_permission::codename.eq("add_user"));
        diesel::update(renamed).set(auth_permission::name.eq("May add people")).execute(&mut **conn).unwrap();
        conn.batch_execute("DELETE FROM auth_permission WHERE codename = 'view_session'").unwrap();
        migrate(conn);
        let name: String = renamed.select(auth_permission::name).get_result(&mut **conn).unwrap();
        assert_eq!(name, "May add people");
        assert_eq!(number(conn, "SELECT count(*) AS value FROM auth_permission").unwrap(), 40);
    });
}

#[test]
fn several_servers_may_migrate_at_once() {
    for test in TestDatabase::each() {
        let applied: usize = std::thread::scope(|scope| {
            let server = || scope.spawn(|| migrate(&mut test.open().connection().unwrap()).len());
            let servers: Vec<_> = (0..4).map(|_| server()).collect();
            servers.into_iter().map(|server| server.join().unwrap()).sum()
        });
        assert_eq!(applied, DJANGO);
        let mut conn = test.open().connection().unwrap();
        assert_eq!(number(&mut conn, "SELECT count(*) AS value FROM django_migrations").unwrap(), DJANGO as i64);
        assert_eq!(number(&mut conn, "SELECT count(*) AS value FROM auth_permission").unwrap(), 40);
    }
}
