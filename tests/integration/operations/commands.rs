//! `manage` with the arguments of Django's commands: output and exit codes.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::support::TestDatabase;
use crate::support::process::{Managed, manage, manage_in};

fn refused(text: &str) -> Managed {
    Managed { code: 1, stdout: String::new(), stderr: format!("{text}\n") }
}

fn printed(text: &str) -> Managed {
    Managed { code: 0, stdout: format!("{text}\n"), stderr: String::new() }
}

#[test]
fn an_unknown_command_prints_the_message_of_django() {
    let tail = "Type 'manage help' for usage.";
    for (word, suggestion) in [
        ("nope", ""),
        ("migrat", ". Did you mean migrate?"),
        ("shwmigrations", ". Did you mean showmigrations?"),
        ("createsuperusr", ". Did you mean createsuperuser?"),
        ("makemigration", ". Did you mean makemigrations?"),
    ] {
        let expected = refused(&format!("Unknown command: '{word}'{suggestion}\n{tail}"));
        assert_eq!(manage(&[word], &[]), expected);
        assert_eq!(manage(&["help", word], &[]), expected);
    }
}

#[test]
fn commands_that_do_not_apply_say_what_to_do_instead() {
    for (words, what) in [
        (&["makemigrations", "--check"][..], "Write the SQL into a `Step` of your app"),
        (&["shell", "-c", "print(1)"], "`manage dbshell` opens the database"),
        (&["startapp", "shop"], "docs/DJANGO_MAP.md#an-app-of-your-own"),
        (&["flush", "--noinput"], "`manage migrate APP zero`"),
        (&["loaddata", "users.json"], "docs/OPERATIONS.md#backup"),
        (&["test"], "`cargo test`"),
        (&["collectstatic"], "a proxy serves them"),
        (&["help", "inspectdb"], "`diesel print-schema`"),
        (&["sendtestemail"], "sends no e-mail"),
    ] {
        let got = manage(words, &[]);
        let name = if words[0] == "help" { words[1] } else { words[0] };
        assert!(got.stderr.starts_with(&format!("CommandError: {name} does not apply here. ")), "{got:?}");
        assert!(got.stderr.contains(what) && got.stderr.lines().count() == 1, "{got:?}");
        assert_eq!((got.code, got.stdout.as_str()), (1, ""), "{words:?}");
    }
}

#[test]
fn a_command_of_an_app_that_is_left_out_says_so() {
    let got = manage(&["drf_create_token", "ann"], &[("INSTALLED_APPS", "rest_framework,rest_framework_simplejwt")]);
    let expected =
        "CommandError: drf_create_token is a command of the app \"authtoken\", which is not in INSTALLED_APPS.";
    assert_eq!(got, refused(expected));
}

#[test]
fn help_and_version_work_with_wrong_settings() {
    let wrong = [("SIMPLE_JWT_LEEWAY", "x")];
    for words in [&["version"][..], &["--version"], &["check", "--version"]] {
        assert_eq!(manage(words, &wrong), printed(env!("CARGO_PKG_VERSION")));
    }
    for words in [&["help"][..], &["--help"], &["-h"]] {
        let got = manage(words, &wrong);
        assert_eq!((got.code, got.stderr.as_str()), (0, ""));
        assert!(got.stdout.contains("\n[auth]\n    changepassword "), "{}", got.stdout);
        assert!(got.stdout.contains("\n[django]\n    adopt "), "{}", got.stdout);
    }
    for words in [&["help", "migrate"][..], &["migrate", "--help"]] {
        let got = manage(words, &wrong);
        assert_eq!((got.code, got.stderr.as_str()), (0, ""));
        assert!(got.stdout.contains("Usage: manage migrate [OPTIONS]"), "{}", got.stdout);
    }
    let got = manage(&["check"], &wrong);
    assert_eq!(
        got.stderr,
        "CommandError: SIMPLE_JWT_LEEWAY: \"x\" is not a duration such as 90, 2s, 5m, 1h30m, 1d or 2w\n"
    );
}

