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
    migrations: Vec<&'static str>,
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
    let mut labels: Vec<_> = installed.iter().flat_map(|app| app.migrations()).map(|step| step.app).collect();
    labels.dedup();
    Brought {
        settings: settings.settings().iter().map(|setting| setting.key).collect(),
        commands: installed.iter().flat_map(|app| app.commands()).map(|command| command.name().to_owned()).collect(),
        migrations: labels,
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

/// What one app adds to a project that has all apps except those that need it.
struct Part {
    name: &'static str,
    /// The settings: a name, or the beginning of several names.
    settings: &'static [&'static str],
    checks: &'static [&'static str],
    commands: &'static [&'static str],
    /// The labels in `django_migrations`.
    migrations: &'static [&'static str],
    tables: &'static [&'static str],
    /// Requests without a body, and the statuses of their answers.
    routes: &'static [(&'static str, &'static str, u16)],
}

const NOTHING: Part =
    Part { name: "", settings: &[], checks: &[], commands: &[], migrations: &[], tables: &[], routes: &[] };

const PARTS: [Part; 11] = [
    Part {
        name: "django.contrib.admin",
        settings: &["ADMIN_URL"],
        migrations: &["admin", "actix_admin"],
        tables: &["django_admin_log", "admin_event_counts"],
        routes: &[("GET", "/admin/", 302), ("GET", "/admin/login/", 200), ("POST", "/admin/logout/", 403)],
        ..NOTHING
    },
    Part {
        name: "django.contrib.auth",
        settings: &[
            "AUTH_USER_",
            "USERNAME_FIELD",
            "EMAIL_FIELD",
            "REQUIRED_FIELDS",
            "PASSWORD_HASH",
            "AUTH_PASSWORD_VALIDATORS",
            "AUTHENTICATION_BACKENDS",
            "LOGIN_",
        ],
        checks: &["auth.W901"],
        commands: &["createsuperuser", "changepassword"],
        migrations: &["auth", "actix_auth"],
        tables: &[
            "auth_permission",
            "auth_group",
            "auth_group_permissions",
            "auth_user",
            "auth_user_groups",
            "auth_user_user_permissions",
            "login_failures",
            "login_failure_origins",
        ],
        ..NOTHING
    },
    Part {
        name: "django.contrib.contenttypes",
        migrations: &["contenttypes"],
        tables: &["django_content_type"],
        ..NOTHING
    },
    Part {
        name: "django.contrib.sessions",
        settings: &["SESSION_"],
        checks: &["security.W012", "security.W015", "security.W016", "sessions.W901"],
        commands: &["clearsessions"],
        migrations: &["sessions"],
        tables: &["django_session"],
        routes: &[("GET", "/api-auth/login/", 200), ("POST", "/api-auth/logout/", 403)],
    },
    Part { name: "django.contrib.messages", settings: &["MESSAGE_LEVEL"], ..NOTHING },
    Part {
        name: "rest_framework",
        settings: &["REST_FRAMEWORK_", "CLIENT_IPV6_PREFIX", "CACHE_", "DATA_UPLOAD_"],
        checks: &["auth.W902", "auth.W904", "rest_framework.W901", "rest_framework.W902", "rest_framework.W903"],
        ..NOTHING
    },
    Part {
        name: "rest_framework.authtoken",
        commands: &["drf_create_token"],
        migrations: &["authtoken"],
        tables: &["authtoken_token"],
        routes: &[("POST", "/api/authtoken/", 400), ("GET", "/api/hello/token/", 401)],
        ..NOTHING
    },
    Part {
        name: "rest_framework_simplejwt",
        settings: &["SIMPLE_JWT_", "OAUTH2_CLIENTS"],
        checks: &[
            "simplejwt.W903",
            "simplejwt.W906",
            "simplejwt.W907",
            "simplejwt.W908",
            "simplejwt.W922",
            "simplejwt.W924",
            "simplejwt.W921",
            "simplejwt.W904",
            "simplejwt.W923",
            "simplejwt.W901",
            "simplejwt.W902",
            "simplejwt.W905",
            "simplejwt.W925",
            "auth.W903",
        ],
        commands: &["generatekey", "rotatekey", "createoauth2client"],
        routes: &[
            ("POST", "/api/token/", 400),
            ("POST", "/api/token/refresh/", 400),
            ("POST", "/api/token/verify/", 400),
            ("POST", "/api/token/sliding/", 400),
            ("POST", "/api/token/sliding/refresh/", 400),
            ("POST", "/access-token/", 400),
            ("POST", "/access-token/refresh/", 400),
            ("GET", "/api/hello/jwt/", 401),
        ],
        ..NOTHING
    },
    Part {
        name: "rest_framework_simplejwt.token_blacklist",
        commands: &["flushexpiredtokens"],
        migrations: &["token_blacklist"],
        tables: &["token_blacklist_outstandingtoken", "token_blacklist_blacklistedtoken"],
        routes: &[("POST", "/api/token/blacklist/", 400)],
        ..NOTHING
    },
    Part {
        name: "rest_framework_simplejwt.token_family",
        settings: &[
            "SIMPLE_JWT_TOKEN_FAMILY_",
            "SIMPLE_JWT_REFRESH_TOKEN_GRACE_PERIOD",
            "SIMPLE_JWT_LOGOUT_ON_PASSWORD_CHANGE",
            "SIMPLE_JWT_SESSIONS_MAX",
        ],
        checks: &["token_family.W901", "token_family.W902", "token_family.W903", "token_family.W904"],
        commands: &["flushexpiredfamilies", "logoutall"],
        migrations: &["token_family", "actix_token_family"],
        tables: &["token_family_tokenfamily", "token_family_blacklistedtokenfamily", "family_activity", "family_token"],
        routes: &[
            ("POST", "/api/token/family/blacklist/", 400),
            ("GET", "/api/token/sessions/", 401),
            ("POST", "/api/token/logoutall/", 401),
        ],
    },
    Part {
        name: "rest_framework_jwt",
        settings: &["JWT_"],
        checks: &[
            "legacy_jwt.W901",
            "legacy_jwt.W906",
            "legacy_jwt.W904",
            "legacy_jwt.W902",
            "legacy_jwt.W903",
            "legacy_jwt.W905",
        ],
        routes: &[
            ("POST", "/api-token-auth/", 400),
            ("POST", "/api-token-refresh/", 400),
            ("POST", "/api-token-verify/", 400),
            ("GET", "/protected-url/", 401),
        ],
        ..NOTHING
    },
];

