//! `migrate` on an empty database, on a database that Django made, and on databases in between.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::super::DbConnection;
use super::super::migrations::{Applied, Migration, MigrationError, MigrationPlan, Step, UserTable};
use super::super::schema::{auth_permission, django_migrations};
use super::support::{TestDatabase, number, text};
use crate::apps::AppConfig;
use crate::contrib::admin::apps::AdminConfig;
use crate::contrib::auth::apps::AuthConfig;
use crate::contrib::contenttypes::ContentTypesConfig;
use crate::settings::all_migrations;
use crate::simplejwt::token_blacklist::apps::TokenBlacklistConfig;

/// The migrations of Django, DRF and simplejwt, and our own.
const ALL: usize = 40;

fn now() -> DateTime<Utc> {
    "2024-03-01T12:30:15.123456Z".parse().unwrap()
}

fn migrate(conn: &mut DbConnection) -> Vec<String> {
    all_migrations().migrate(conn, now()).unwrap().iter().map(Applied::to_string).collect()
}

fn refusal(conn: &mut DbConnection) -> MigrationError {
    let before = number(conn, "SELECT count(*) AS value FROM django_migrations").unwrap();
    let error = all_migrations().migrate(conn, now()).unwrap_err();
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
            files!("00000000000008_login_failures", $file),
            files!("00000000000009_login_failures_since", $file),
            files!("00000000000010_token_family_initial", $file),
            files!("00000000000011_family_activity", $file),
            files!("00000000000012_login_failure_origins", $file),
            files!("00000000000013_admin_event_counts", $file),
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

fn each(test: impl Fn(&mut DbConnection)) {
    for database in TestDatabase::each() {
        test(&mut database.open().connection().unwrap());
    }
}

#[test]
fn an_empty_database_gets_everything_and_a_second_run_nothing() {
    each(|conn| {
        let plan = all_migrations();
        assert_eq!(plan.unapplied(conn).unwrap().len(), ALL);
        let applied = migrate(conn);
        assert_eq!(applied.len(), ALL);
        assert_eq!(
            applied[..6],
            [
                "actix_admin.0001_event_counts",
                "actix_auth.0001_login_failures",
                "actix_auth.0002_login_failures_since",
                "actix_auth.0003_login_failure_origins",
                "contenttypes.0001_initial",
                "contenttypes.0002_remove_content_type_name"
            ]
        );
        assert_eq!(plan.unapplied(conn).unwrap(), []);
        assert!(plan.plan(conn).unwrap().iter().all(|state| state.applied));
        let times: Vec<NaiveDateTime> =
            django_migrations::table.select(django_migrations::applied).distinct().load(&mut *conn).unwrap();
        assert_eq!(times, [now().naive_utc()]);
        assert_eq!(number(conn, "SELECT count(*) AS value FROM django_content_type").unwrap(), 10);
        assert_eq!(number(conn, "SELECT count(*) AS value FROM auth_permission").unwrap(), 40);

        assert_eq!(migrate(conn), [""; 0]);
        assert_eq!(number(conn, "SELECT count(*) AS value FROM django_migrations").unwrap(), ALL as i64);
        assert_eq!(number(conn, "SELECT count(*) AS value FROM auth_permission").unwrap(), 40);
    });
}

#[test]
fn tables_of_the_diesel_cli_are_complete() {
    each(|conn| {
        run(conn, &files!("up.sql"));
        assert_eq!(all_migrations().unapplied(conn).unwrap(), []);
        assert_eq!(migrate(conn), [""; 0]);
        assert_eq!(number(conn, "SELECT count(*) AS value FROM auth_permission").unwrap(), 40);
        // On tables that are there already the CLI changes nothing.
        run(conn, &files!("up.sql"));
        assert_eq!(number(conn, "SELECT count(*) AS value FROM django_migrations").unwrap(), ALL as i64);
        run(conn, files!("down.sql").iter().rev());
        assert_eq!(all_migrations().unapplied(conn).unwrap().len(), ALL);
        assert_eq!(migrate(conn).len(), ALL);
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
            "the tables of sessions exist, but django_migrations does not list them; if they are as Django makes \
             them, run `manage migrate --fake-initial`. Found: django_session"
        );
    });
}