#[test]
fn options_of_every_django_command_are_accepted_or_refused_with_a_reason() {
    for option in ["--settings", "--pythonpath"] {
        let got = manage(&["migrate", option, "shop.settings"], &[]);
        assert_eq!(got.code, 1);
        assert!(got.stderr.starts_with(&format!("CommandError: {option} is about Python")), "{got:?}");
    }
    let got = manage(&["migrate", "--no-color", "--force-color"], &[]);
    assert_eq!(got, refused("CommandError: The --no-color and --force-color options can't be used together."));
    let got = manage(&["migrate", "--database", "replica"], &[]);
    assert_eq!(got.code, 2);
    assert!(got.stderr.contains("invalid value 'replica' for '--database <DATABASE>'"), "{got:?}");
    let folder = tempfile::tempdir().unwrap();
    let words = ["--traceback", "--skip-checks", "--no-input", "--database", "default", "--no-color", "-v", "0"];
    let expected = Managed { code: 0, stdout: String::new(), stderr: String::new() };
    assert_eq!(manage_in(folder.path(), &[&["migrate"][..], &words].concat(), &[]), expected);
}

#[test]
fn missing_tables_are_reported_before_any_question() {
    for words in [
        &["createsuperuser", "--noinput", "--username", "ann", "--email", ""][..],
        &["changepassword", "ann"],
        &["drf_create_token", "ann"],
        &["clearsessions"],
        &["flushexpiredtokens"],
    ] {
        assert_eq!(
            manage(words, &[]),
            refused(
                "CommandError: You have 34 unapplied migration(s). Your project may not work properly until you apply the \
                 migrations for app(s): admin, auth, authtoken, contenttypes, sessions, token_blacklist.\n\
                 Run 'manage migrate' to apply them."
            ),
            "{words:?}"
        );
    }
}

/// The name was free when the command asked for it.
#[actix_web::test]
async fn of_two_commands_that_create_a_superuser_the_second_says_that_the_name_is_taken() {
    let Some(db) = TestDatabase::postgres() else { return };
    let url = db.url.clone();
    let insert = "INSERT INTO auth_user (username, password, email, first_name, last_name, is_superuser, is_staff, is_active, \
                  date_joined) VALUES ('ann', '', '', '', '', true, true, true, now())";
    let create = tokio::task::spawn_blocking(move || {
        let words = ["createsuperuser", "--noinput", "--username", "ann", "--email", ""];
        manage(&words, &[("DATABASE_URL", &url), ("DJANGO_SUPERUSER_PASSWORD", "correct horse 7")])
    });
    let got = db.meet_transaction(insert, create).await.unwrap();
    assert_eq!(got, refused("CommandError: Error: That username is already taken."));
}

/// Starts `manage` with a closed pipe as standard output and error, as it has when `head` has ended.
fn into_a_closed_pipe(words: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = Command::new(env!("CARGO_BIN_EXE_manage"))
        .args(words)
        .env_clear()
        .env("SECRET_KEY", "a-test-secret-key-of-more-than-fifty-characters-0123456789")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    (child.wait().unwrap().code(), stderr)
}

#[test]
fn a_closed_pipe_does_not_panic() {
    for words in [
        &["diffsettings", "--all"][..],
        &["check"],
        &["help"],
        &["help", "migrate"],
        &["version"],
        &["migrate"],
        &["showmigrations"],
    ] {
        let (code, stderr) = into_a_closed_pipe(words);
        assert_eq!((code, stderr.contains("panicked")), (Some(0), false), "{words:?}: {stderr}");
    }
}

/// Runs a command line on an empty database of the same engine as `db`.
fn on(db: &TestDatabase) -> impl Fn(&str) -> Managed {
    let url = db.url.clone();
    move |line| {
        let words: Vec<_> = line.split(' ').collect();
        manage(&words, &[("DATABASE_URL", &url)])
    }
}

/// The output of `migrate`.
fn migrated(operation: &str, lines: &[&str]) -> Managed {
    let lines = lines.iter().map(|line| format!("\n  {line}")).collect::<String>();
    printed(&format!("Operations to perform:\n  {operation}\nRunning migrations:{lines}"))
}

/// The line of `migrate` that names all apps.
fn everything(manage: &dyn Fn(&str) -> Managed) -> String {
    let got = manage("migrate");
    got.stdout.lines().nth(1).unwrap().trim_start().to_owned()
}

