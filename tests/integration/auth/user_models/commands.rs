//! The commands about users.

use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command, Stdio};

use actix_simplejwt::Settings;
use actix_simplejwt::apps::command::Context;
use serde_json::json;

use super::{ACCOUNTS, Fixture, MINIMAL, PEOPLE, RENAMED, texts};
use crate::support::TestDatabase;

/// `manage` with a separate terminal, which the program `script` of util-linux makes.
struct Terminal(Child);

impl Terminal {
    /// `None` if this program is not installed.
    fn run(fixture: &Fixture, db: &TestDatabase, command: &str) -> Option<Self> {
        let command = format!("exec {} {command}", env!("CARGO_BIN_EXE_manage"));
        let child = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("DATABASE_URL", &db.url)
            .env("SECRET_KEY", "the secret key of the user model fixtures")
            .env("PASSWORD_HASHERS", "MD5PasswordHasher,PBKDF2PasswordHasher")
            .envs(fixture.settings.iter().copied())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        match child {
            Err(error) if error.kind() == ErrorKind::NotFound && std::env::var_os("CI").is_none() => {
                // `eprintln!` would be captured.
                std::io::stderr().write_all(b"SKIPPED: changepassword at a terminal: there is no `script`\n").unwrap();
                None
            }
            child => Some(Self(child.unwrap())),
        }
    }

    /// Reads until the output ends with `question`.
    fn expect(&mut self, question: &str) {
        let (mut seen, mut byte) = (Vec::new(), [0]);
        while !seen.ends_with(question.as_bytes()) {
            let count = self.0.stdout.as_mut().unwrap().read(&mut byte).unwrap();
            assert!(count > 0, "no {question:?} after {:?}", String::from_utf8_lossy(&seen));
            seen.push(byte[0]);
        }
    }

