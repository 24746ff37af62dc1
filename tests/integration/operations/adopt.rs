//! `manage adopt`, on exports of real Django projects.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use actix_simplejwt::core::crypto::SecretString;
use actix_simplejwt::core::jwt::{Algorithm, Claims, SigningKey, encode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::{Process, manage};
use crate::support::{TestApp, TestDatabase, alice};

const DEFAULT: &str = include_str!("../../fixtures/django/adopt/default.json");
/// The key of the server of these tests and of the exports.
const KEY: &str = "a-test-secret-key-of-more-than-fifty-characters-0123456789";

/// A folder with an export, and the database of a server.
struct Move {
    folder: TempDir,
    url: String,
}

impl Move {
    fn new(app: &TestApp, change: impl FnOnce(&mut Value)) -> Self {
        let mut export: Value = serde_json::from_str(DEFAULT).unwrap();
        // The passwords of these tests have cheap hashes.
        export["PASSWORD_HASHERS"] = json!(["django.contrib.auth.hashers.MD5PasswordHasher"]);
        change(&mut export);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("settings.json"), export.to_string()).unwrap();
        Self { folder, url: app.tables().url.clone() }
    }

    fn manage(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_manage"));
        command.args(arguments).env_clear().envs(environment.iter().copied());
        command.current_dir(self.folder.path()).output().unwrap()
    }

    /// The report, the text on standard error, and whether the exit code is 0.
    fn adopt(&self, arguments: &[&str]) -> (String, String, bool) {
        let arguments = [&["adopt", "--settings", "settings.json"], arguments].concat();
        let output = self.manage(&arguments, &[("DATABASE_URL", &self.url)]);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.success())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

fn assert_lines(report: &str, lines: &[&str]) {
    for line in lines {
        assert!(report.lines().any(|found| found == *line), "{line}\nis not in\n{report}");
    }
}

/// A refresh token as Django records one, with more claims.
async fn issue(app: &TestApp, user_id: i32, key: &str, more: Value) {
    let mut claims = Claims::from_iter(
        json!({
            "token_type": "refresh", "exp": 1_800_086_400, "iat": 1_800_000_000, "jti": format!("jti-{user_id}"),
            "user_id": user_id.to_string()
        })
        .as_object()
        .unwrap()
        .clone(),
    );
    for (name, value) in more.as_object().unwrap() {
        claims.insert(name.clone(), value.clone());
    }
    let key = SigningKey::new(Algorithm::HS256, &SecretString::from(key)).unwrap();
    let token = encode(&claims, &key).unwrap();
    app.sql(&format!(
        "INSERT INTO token_blacklist_outstandingtoken (token, created_at, expires_at, user_id, jti) VALUES \
         ('{token}', '2027-01-15 08:00:00', '2027-01-16 08:00:00', {user_id}, 'jti-{user_id}')"
    ))
    .await;
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

per_database! {
    async fn a_project_moves_with_a_file_that_the_server_can_use(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.login(&alice()).await;
        let moving = Move::new(&app, |_| {});
        let file = app.tables().url.strip_prefix("sqlite://");
        let before = file.map(|file| std::fs::read(file).unwrap());
        let (report, error, is_fine) = moving.adopt(&["--output", ".env"]);
        assert!(is_fine, "{report}{error}");
        assert_lines(&report, &[
            "Users: 3 in auth_user (auth.User, key integer), of them inactive: 1",
            "Passwords: 3 of md5",
            "Refresh tokens: 1, of them blacklisted: 0",
            "  - The settings pass what `manage check` and `runserver` check.",
            "  - A token that Django has signed is accepted.",
            "  - The newest 1 refresh tokens are accepted.",
            "  - This server issues the same claims for the users of these tokens.",
            "        /api/token/blacklist/",
            "A server works with these settings. They are in .env, which is as secret as Django's.",
        ]);
        assert!(!report.contains(KEY), "{report}");
        assert_eq!(file.map(|file| std::fs::read(file).unwrap()), before);
        assert_eq!(mode(&moving.path(".env")), 0o600);
        // The settings in this file are complete.
        let output = moving.manage(&["check"], &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let output = moving.manage(&["diffsettings"], &[]);
        let settings = String::from_utf8(output.stdout).unwrap();
        assert!(settings.contains("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME"), "{settings}");
    }

    async fn a_different_key_is_reported_and_no_file_is_written(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.login(&alice()).await;
        let moving = Move::new(&app, |export| export["SECRET_KEY"] = json!("another key of more than fifty characters, 0123456789"));
        let (report, error, is_fine) = moving.adopt(&["--output", ".env"]);
        assert!(!is_fine);
        assert_lines(&report, &[
            "Must be fixed first (2)",
            "  - A token that Django has signed for this is refused: Signature verification failed. SECRET_KEY: it is not the key \
             that signed them.",
            "  - 1 of the newest 1 refresh tokens are refused: Signature verification failed. SECRET_KEY: it is not the key that \
             signed them.",
        ]);
        assert_eq!(
            error.lines().last().unwrap(),
            "CommandError: A server would not work with these settings, 2 points above: under \"Must be fixed first\". No .env \
             was written."
        );
        assert!(!moving.path(".env").exists());
    }

    async fn a_missing_key_is_reported_once(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let moving = Move::new(&app, |export| drop(export.as_object_mut().unwrap().remove("SECRET_KEY")));
        let (report, error, _) = moving.adopt(&[]);
        assert_lines(&report, &["Must be fixed first (1)", "  - SECRET_KEY is not in the export."]);
        assert_eq!(report.matches("SECRET_KEY").count(), 1, "{report}");
        assert!(error.contains(", 1 point above: under "), "{error}");
    }

    async fn expensive_passwords_are_counted(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let encoded = "bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01232";
        app.sql(&format!("UPDATE auth_user SET password = '{encoded}' WHERE username <> 'bob'")).await;
        let moving = Move::new(&app, |export| {
            export["PASSWORD_HASHERS"] = json!([
                "django.contrib.auth.hashers.MD5PasswordHasher",
                "django.contrib.auth.hashers.BCryptSHA256PasswordHasher"
            ]);
        });
        let (report, ..) = moving.adopt(&[]);
        assert_lines(&report, &[
            "  - 2 user(s) have a password of bcrypt_sha256, which is more expensive than the first of PASSWORD_HASHERS. Until they \
             have logged in, every refused login takes as long.",
        ]);
    }

    async fn tokens_of_another_issuer_are_reported(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.login(&alice()).await;
        let moving = Move::new(&app, |export| {
            export["SIMPLE_JWT"]["ISSUER"] = json!("https://elsewhere.example.org");
            export["_sample_token"] = Value::Null;
        });
        let (report, _, is_fine) = moving.adopt(&[]);
        assert!(!is_fine);
        assert!(report.contains(" SIMPLE_JWT_ISSUER"), "{report}");
    }

    async fn passwords_that_cannot_be_read_stop_the_move(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.sql("UPDATE auth_user SET password = 'ours$salt$digest' WHERE username = 'bob'").await;
        app.sql("UPDATE auth_user SET password = 'sha1$salt$digest' WHERE username = 'ivan'").await;
        app.sql("UPDATE auth_user SET password = 'pbkdf2_sha256$3000000$salt$digest' WHERE username = 'alice'").await;
        let moving = Move::new(&app, |export| {
            export["PASSWORD_HASHERS"] = json!(["django.contrib.auth.hashers.PBKDF2PasswordHasher", "shop.hashers.Ours"]);
            export["_hashers"] = json!([{ "class": "shop.hashers.Ours", "algorithm": "ours" }]);
        });
        let (report, _, is_fine) = moving.adopt(&[]);
        assert!(!is_fine);
        assert_lines(&report, &[
            "Passwords: 1 of ours",
            "Passwords: 1 of pbkdf2_sha256 (1 with 3000000)",
            "Must be fixed first (1)",
            "  - 1 user(s) have a password of the format ours, which PASSWORD_HASHERS does not read.",
            "  - PASSWORD_HASHERS names shop.hashers.Ours, which does not exist here.",
            "  - The most expensive password hashes are pbkdf2_sha256 with 3000000 iterations.",
            // Django cannot read it either.
            "  - 1 user(s) have a password of the format sha1, which PASSWORD_HASHERS does not read.",
            "      Clients: They cannot log in to Django either.",
        ]);
    }

    async fn the_work_of_every_format_is_counted(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        for (user, password) in [
            ("alice", "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA"),
            ("bob", "bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz012345678"),
            ("ivan", "scrypt$16384$salt$8$5$digest"),
        ] {
            app.sql(&format!("UPDATE auth_user SET password = '{password}' WHERE username = '{user}'")).await;
        }
        let moving = Move::new(&app, |export| {
            export.as_object_mut().unwrap().remove("PASSWORD_HASHERS");
        });
        let (report, _, is_fine) = moving.adopt(&[]);
        assert!(is_fine, "{report}");
        assert_lines(&report, &[
            "Passwords: 1 of argon2 (1 with m=102400,t=2,p=8)",
            "Passwords: 1 of bcrypt_sha256 (1 with 12)",
            "Passwords: 1 of scrypt (1 with 16384)",
        ]);
    }

    async fn the_columns_of_a_user_model_may_have_other_names(db: TestDatabase) {
        let users = db.empty();
        // Made by Django: `tests/fixtures/django/user_models/renamed/models.py`.
        let sqlite = include_str!("../../fixtures/django/user_models/renamed/sqlite.sql");
        let postgres = include_str!("../../fixtures/django/user_models/renamed/postgres.sql");
        let mut conn = users.connect();
        if users.url.starts_with("sqlite") {
            // The dump fills tables before it makes the tables that they refer to.
            conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
            conn.batch_execute(sqlite).unwrap();
        } else {
            conn.batch_execute(postgres).unwrap();
        }
        let field = |name: &str, column: &str, kind: &str| json!({ "name": name, "column": column, "type": kind });
        let fields = json!([
            field("id", "customer_no", "BigAutoField"),
            field("password", "secret", "CharField"),
            field("username", "username", "CharField"),
            field("email", "mail address", "EmailField"),
            field("is_active", "enabled", "BooleanField"),
        ]);
        let app = TestApp::build(db, |_| {}).await;
        let mut project = Move::new(&app, |export| {
            export["PASSWORD_HASHERS"] = json!(["django.contrib.auth.hashers.PBKDF2PasswordHasher"]);
            export["AUTH_USER_MODEL"] = json!("renamed.Customer");
            export["_user_model"] = json!({
                "label": "renamed.Customer", "table": "crm customers", "pk": "id", "fields": fields,
                "USERNAME_FIELD": "email", "EMAIL_FIELD": "email", "REQUIRED_FIELDS": ["username"],
            });
        });
        project.url = users.url.clone();
        let (report, errors, _) = project.adopt(&[]);
        assert_lines(&report, &[
            "Users: 2 in crm customers (renamed.Customer, key bigint), of them inactive: 1",
            "Passwords: 2 of pbkdf2_sha256 (2 with 1)",
        ]);
        assert!(!report.contains("cannot be read"), "{report}{errors}");
    }

    async fn claims_that_this_server_would_not_issue_are_listed_with_their_code(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.sql("UPDATE auth_user SET first_name = 'Ann', last_name = 'Lee' WHERE username = 'alice'").await;
        app.sql("UPDATE auth_user SET first_name = 'Bo', last_name = 'Ek' WHERE username = 'bob'").await;
        issue(&app, 1, KEY, json!({ "mail": "alice@example.com", "name": "Ann Lee", "tenant": "north" })).await;
        issue(&app, 2, KEY, json!({ "mail": "bob@example.com", "name": "Bo Ek", "tenant": "south" })).await;
        let moving = Move::new(&app, |_| {});
        let (report, _, is_fine) = moving.adopt(&[]);
        assert!(is_fine, "{report}");
        assert_lines(&report, &[
            "  - Django's tokens have claims that this server does not issue: mail, name, tenant.",
            "      Clients: Tokens of this server lack them, after a login and after a refresh.",
            "      To do: Add them in `Settings::builder` in src/settings.rs, build, and run this again:",
            "        .claims(|user, claims| {",
            r#"            claims.insert("mail", user.attribute("email").unwrap_or_default());"#,
            r#"            claims.insert("name", format!("{} {}", text("first_name"), text("last_name")).trim().into());"#,
            r#"            claims.insert("tenant", /* a text */);"#,
            "        })",
        ]);
    }

    async fn claims_of_get_token_are_listed_even_if_no_recorded_token_has_them(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.login(&alice()).await;
        let moving = Move::new(&app, |export| {
            let uuid: Value = serde_json::from_str(include_str!("../../fixtures/django/adopt/uuid.json")).unwrap();
            export["_serializers"] = uuid["_serializers"].clone();
        });
        let (report, _, is_fine) = moving.adopt(&[]);
        assert!(is_fine, "{report}");
        assert_lines(&report, &[
            "  - Django's tokens have claims that this server does not issue: name, tenant.",
            "            // In Python: user.get_full_name()",
            r#"            claims.insert("name", format!("{} {}", text("first_name"), text("last_name")).trim().into());"#,
            "            // In Python: user.tenant",
            r#"            claims.insert("tenant", /* its value */);"#,
        ]);
    }

    async fn claims_that_need_queries_are_listed_with_the_hook_that_has_a_connection(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.login(&alice()).await;
        let moving = Move::new(&app, |export| {
            let mut uuid: Value = serde_json::from_str(include_str!("../../fixtures/django/adopt/uuid.json")).unwrap();
            let source = "token[\"groups\"] = list(user.groups.values_list(\"name\", flat=True))\n\
                          token[\"mail\"] = user.email\ntoken[\"orders\"] = user.orders.count()";
            uuid["_serializers"][0]["methods"]["get_token"] = source.into();
            export["_serializers"] = uuid["_serializers"].clone();
        });
        let (report, _, is_fine) = moving.adopt(&[]);
        assert!(is_fine, "{report}");
        assert_lines(&report, &[
            "        .claims(|user, claims| {",
            "            // In Python: user.email",
            r#"            claims.insert("mail", user.attribute("email").unwrap_or_default());"#,
            "        })",
            "        .claims_from_database(|user, claims, conn| {",
            r#"            // In Python: list(user.groups.values_list("name", flat=True))"#,
            "            // At the top of the file: use diesel::prelude::*;",
            "            // use crate::db::schema::{auth_group, auth_user, auth_user_groups};",
            "            let groups = auth_group::table.inner_join(auth_user_groups::table.inner_join(auth_user::table));",
            "            let groups = groups.filter(auth_user::username.eq(user.username())).order(auth_group::name);",
            r#"            claims.insert("groups", groups.select(auth_group::name).load::<String>(conn)?.into());"#,
            "            // In Python: user.orders.count()",
            r#"            claims.insert("orders", /* its value, by a query with conn */);"#,
            "            Ok(())",
        ]);
    }

    async fn urls_gained_and_lost_are_listed(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let moving = Move::new(&app, |export| {
            export["_urls"] = json!([
                { "path": "api/token/", "view": "rest_framework_simplejwt.views.TokenObtainPairView" },
                { "path": "auth/login/", "view": "rest_framework_simplejwt.views.TokenObtainPairView" },
                { "path": "auth/mine/", "view": "shop.views.Login", "bases": ["rest_framework_simplejwt.views.TokenObtainPairView"] },
                { "path": "api/protected/", "view": "shop.views.Protected" },
                { "path": "admin/login/", "view": "django.contrib.admin.sites.login", "name": "admin:login" },
                { "path": "admin/logout/", "view": "django.contrib.admin.sites.logout", "name": "admin:logout" },
            ]);
        });
        let (report, _, is_fine) = moving.adopt(&[]);
        assert!(is_fine, "{report}");
        assert_lines(&report, &[
            r#"        path("/auth/login/", simplejwt::views::token_obtain_pair()),"#,
            "        /api/protected/                  shop.views.Protected",
            "        /auth/mine/                      shop.views.Login, derived from TokenObtainPairView",
            "        /admin/…                         namespace admin (2 URLs)",
            "        /api/token/sliding/",
        ]);
    }

    async fn a_file_is_not_replaced_and_a_report_is_not_accepted_as_an_env_file(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        let moving = Move::new(&app, |_| {});
        let (report, _, is_fine) = moving.adopt(&[]);
        assert!(is_fine, "{report}");
        // The file that `> .env` in a shell writes.
        std::fs::write(moving.path(".env"), &report).unwrap();
        let output = moving.manage(&["check"], &[]);
        assert!(!output.status.success());
        std::fs::write(moving.path("there.env"), "A=1\n").unwrap();
        std::fs::remove_file(moving.path(".env")).unwrap();
        let (_, error, is_fine) = moving.adopt(&["--output", "there.env"]);
        assert!(!is_fine);
        assert_eq!(error, "CommandError: there.env exists already, and is not replaced.\n");
        assert_eq!(std::fs::read_to_string(moving.path("there.env")).unwrap(), "A=1\n");
    }

    async fn a_database_without_tables_is_reported_with_everything_else(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.sql("DROP TABLE token_blacklist_blacklistedtoken").await;
        app.sql("DROP TABLE token_blacklist_outstandingtoken").await;
        let moving = Move::new(&app, |_| {});
        let (report, _, is_fine) = moving.adopt(&[]);
        assert!(!is_fine);
        assert!(report.contains("The database cannot be read: "), "{report}");
        assert_lines(&report, &[
            "Users: 3 in auth_user (auth.User, key integer), of them inactive: 1",
            "  - A token that Django has signed is accepted.",
            "        /api/token/",
        ]);
    }
}

#[test]
fn a_database_and_a_cache_that_do_not_answer_are_reported_together() {
    let shop: Value = serde_json::from_str(include_str!("../../fixtures/django/adopt/shop.json")).unwrap();
    let mut shop = shop;
    shop["CACHES"]["default"]["LOCATION"] = json!("redis://:c$che@127.0.0.1:1/1");
    shop["DATABASES"]["default"] = json!({ "ENGINE": "django.db.backends.sqlite3", "NAME": "missing.sqlite3" });
    shop["_export"]["directory"] = json!("/nonexistent");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("settings.json"), shop.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_manage"));
    let output =
        command.args(["adopt", "--settings", "settings.json"]).env_clear().current_dir(folder.path()).output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert_lines(
        &report,
        &["Must be fixed first (2)", "  - The settings pass what `manage check` and `runserver` check."],
    );
    assert!(report.contains("  - The database does not answer: "), "{report}");
    assert!(report.contains("  - The cache redis://127.0.0.1:1/1 does not answer: "), "{report}");
}

#[test]
fn the_script_for_django_is_printed() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manage"));
    let output = command.args(["adopt", "--export"]).env_clear().current_dir(std::env::temp_dir()).output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), include_str!("../../../src/management/adopt/export.py"));
}