#[test]
fn a_project_with_another_user_model_gets_no_foreign_keys_to_missing_tables() {
    each(|conn| {
        run(conn, &files!("up.sql")[..3]);
        conn.batch_execute("DROP TABLE auth_user_user_permissions").unwrap();
        conn.batch_execute("DROP TABLE auth_user_groups").unwrap();
        conn.batch_execute("DROP TABLE auth_user").unwrap();
        assert_eq!(
            refusal(conn).to_string(),
            "AUTH_USER_MODEL: the database has no table \"auth_user\", and no migration here makes it. If the project has a \
             custom user model, set AUTH_USER_MODEL to it and run Django's `manage.py migrate` first, or make the table by \
             your own migration"
        );
        // This also applies if all migrations are recorded: Django records the migrations of `auth` for every user
        // model.
        for state in all_migrations().unapplied(conn).unwrap() {
            let applied = django_migrations::applied.eq(now().naive_utc());
            let row = (django_migrations::app.eq(state.app), django_migrations::name.eq(state.name), applied);
            diesel::insert_into(django_migrations::table).values(row).execute(conn).unwrap();
        }
        assert!(matches!(refusal(conn), MigrationError::NoUsers { table } if table == "auth_user"));
        assert_eq!(number(conn, "SELECT count(*) AS value FROM auth_permission").unwrap(), 0);
    });
}

#[test]
fn a_table_of_users_that_no_step_makes_is_not_created() {
    each(|conn| {
        let plan = || all_migrations().with_users(UserTable::new("accounts_user"));
        let error = plan().migrate(conn, now()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "AUTH_USER_MODEL: the database has no table \"accounts_user\", and no migration here makes it. Run Django's \
             `manage.py migrate` first, or make the table by your own migration. If it has another name, set AUTH_USER_TABLE to \
             that"
        );
        assert!(number(conn, "SELECT count(*) AS value FROM django_migrations").is_err());
        // A step of the project may make it. The other steps then come after that one.
        let accounts = Step {
            app: "accounts",
            migrations: &[Migration { name: "0001_initial", changes_tables: true }],
            tables: &["accounts_user"],
            sqlite: "CREATE TABLE accounts_user (id integer NOT NULL PRIMARY KEY)",
            postgres: "CREATE TABLE accounts_user (id bigint NOT NULL PRIMARY KEY)",
            ..Step::EMPTY
        };
        let applied = plan().with(accounts).migrate(conn, now()).unwrap();
        assert!(applied.iter().any(|migration| migration.to_string() == "accounts.0001_initial"));
        assert_eq!(plan().with(accounts).unapplied(conn).unwrap(), []);
    });
}