    fn type_line(&mut self, text: &str) {
        self.0.stdin.as_mut().unwrap().write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    /// The output until the end.
    fn rest(mut self) -> String {
        let mut text = String::new();
        self.0.stdout.as_mut().unwrap().read_to_string(&mut text).unwrap();
        assert!(self.0.wait().unwrap().success(), "{text}");
        text
    }
}

per_database! {
    async fn the_commands_make_users_of_the_model(db: TestDatabase) {
        let run = |fixture: &Fixture, db: &TestDatabase, name: &str, arguments: &[&str]| {
            let env = fixture.env(&[("DATABASE_URL", db.url.as_str()), ("DJANGO_SUPERUSER_PASSWORD", "correct-horse")]);
            let context = Context::new::<Settings>(env, 0);
            let apps = context.apps()?;
            apps.migrations().run(apps.database()?)?;
            let command = apps.installed().iter().flat_map(|app| app.commands()).find(|command| command.name() == name).unwrap();
            let matches = command.clap().clone().get_matches_from([&[name, "--noinput"][..usize::from(name == "createsuperuser") + 1], arguments].concat());
            command.run(&context, &matches)
        };
        for (fixture, name, arguments) in [
            (&ACCOUNTS, "root@example.com", &["--email", "root@EXAMPLE.com", "--field", "full_name=Root", "--field", "tenant=5", "--field", "credit=7.25"][..]),
            (&PEOPLE, "root@example.com", &["--email", "root@example.com", "--field", "full_name=Root"]),
            (&MINIMAL, "root", &["--field", "handle=root"]),
            (&RENAMED, "root@example.com", &["--email", "root@example.com", "--username", "root", "--field", "level=gold"]),
        ] {
            let db = fixture.database(&db);
            run(fixture, &db, "createsuperuser", arguments).unwrap();
            run(fixture, &db, "drf_create_token", &[name]).unwrap();
            run(fixture, &db, "flushexpiredtokens", &[]).unwrap();
            let apps = fixture.apps(&db, &[]).unwrap();
            let (auth, database) = (apps.auth().unwrap(), apps.database().unwrap());
            let root = auth.authenticate(database, "", name, "correct-horse").await.unwrap().unwrap();
            let has_flags = fixture.ann != "ann";
            assert_eq!((root.is_active(), root.is_staff(), root.is_superuser()), (true, has_flags, has_flags));
            assert_eq!(texts(database, "SELECT key AS value FROM authtoken_token").len(), 2);
            if fixture.field == "email" && fixture.id == ACCOUNTS.id {
                assert_eq!((root.attribute("tenant_id"), root.attribute("full_name")), (Some(json!(5)), Some(json!("Root"))));
            }
            if fixture.id == RENAMED.id {
                assert_eq!((root.attribute("level"), root.attribute("username"), root.attribute("first_name")), (Some(json!("gold")), Some(json!("root")), Some(json!(""))));
            }
            let taken = run(fixture, &db, "createsuperuser", arguments).unwrap_err().to_string();
            assert!(taken.starts_with("CommandError: Error: That ") && taken.ends_with(" is already taken."), "{taken}");
        }

        let accounts = ACCOUNTS.database(&db);
        let root = ["--email", "eve@example.com", "--field", "full_name=Eve", "--field", "credit=1"];
        for (more, problem) in [
            (&[][..], "You must use --field tenant=VALUE with --noinput."),
            (&["--field", "tenant=Acme"], "“Acme” value must be an integer."),
            (&["--field", "tenant=5", "--field", "nonsense=1"], "nonsense: the table \"accounts_user\" has no column for the field \"nonsense\""),
            (&["--field", "tenant"], "--field tenant: expected NAME=VALUE"),
            (&["--field", "tenant=5", "--field", "member_number=x"], "member_number: “x” value must be an integer."),
        ] {
            let error = run(&ACCOUNTS, &accounts, "createsuperuser", &[&root[..], more].concat()).unwrap_err().to_string();
            assert_eq!(error, format!("CommandError: {problem}"));
        }
        let long = format!("full_name={}", "x".repeat(41));
        let error = run(&ACCOUNTS, &accounts, "createsuperuser", &["--email", "eve@example.com", "--field", &long, "--field", "tenant=5", "--field", "credit=1"]);
        assert_eq!(error.unwrap_err().to_string(), "CommandError: Ensure this value has at most 40 characters (it has 41).");
        // A column without a known default is named.
        let env = ACCOUNTS.env(&[("REQUIRED_FIELDS", "full_name"), ("DATABASE_URL", accounts.url.as_str())]);
        let apps = Settings::from_env(&env).unwrap().builder().build().unwrap();
        let created = apps.auth().unwrap().create_user(apps.database().unwrap(), "eve@example.com", "", "secret").await;
        let decimal = if accounts.url.starts_with("sqlite") { "decimal" } else { "numeric" };
        assert_eq!(
            created.unwrap_err().to_string(),
            format!("a new user needs a value for credit ({decimal}): add it to REQUIRED_FIELDS, or give --field credit=VALUE")
        );
    }

    async fn flags_may_be_numbers(db: TestDatabase) {
        let db = db.empty();
        let is_sqlite = db.url.starts_with("sqlite");
        let flag = if is_sqlite { "tinyint(1)" } else { "smallint" };
        let key = if is_sqlite { "integer PRIMARY KEY" } else { "serial PRIMARY KEY" };
        let conn = &mut db.connect();
        conn.batch_execute(&format!(
            "CREATE TABLE clubs_member (id {key}, username varchar(30) NOT NULL UNIQUE, password varchar(128) NOT NULL, \
             is_active {flag} NOT NULL, is_staff {flag} NOT NULL, is_superuser numeric(1) NULL); \
             INSERT INTO clubs_member (username, password, is_active, is_staff, is_superuser) \
             VALUES ('ann', '', 1, 2, 0), ('gone', '', 0, 0, NULL)"
        ))
        .unwrap();
        let env = [("SECRET_KEY", "the secret key of the user model fixtures"), ("AUTH_USER_MODEL", "clubs.Member")];
        let mut settings = Settings::from_env(&env.into_iter().collect()).unwrap();
        settings.database = db.settings.clone();
        let apps = settings.builder().build().unwrap();
        let (auth, database) = (apps.auth().unwrap(), apps.database().unwrap());
        auth.create_user(database, "new", "", "secret").await.unwrap();
        // The function that createsuperuser calls.
        auth.create_superuser(database, "root", "", "secret").await.unwrap();
        for (name, flags, stored) in [
            ("ann", (true, true, false), "1 2 0"),
            ("gone", (false, false, false), "0 0 -"),
            ("new", (true, false, false), "1 0 0"),
            ("root", (true, true, true), "1 1 1"),
        ] {
            let user = auth.users().get_by_natural_key(&mut database.connection().unwrap(), name).unwrap().unwrap();
            assert_eq!((user.is_active(), user.is_staff(), user.is_superuser()), flags, "{name}");
            let query = format!(
                "SELECT is_active || ' ' || is_staff || ' ' || coalesce(CAST(is_superuser AS text), '-') AS value \
                 FROM clubs_member WHERE username = '{name}'"
            );
            assert_eq!(texts(database, &query), [stored], "{name}");
        }
    }

    async fn createsuperuser_refuses_fields_that_auth_user_does_not_take(db: TestDatabase) {
        let db = db.empty();
        let env = [
            ("SECRET_KEY", "the secret key of the user model fixtures"),
            ("DATABASE_URL", db.url.as_str()),
            ("DJANGO_SUPERUSER_PASSWORD", "correct-horse"),
        ];
        let context = Context::new::<Settings>(env.into_iter().collect(), 0);
        let apps = context.apps().unwrap();
        let database = apps.database().unwrap();
        apps.migrations().run(database).unwrap();
        let command = apps.installed().iter().flat_map(|app| app.commands()).find(|command| command.name() == "createsuperuser").unwrap();
        let run = |field: &str| {
            let arguments = ["createsuperuser", "--noinput", "--username", "root", "--email", "root@example.com", "--field", field];
            command.run(&context, &command.clap().clone().get_matches_from(arguments))
        };
        for name in ["nickname", "is_staff"] {
            assert_eq!(
                run(&format!("{name}=1")).unwrap_err().to_string(),
                format!("CommandError: {name}: only first_name and last_name of auth.User can be set")
            );
        }
        run("first_name=Ruth").unwrap();
        assert_eq!(texts(database, "SELECT username || ' ' || first_name AS value FROM auth_user"), ["root Ruth"]);
    }

    async fn changepassword_asks_at_the_terminal(db: TestDatabase) {
        for fixture in [&PEOPLE, &RENAMED] {
            let db = fixture.database(&db);
            let env = fixture.env(&[]);
            let mut settings = Settings::from_env(&env).unwrap();
            settings.database = db.settings.clone();
            let apps = settings.builder().build().unwrap();
            apps.migrations().run(apps.database().unwrap()).unwrap();
            let Some(mut terminal) = Terminal::run(fixture, &db, &format!("changepassword {}", fixture.ann)) else { return };
            for (question, answer) in [
                ("Password: ", "one thing"),
                ("Password (again): ", "another"),
                ("Password: ", "a new passphrase"),
                ("Password (again): ", "a new passphrase"),
            ] {
                terminal.expect(question);
                terminal.type_line(answer);
            }
            let rest = terminal.rest();
            assert!(rest.contains(&format!("Password changed successfully for user '{}'", fixture.ann)), "{rest}");
            let (auth, database) = (apps.auth().unwrap(), apps.database().unwrap());
            assert!(auth.authenticate(database, "", fixture.ann, "a new passphrase").await.unwrap().is_some());
            assert!(auth.authenticate(database, "", fixture.ann, "correct-horse").await.unwrap().is_none());
        }
    }
}
