//! `INSTALLED_APPS`: leaving an app out removes everything that the app adds.

use actix_simplejwt::apps::{AppConfig, CheckScope, Project};
use actix_simplejwt::conf::Environment;
use actix_simplejwt::{Settings, settings::APPS};
use serde_json::json;

use crate::support::{TestApp, TestDatabase, alice};

/// The data that the apps add to a project.
struct Brought {
    settings: Vec<&'static str>,
    checks: Vec<&'static str>,
    commands: Vec<String>,
    tables: Vec<&'static str>,
}

/// The names of all apps except the ones in `left_out`.
fn without(left_out: &[&str]) -> Vec<&'static dyn AppConfig> {
    APPS.iter().copied().filter(|app| !left_out.contains(&app.name())).collect()
}

fn settings_without(left_out: &[&str]) -> Settings {
    let names: Vec<_> = without(left_out).iter().map(|app| app.name()).collect();
    let env: Environment = [
        ("SECRET_KEY", "a-test-secret-key-of-more-than-fifty-characters-0123456789".to_owned()),
        ("PASSWORD_HASHERS", "MD5PasswordHasher".to_owned()),
        ("INSTALLED_APPS", names.join(",")),
    ]
    .into_iter()
    .collect();
    Settings::from_env(&env).unwrap()
}

fn brought(left_out: &[&str]) -> Brought {
    let settings = settings_without(left_out);
    let installed = settings.installed_apps.clone();
    Brought {
        settings: settings.settings().iter().map(|setting| setting.key).collect(),
        commands: installed.iter().flat_map(|app| app.commands()).map(|command| command.name().to_owned()).collect(),
        tables: installed.iter().flat_map(|app| app.migrations()).flat_map(|step| step.tables).copied().collect(),
        checks: settings.builder().check_ids(),
    }
}

#[test]
fn all_apps_are_installed_by_default() {
    let all = brought(&[]);
    assert!(all.settings.contains(&"SIMPLE_JWT_ALGORITHM") && all.checks.contains(&"simplejwt.W904"));
    assert_eq!(
        all.commands,
        [
            "createsuperuser",
            "changepassword",
            "clearsessions",
            "drf_create_token",
            "generatekey",
            "rotatekey",
            "createoauth2client",
            "flushexpiredtokens",
            "flushexpiredfamilies",
            "logoutall",
        ]
    );
    assert!(all.tables.contains(&"auth_user") && all.tables.contains(&"token_blacklist_outstandingtoken"));
}

#[test]
fn settings_checks_commands_and_tables_of_an_app_that_is_left_out_are_gone() {
    let without = brought(&["rest_framework_simplejwt", "rest_framework_simplejwt.token_blacklist"]);
    assert!(!without.settings.iter().any(|key| key.starts_with("SIMPLE_JWT_")));
    assert!(!without.checks.iter().any(|id| id.starts_with("simplejwt.")));
    assert!(!without.commands.iter().any(|command| command == "flushexpiredtokens"));
    assert!(!without.tables.iter().any(|table| table.starts_with("token_blacklist_")));

    let without = brought(&["rest_framework_simplejwt.token_family"]);
    assert!(!without.settings.contains(&"SIMPLE_JWT_TOKEN_FAMILY_ENABLED"));
    assert!(without.settings.contains(&"SIMPLE_JWT_ALGORITHM"));
    assert!(!without.checks.iter().any(|id| id.starts_with("token_family.")));
    assert!(!without.commands.iter().any(|command| command == "logoutall"));
    assert!(!without.tables.contains(&"token_family_tokenfamily"));

    let without = brought(&["rest_framework_jwt"]);
    assert!(!without.settings.iter().any(|key| key.starts_with("JWT_")));
    assert!(!without.checks.iter().any(|id| id.starts_with("legacy_jwt.")));

    let without = brought(&["rest_framework.authtoken"]);
    assert!(!without.commands.iter().any(|command| command == "drf_create_token"));
    assert!(!without.tables.contains(&"authtoken_token"));

    let without = brought(&["django.contrib.admin", "django.contrib.sessions"]);
    assert!(!without.tables.contains(&"django_admin_log") && !without.tables.contains(&"django_session"));
}

#[test]
fn an_app_whose_requirement_is_left_out_stops_the_start() {
    let found = settings_without(&["django.contrib.contenttypes"]).builder().check(CheckScope::Check);
    let messages: Vec<_> = found.messages.iter().map(|message| message.msg.as_str()).collect();
    let expected = "INSTALLED_APPS: \"django.contrib.auth\" needs \"django.contrib.contenttypes\"; add it";
    assert!(messages.contains(&expected), "{messages:?}");
}

/// Statuses of `POST` with an empty object to each of `paths`.
async fn statuses(app: &TestApp, paths: &[&str]) -> Vec<u16> {
    let client = app.anonymous();
    let mut found = Vec::new();
    for path in paths {
        found.push(client.post(path, json!({})).await.status);
    }
    found
}

const TOKEN_PATHS: [&str; 5] =
    ["/api/token/", "/api/token/refresh/", "/api/token/blacklist/", "/api/authtoken/", "/api-token-auth/"];

per_database! {
    async fn routes_of_an_app_that_is_left_out_are_gone(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        assert_eq!(statuses(&app, &TOKEN_PATHS).await, [400; 5]);

        let other = app.another(|settings| settings.installed_apps = without(&["rest_framework.authtoken"])).await;
        assert_eq!(statuses(&other, &TOKEN_PATHS).await, [400, 400, 400, 404, 400]);
        assert_eq!(other.anonymous().get("/api/hello/token/").await.status, 404);

        let other = app.another(|settings| settings.installed_apps = without(&["rest_framework_jwt"])).await;
        assert_eq!(statuses(&other, &TOKEN_PATHS).await, [400, 400, 400, 400, 404]);
        assert_eq!(other.anonymous().get("/protected-url/").await.status, 404);

        let blacklist = ["rest_framework_simplejwt.token_blacklist"];
        let other = app.another(|settings| settings.installed_apps = without(&blacklist)).await;
        assert_eq!(statuses(&other, &TOKEN_PATHS).await, [400, 400, 404, 400, 400]);
    }

    /// Same as simplejwt without its app `token_blacklist`: tokens are neither recorded nor blacklisted.
    async fn without_the_blacklist_a_rotated_token_stays_valid(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.installed_apps = without(&["rest_framework_simplejwt.token_blacklist"]);
            settings.simple_jwt.blacklist_after_rotation = true;
        })
        .await;
        let tokens = app.login(&alice()).await;
        for _ in 0..2 {
            let response = app.anonymous().post("/api/token/refresh/", json!({ "refresh": tokens["refresh"] })).await;
            assert_eq!(response.status, 200, "{}", response.body);
        }
        assert_eq!(app.count("token_blacklist_outstandingtoken").await, 0);
    }
}