#[test]
fn rows_of_a_running_project_are_not_changed() {
    each(|conn| {
        migrate(conn);
        let renamed = auth_permission::table.filter(auth_permission::codename.eq("add_user"));
        diesel::update(renamed).set(auth_permission::name.eq("May add people")).execute(&mut *conn).unwrap();
        conn.batch_execute("DELETE FROM auth_permission WHERE codename = 'view_session'").unwrap();
        migrate(conn);
        let name: String = renamed.select(auth_permission::name).get_result(&mut *conn).unwrap();
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
        assert_eq!(applied, ALL);
        let mut conn = test.open().connection().unwrap();
        assert_eq!(number(&mut conn, "SELECT count(*) AS value FROM django_migrations").unwrap(), ALL as i64);
        assert_eq!(number(&mut conn, "SELECT count(*) AS value FROM auth_permission").unwrap(), 40);
    }
}

/// `login_failures` as versions without this migration made it when a server started.
const LOGIN_FAILURES: &str = "CREATE TABLE login_failures (attempt varchar(64) NOT NULL PRIMARY KEY, \
                              failures integer NOT NULL, since bigint NOT NULL)";

#[test]
fn the_table_of_failed_logins_is_adopted_with_its_rows() {
    each(|conn| {
        let up = files!("up.sql");
        run(conn, up[..7].iter().chain(&up[9..11]));
        conn.batch_execute(LOGIN_FAILURES).unwrap();
        conn.batch_execute("INSERT INTO login_failures VALUES ('a', 3, 1700000000)").unwrap();
        assert_eq!(
            migrate(conn),
            [
                "actix_admin.0001_event_counts",
                "actix_auth.0001_login_failures",
                "actix_auth.0002_login_failures_since",
                "actix_auth.0003_login_failure_origins"
            ]
        );
        assert_eq!(number(conn, "SELECT CAST(failures AS bigint) AS value FROM login_failures").unwrap(), 3);
        assert_eq!(migrate(conn), [""; 0]);
    });
}

#[test]
fn a_later_step_alters_a_table_of_our_own() {
    const INDEX: Step = Step {
        app: "actix_auth",
        migrations: &[Migration { name: "0004_index", changes_tables: true }],
        requires: &["login_failures"],
        sqlite: "CREATE INDEX login_failures_failures ON login_failures (failures)",
        postgres: "CREATE INDEX login_failures_failures ON login_failures (failures)",
        ..Step::EMPTY
    };
    each(|conn| {
        migrate(conn);
        let plan = all_migrations().with(INDEX);
        let applied = |conn: &mut _| -> Vec<String> {
            plan.migrate(conn, now()).unwrap().iter().map(Applied::to_string).collect()
        };
        assert_eq!(applied(conn), ["actix_auth.0004_index"]);
        assert_eq!(applied(conn), [""; 0]);
        // An empty database gets both, in their order.
        run(conn, files!("down.sql").iter().rev());
        assert_eq!(applied(conn).len(), ALL + 1);
    });
}

#[test]
fn steps_are_applied_in_the_order_of_their_foreign_keys() {
    each(|conn| {
        let apps: [&dyn AppConfig; 4] = [&TokenBlacklistConfig, &AdminConfig, &AuthConfig, &ContentTypesConfig];
        let plan = MigrationPlan::new(apps.into_iter().flat_map(|app| app.migrations()));
        let states = plan.plan(conn).unwrap();
        let mut apps: Vec<_> = states.iter().map(|state| state.app).collect();
        apps.dedup();
        assert_eq!(apps, ["actix_admin", "actix_auth", "contenttypes", "auth", "token_blacklist", "admin"]);
        plan.migrate(conn, now()).unwrap();
        // Content types are numbered in the order in which the apps are installed.
        let first = "SELECT app_label || '.' || model AS value FROM django_content_type ORDER BY id LIMIT 1";
        assert_eq!(text(conn, first), "token_blacklist.blacklistedtoken");
    });
}

#[test]
fn foreign_keys_to_users_have_the_type_of_the_users_key() {
    for (sqlite, postgres) in [("integer", "integer"), ("bigint", "bigint"), ("char(32)", "uuid")] {
        each(|conn| {
            let column = if conn.vendor() == "sqlite" { sqlite } else { postgres };
            conn.batch_execute(&format!("CREATE TABLE people_person (\"person no\" {column} NOT NULL PRIMARY KEY)"))
                .unwrap();
            all_migrations().with_users(UserTable::new("people_person")).migrate(conn, now()).unwrap();
            let types = match conn.vendor() {
                "sqlite" => {
                    "SELECT group_concat(t.name || ' ' || lower(c.type) || ' ' || f.\"table\") AS value FROM sqlite_master t, \
                     pragma_table_info(t.name) c, pragma_foreign_key_list(t.name) f \
                     WHERE c.name = 'user_id' AND f.\"from\" = 'user_id'"
                }
                _ => {
                    "SELECT string_agg(conrelid::regclass || ' ' || format_type(atttypid, NULL) || ' ' \
                     || confrelid::regclass, ',') AS value FROM pg_constraint JOIN pg_attribute \
                     ON attrelid = conrelid AND attnum = conkey[1] \
                     WHERE contype = 'f' AND attname = 'user_id' AND connamespace = current_schema()::regnamespace"
                }
            };
            let types = text(conn, types);
            let mut types: Vec<_> = types.split(',').collect();
            types.sort_unstable();
            let tables =
                ["authtoken_token", "django_admin_log", "token_blacklist_outstandingtoken", "token_family_tokenfamily"];
            assert_eq!(types, tables.map(|table| format!("{table} {column} people_person")));
            for table in ["auth_user", "auth_user_groups", "auth_user_user_permissions"] {
                assert!(number(conn, &format!("SELECT count(*) AS value FROM {table}")).is_err(), "{table}");
            }
            let users = "SELECT count(*) AS value FROM django_content_type WHERE app_label = 'auth' AND model = 'user'";
            assert_eq!(number(conn, users).unwrap(), 0);
        });
    }
}
