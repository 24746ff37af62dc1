use std::cell::Cell;

use super::*;
use crate::Settings;
use crate::apps::{Apps, AppsBuilder};

fn parse<'a>(groups: &'a [AppCommands], words: &[&str]) -> Invocation<'a> {
    let words = [&["manage"], words].concat().into_iter().map(OsString::from).collect();
    command_line::parse(groups, words).unwrap()
}

fn printed(words: &[&str]) -> String {
    match parse(&commands(&Settings::default()), words) {
        Invocation::Print(text) => text,
        _ => panic!("{words:?} is a command"),
    }
}

#[test]
fn the_command_line_is_consistent() {
    command_line::manage(&commands(&Settings::default())).debug_assert();
}

#[test]
fn the_commands_have_their_names_from_python() {
    let names: Vec<_> = printed(&["help", "--commands"]).lines().map(str::to_owned).collect();
    assert_eq!(
        names,
        [
            "adopt",
            "changepassword",
            "check",
            "clearsessions",
            "createoauth2client",
            "createsuperuser",
            "dbshell",
            "diffsettings",
            "drf_create_token",
            "flushexpiredfamilies",
            "flushexpiredtokens",
            "generatekey",
            "logoutall",
            "migrate",
            "rotatekey",
            "runserver",
            "showmigrations",
            "sqlmigrate",
        ]
    );
    for (names, _) in unsupported::COMMANDS {
        assert!(names.iter().all(|name| !printed(&["help"]).contains(&format!("    {name} "))), "{names:?}");
    }
}

#[test]
fn the_command_is_optional() {
    let groups = commands(&Settings::default());
    let name = |words: &[&str]| match parse(&groups, words) {
        Invocation::Command { command, .. } => command.name().to_owned(),
        Invocation::Unknown(name) => format!("unknown {name}"),
        Invocation::Print(text) => text,
    };
    assert_eq!(name(&[]), "runserver");
    assert_eq!(name(&["-v", "0"]), "runserver");
    assert_eq!(name(&["runserver", "0:8000"]), "runserver");
    assert_eq!(name(&["migrate", "-v", "0", "--noinput"]), "migrate");
    assert_eq!(name(&["nonsense"]), "unknown nonsense");
    for words in [&["version"][..], &["--version"], &["drf_create_token", "--version"]] {
        assert_eq!(name(words), env!("CARGO_PKG_VERSION"));
    }
}

thread_local! {
    static READS: Cell<usize> = const { Cell::new(0) };
}

/// The project, which counts how often its settings are read.
#[derive(Default)]
struct Counted(Settings);

impl Project for Counted {
    fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        READS.set(READS.get() + 1);
        Settings::from_env(env).map(Self)
    }

    fn base(&self) -> Option<&dyn Project> {
        Some(&self.0)
    }

    fn builder(self) -> AppsBuilder {
        self.0.builder()
    }

    fn urls(cfg: &mut actix_web::web::ServiceConfig, apps: &Apps) {
        Settings::urls(cfg, apps);
    }
}

#[test]
fn settings_are_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/db.sqlite3", folder.path().display());
    let env = Environment::default().with("DATABASE_URL", url);
    let words = ["manage", "migrate", "-v", "0"].map(OsString::from).to_vec();
    assert_eq!(execute::<Counted>(words, Ok(env)), Ok(()));
    assert_eq!(READS.get(), 1);
}