per_database! {
    async fn an_app_is_migrated_alone_with_what_it_needs(db: TestDatabase) {
        let db = db.empty();
        let manage = on(&db);
        assert_eq!(manage("migrate nope"), refused("CommandError: No installed app with label 'nope'."));
        assert_eq!(
            manage("migrate auth 0099"),
            refused("CommandError: Cannot find a migration matching '0099' from app 'auth'.")
        );
        assert_eq!(
            manage("migrate auth 00"),
            refused("CommandError: More than one migration matches '00' in app 'auth'. Please be more specific.")
        );
        assert_eq!(manage("migrate contenttypes --plan"), printed(
            "Planned operations:\ncontenttypes.0001_initial\ncontenttypes.0002_remove_content_type_name"
        ));
        assert_eq!(manage("migrate sessions --check").code, 1);
        assert_eq!(
            manage("migrate sessions"),
            migrated("Apply all migrations: sessions", &["Applying sessions.0001_initial... OK"])
        );
        assert_eq!(manage("migrate sessions --check").code, 0);
        assert_eq!(
            manage("migrate sessions 0001"),
            migrated("Target specific migration: 0001_initial, from sessions", &["No migrations to apply."])
        );
        assert_eq!(
            manage("migrate auth 0003"),
            refused(
                "CommandError: the migrations of auth are applied together here, and make the tables as they are after the \
                 last one; run `manage migrate auth`"
            )
        );
        let got = manage("migrate auth 0012");
        assert!(got.stdout.starts_with(
            "Operations to perform:\n  Target specific migration: 0012_alter_user_first_name_max_length, from auth\n\
             Running migrations:\n  Applying contenttypes.0001_initial... OK\n"
        ), "{got:?}");
        assert!(got.stdout.ends_with("  Applying auth.0012_alter_user_first_name_max_length... OK\n"), "{got:?}");
        assert_eq!(manage("showmigrations admin"), printed(
            "admin\n [ ] 0001_initial\n [ ] 0002_logentry_remove_auto_add\n [ ] 0003_logentry_add_action_flag_choices"
        ));
    }

    async fn migrations_are_undone_only_if_that_is_safe(db: TestDatabase) {
        let db = db.empty();
        let manage = on(&db);
        assert_eq!(manage("migrate").code, 0);
        assert_eq!(manage("migrate admin 0001"), migrated(
            "Target specific migration: 0001_initial, from admin",
            &[
                "Unapplying admin.0003_logentry_add_action_flag_choices... OK",
                "Unapplying admin.0002_logentry_remove_auto_add... OK",
            ],
        ));
        assert_eq!(
            manage("migrate auth 0003"),
            refused(
                "CommandError: auth.0012_alter_user_first_name_max_length changes tables and cannot be undone here; use \
                 Django's `manage.py migrate`, or zero for all of auth"
            )
        );
        assert_eq!(
            manage("migrate auth zero"),
            refused("CommandError: the tables of admin, authtoken, token_blacklist, token_family need the tables of auth; run \
                     `manage migrate admin zero` first")
        );
        for app in ["authtoken", "actix_token_family", "token_family", "token_blacklist", "admin"] {
            let got = manage(&format!("migrate {app} zero"));
            assert_eq!(got.code, 0, "{got:?}");
            assert!(got.stdout.starts_with(&format!("Operations to perform:\n  Unapply all migrations: {app}\n")), "{got:?}");
            let first = if app == "actix_token_family" { "0001_family_activity" } else { "0001_initial" };
            assert!(got.stdout.ends_with(&format!("\n  Unapplying {app}.{first}... OK\n")), "{got:?}");
        }
        assert_eq!(manage("migrate admin zero"), migrated("Unapply all migrations: admin", &["No migrations to apply."]));
        // The tables are gone, and are made again.
        let got = manage("migrate");
        assert!(got.code == 0 && got.stdout.contains("Applying authtoken.0001_initial... OK"), "{got:?}");
        assert_eq!(manage("migrate --check").code, 0);
    }

    async fn fake_changes_only_the_list(db: TestDatabase) {
        let db = db.empty();
        let manage = on(&db);
        assert_eq!(
            manage("migrate sessions --fake"),
            migrated("Apply all migrations: sessions", &["Applying sessions.0001_initial... FAKED"])
        );
        assert_eq!(
            manage("migrate sessions zero --fake"),
            migrated("Unapply all migrations: sessions", &["Unapplying sessions.0001_initial... FAKED"])
        );
        assert_eq!(manage("migrate sessions").code, 0, "there was no table");
    }

    async fn fake_initial_records_tables_that_are_there(db: TestDatabase) {
        let db = db.empty();
        let manage = on(&db);
        assert_eq!(manage("migrate").code, 0);
        let run = |sql: &str| db.connect().batch_execute(sql).unwrap();
        let forget = "DELETE FROM django_migrations WHERE app IN ('sessions', 'authtoken')";
        run(&format!("{forget}; DROP TABLE authtoken_token"));
        assert_eq!(
            manage("migrate"),
            refused(
                "CommandError: the tables of sessions exist, but django_migrations does not list them; if they are as Django makes \
                 them, run `manage migrate --fake-initial`. Found: django_session"
            )
        );
        // Missing tables are made.
        let got = manage("migrate --fake-initial");
        assert!(got.stdout.contains("  Applying sessions.0001_initial... FAKED\n  Applying authtoken.0001_initial... OK\n"), "{got:?}");
        assert_eq!(manage("migrate --check").code, 0);
        assert_eq!(
            manage("migrate --fake-initial"),
            migrated(&everything(&manage), &["No migrations to apply."])
        );
        // A table of an older release lacks a column.
        run(&format!("{forget}; ALTER TABLE authtoken_token DROP COLUMN created"));
        assert_eq!(
            manage("migrate --fake-initial"),
            refused(
                "CommandError: the table authtoken_token of authtoken has no column created, so it was made by an older release; \
                 run Django's `manage.py migrate --fake-initial` first"
            )
        );
        assert_eq!(manage("migrate --check").code, 1);
    }

    async fn sqlmigrate_prints_what_migrate_runs(db: TestDatabase) {
        let db = db.empty();
        let manage = on(&db);
        let got = manage("sqlmigrate sessions 0001");
        assert!(got.stdout.starts_with("BEGIN;\n--\n-- sessions.0001_initial\n--\n"), "{got:?}");
        assert!(got.stdout.contains("CREATE TABLE IF NOT EXISTS \"django_session\""), "{got:?}");
        assert!(got.stdout.ends_with("COMMIT;\n"), "{got:?}");
        assert_eq!(manage("sqlmigrate sessions 0001 --backwards"), printed(
            "BEGIN;\n--\n-- sessions.0001_initial\n--\nDROP TABLE \"django_session\";\nCOMMIT;"
        ));
        assert_eq!(manage("sqlmigrate auth 0099"), refused(
            "CommandError: Cannot find a migration matching '0099' from app 'auth'. Is it in INSTALLED_APPS?"
        ));
    }
}