per_database! {
    async fn a_probe_compares_answers_and_leaves_no_trace(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.login(&alice()).await;
        let other = Process::start(app.tables(), &[("ALLOWED_HOSTS", "127.0.0.1"), ("LOGIN_FAILURE_LIMIT", "3")]);
        let url = format!("http://{}", other.address);
        let settings = [("DATABASE_URL", app.tables().url.as_str()), ("SECRET_KEY", KEY), ("ALLOWED_HOSTS", "127.0.0.1")];
        let same = manage(&["adopt", "--probe", &url], &settings);
        assert_eq!(same.code, 0, "{}{}", same.stdout, same.stderr);
        assert!(same.stdout.contains("same    POST /api/token/verify/  401 (verify: a forged access token)\n"), "{}", same.stdout);
        assert!(same.stdout.ends_with(" requests are answered the same.\n"), "{}", same.stdout);
        // The answers of the program, instead of a running Django.
        assert_eq!(manage(&["adopt", "--probe", &url, "--with", &url], &settings).code, 0);

        let differing = [settings.as_slice(), &[("SIMPLE_JWT_AUTH_HEADER_TYPES", "JWT"), ("X_FRAME_OPTIONS", "SAMEORIGIN")]].concat();
        let found = manage(&["adopt", "--probe", &url], &differing);
        assert_eq!(found.code, 1);
        for line in [
            "differs GET /api/protected/  (protected: GET without a token)",
            r#"          www-authenticate: Django "Bearer realm=\"api\"", here "JWT realm=\"api\"""#,
            r#"          x-frame-options: Django "DENY", here "SAMEORIGIN""#,
        ] {
            assert!(found.stdout.lines().any(|found| found == line), "{line}\nis not in\n{}", found.stdout);
        }
        assert!(found.stderr.contains(" requests are answered differently."), "{}", found.stderr);

        let found = manage(&["adopt", "--probe", &url, "--protected", "/nowhere/"], &settings);
        assert!(found.stdout.contains("unknown GET /nowhere/  404 (protected: GET without a token)\n"), "{}", found.stdout);
        assert!(
            found.code == 1 && found.stderr.ends_with(
                " requests show nothing, because neither server has /nowhere/. Give the path of a view that needs a logged-in \
                 user on both with --protected.\n"
            ),
            "{}",
            found.stderr
        );

        let apps = "django.contrib.auth,django.contrib.contenttypes,rest_framework,rest_framework_simplejwt,\
                    rest_framework_simplejwt.token_blacklist";
        let fewer = [settings.as_slice(), &[("INSTALLED_APPS", apps)]].concat();
        let found = manage(&["adopt", "--probe", &url, "--protected", "/protected-url/"], &fewer);
        let line = "unknown GET /protected-url/  Django 401, here 404 (protected: GET without a token)\n";
        assert!(found.stdout.contains(line), "{}", found.stdout);
        assert!(found.stderr.contains("because this program does not have /protected-url/. Give "), "{}", found.stderr);

        assert_eq!(app.count("login_failures").await, 0);
        assert_eq!(app.count("token_blacklist_outstandingtoken").await, 1);
        assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 0);
    }
}

