//! A newer version on a database whose newest tables are missing: every part of the program uses the same rule for the
//! migrations that a server needs.

use serde_json::json;

use crate::support::process::{Process, get, manage, manage_in};
use crate::support::{TestApp, TestDatabase};

const KEY: &str = "a-test-secret-key-of-more-than-fifty-characters-0123456789";
const EXPORT: &str = include_str!("../../fixtures/django/adopt/default.json");

/// What `manage adopt` says about the migrations that are not applied, for a Django with token families.
fn remedy(db: &TestDatabase, with_families: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut export: serde_json::Value = serde_json::from_str(EXPORT).unwrap();
    export["PASSWORD_HASHERS"] = json!(["django.contrib.auth.hashers.MD5PasswordHasher"]);
    export["SIMPLE_JWT"]["TOKEN_FAMILY_ENABLED"] = json!(with_families);
    export.as_object_mut().unwrap().remove("_apps");
    export["INSTALLED_APPS"].as_array_mut().unwrap().push(json!("rest_framework_simplejwt.token_family"));
    std::fs::write(folder.path().join("settings.json"), export.to_string()).unwrap();
    let env = [("DATABASE_URL", db.url.as_str())];
    let report = manage_in(folder.path(), &["adopt", "--settings", "settings.json"], &env).stdout;
    let lines: Vec<_> = report.lines().skip_while(|line| !line.contains("`manage migrate` will apply ")).collect();
    let remedy = lines.iter().find(|line| line.contains("start"));
    remedy.unwrap_or_else(|| panic!("no remedy in {report}")).trim().to_owned()
}

per_database! {
    async fn tables_that_the_settings_do_not_use_may_be_missing(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        for table in
            ["family_token", "family_activity", "token_family_blacklistedtokenfamily", "token_family_tokenfamily",
             "login_failure_origins", "login_failures", "admin_event_counts"]
        {
            app.sql(&format!("DROP TABLE {table}")).await;
        }
        app.sql("DELETE FROM django_migrations WHERE app LIKE 'actix%' OR app = 'token_family'").await;

        let env = |settings: &[(&'static str, &'static str)]| {
            [&[("DATABASE_URL", app.tables().url.as_str()), ("SECRET_KEY", KEY)], settings].concat()
        };
        let server = Process::start(app.tables(), &[("ALLOWED_HOSTS", "localhost")]);
        assert_eq!(get(server.address, "/readyz").unwrap().0, 200);
        let checked = manage(&["check", "--database", "default"], &env(&[]));
        assert_eq!(checked.code, 0, "{}", checked.stderr);
        assert_eq!(remedy(app.tables(), false), "To do: The server starts without it as well.");
        assert_eq!(manage(&["flushexpiredtokens"], &env(&[])).code, 0);

        for (setting, label) in [
            (("SIMPLE_JWT_TOKEN_FAMILY_ENABLED", "true"), "actix_token_family, token_family"),
            (("LOGIN_FAILURE_LIMIT", "3"), "actix_auth"),
        ] {
            let missing = format!("apply the migrations for app(s): {label}.\n");
            for words in [&["check", "--database", "default"][..], &["flushexpiredtokens"]] {
                let refused = manage(words, &env(&[setting]));
                assert_eq!(refused.code, 1, "{words:?}");
                assert!(refused.stderr.contains(&missing), "{words:?}: {}", refused.stderr);
            }
            let started = manage(&["runserver", "127.0.0.1:0"], &env(&[setting]));
            assert_eq!(started.code, 1, "{}", started.stderr);
            assert!(started.stderr.contains(&format!("for app(s): {label}.")), "{}", started.stderr);
        }
        assert_eq!(remedy(app.tables(), true), "To do: Run it before the first start.");
    }
}