#[test]
fn showmigrations_names_every_unknown_app() {
    let expected = "No installed app with label 'nope'.\nNo installed app with label 'nix'.\n";
    let got = manage(&["showmigrations", "nope", "auth", "nix"], &[]);
    assert_eq!(got, Managed { code: 2, stdout: String::new(), stderr: expected.to_owned() });
}

#[test]
fn dbshell_runs_the_client_with_its_parameters() {
    let missing = manage(&["dbshell"], &[("PATH", "/nowhere")]);
    assert_eq!(
        missing,
        refused("CommandError: You appear not to have the 'sqlite3' program installed or on your path.")
    );
    let missing = manage(&["dbshell"], &[("PATH", "/nowhere"), ("DATABASE_URL", "postgres://u:hunter2@db/shop")]);
    assert_eq!(missing, refused("CommandError: You appear not to have the 'psql' program installed or on your path."));
    // A client that prints its arguments.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let client = folder.path().join("psql");
        std::fs::write(&client, "#!/bin/sh\necho \"$*\"\necho \"$PGPASSWORD\"\nexit 3\n").unwrap();
        std::fs::set_permissions(&client, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = folder.path().to_str().unwrap();
        let env = [("PATH", path), ("DATABASE_URL", "postgres://u:hunter2@db/shop")];
        let got = manage(&["dbshell", "--", "-c", "SELECT 1"], &env);
        let stdout = "--dbname=host='db' user='u' dbname='shop' -c SELECT 1\nhunter2\n".to_owned();
        assert_eq!(got, Managed { code: 3, stdout, stderr: String::new() });
    }
}