#[cfg(unix)]
#[actix_web::test]
async fn an_interrupted_probe_leaves_no_copy_of_the_database() {
    let app = TestApp::build(TestDatabase::sqlite(), |_| {}).await;
    for signal in ["-INT", "-TERM"] {
        // It accepts the first request and does not answer.
        let django = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", django.local_addr().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_manage"))
            .args(["adopt", "--probe", &url])
            .env_clear()
            .envs([("DATABASE_URL", app.tables().url.as_str()), ("SECRET_KEY", KEY)])
            .env("TMPDIR", folder.path())
            .current_dir("/")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let _request = django.accept().unwrap();
        let copies = || std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(copies(), 1);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!((child.wait().unwrap().code(), copies()), (Some(130), 0), "{signal}");
    }
}

#[test]
fn a_probe_of_a_server_that_does_not_answer_says_so() {
    let found =
        manage(&["adopt", "--probe", "http://127.0.0.1:1", "--with", "http://127.0.0.1:1"], &[("SECRET_KEY", KEY)]);
    assert_eq!(found.code, 1);
    assert!(
        found.stderr.starts_with("CommandError: http://127.0.0.1:1 does not answer to POST /api/token/: "),
        "{}",
        found.stderr
    );
    let found = manage(&["adopt", "--probe", "localhost:8000"], &[("SECRET_KEY", KEY)]);
    assert_eq!(found.stderr, "CommandError: \"localhost:8000\" is not a URL such as http://127.0.0.1:8000\n");
}