/// The names of the apps that need `app`, directly or not.
fn dependents(app: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut before = None;
    while before != Some(found.len()) {
        before = Some(found.len());
        for other in APPS {
            let needs = |name: &&str| *name == app || found.contains(name);
            if !found.contains(&other.name()) && other.requires().iter().any(needs) {
                found.push(other.name());
            }
        }
    }
    found
}

/// The items of `before` that are not in `after`, which must not have others.
fn gone<T: PartialEq + std::fmt::Debug + Clone>(before: &[T], after: &[T]) -> Vec<T> {
    let added: Vec<_> = after.iter().filter(|item| !before.contains(item)).collect();
    assert!(added.is_empty(), "{added:?}");
    before.iter().filter(|item| !after.contains(item)).cloned().collect()
}

#[test]
fn the_table_has_every_app() {
    assert_eq!(PARTS.map(|part| part.name).as_slice(), without(&[]).iter().map(|app| app.name()).collect::<Vec<_>>());
}

#[test]
fn settings_checks_commands_and_tables_of_an_app_that_is_left_out_are_gone() {
    for part in PARTS {
        let mut left_out = dependents(part.name);
        let before = brought(&left_out);
        left_out.push(part.name);
        let after = brought(&left_out);
        assert_eq!(gone(&before.checks, &after.checks), part.checks, "{}", part.name);
        assert_eq!(gone(&before.commands, &after.commands), part.commands, "{}", part.name);
        assert_eq!(gone(&before.migrations, &after.migrations), part.migrations, "{}", part.name);
        assert_eq!(gone(&before.tables, &after.tables), part.tables, "{}", part.name);
        let settings = gone(&before.settings, &after.settings);
        for key in &settings {
            assert!(part.settings.iter().any(|start| key.starts_with(start)), "{}: {key}", part.name);
        }
        for start in part.settings {
            assert!(settings.iter().any(|key| key.starts_with(start)), "{}: {start}", part.name);
            assert!(!after.settings.iter().any(|key| key.starts_with(start)), "{}: {start}", part.name);
        }
    }
}

#[test]
fn an_app_whose_requirement_is_left_out_stops_the_start() {
    let found = settings_without(&["django.contrib.contenttypes"]).builder().check(CheckScope::Check);
    let messages: Vec<_> = found.messages.iter().map(|message| message.msg.as_str()).collect();
    let expected = "INSTALLED_APPS: \"django.contrib.auth\" needs \"django.contrib.contenttypes\"; add it";
    assert!(messages.contains(&expected), "{messages:?}");
}

per_database! {
    async fn routes_of_an_app_that_is_left_out_are_gone(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, |_| {}).await;
        for part in PARTS.iter().filter(|part| !part.routes.is_empty()) {
            let mut left_out = dependents(part.name);
            for is_installed in [true, false] {
                let server = app
                    .another(|settings| {
                        settings.installed_apps = without(&left_out);
                        settings.simple_jwt.token_family.enabled = part.name.ends_with(".token_family");
                        // A class that is there without simplejwt. Without authtoken the other one is there.
                        let has_tokens = !left_out.contains(&"rest_framework.authtoken");
                        let class = if has_tokens { "TokenAuthentication" } else { "JWTAuthentication" };
                        settings.rest_framework.default_authentication_classes = vec![class.to_owned()];
                    })
                    .await;
                for (method, path, status) in part.routes {
                    let response = server.anonymous().send(method.parse().unwrap(), path, None, b"").await;
                    let expected = if is_installed { *status } else { 404 };
                    assert_eq!(response.status, expected, "{} {is_installed}: {method} {path}", part.name);
                }
                left_out.push(part.name);
            }
        }
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
