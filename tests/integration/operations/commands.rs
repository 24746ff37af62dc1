//! `manage` as people who know Django type it: words, output and exit codes.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::support::process::{Managed, manage, manage_in};

/// Without the warning that every command repeats.
const QUIET: [(&str, &str); 1] = [("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "true")];

fn refused(text: &str) -> Managed {
    Managed { code: 1, stdout: String::new(), stderr: format!("{text}\n") }
}

fn printed(text: &str) -> Managed {
    Managed { code: 0, stdout: format!("{text}\n"), stderr: String::new() }
}

#[test]
fn an_unknown_command_gets_djangos_answer() {
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
        (&["makemigrations", "--check"][..], "Write the SQL into migrations/sqlite and migrations/postgres"),
        (&["shell", "-c", "print(1)"], "`manage dbshell` opens the database"),
        (&["startapp", "shop"], "docs/ARCHITECTURE.md says which files an app has"),
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
fn options_of_every_django_command_have_a_meaning_or_a_clear_word() {
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
    assert_eq!(manage_in(folder.path(), &[&["migrate"][..], &words].concat(), &QUIET), expected);
}

#[test]
fn a_database_without_tables_is_named_before_anything_is_asked() {
    for words in [
        &["createsuperuser", "--noinput", "--username", "ann", "--email", ""][..],
        &["changepassword", "ann"],
        &["drf_create_token", "ann"],
        &["flushexpiredtokens"],
    ] {
        assert_eq!(
            manage(words, &QUIET),
            refused(
                "CommandError: You have 34 unapplied migration(s). Your project may not work properly until you apply the \
                 migrations for app(s): admin, auth, authtoken, contenttypes, sessions, token_blacklist.\n\
                 Run 'manage migrate' to apply them."
            ),
            "{words:?}"
        );
    }
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
fn a_reader_that_has_gone_is_no_panic() {
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
