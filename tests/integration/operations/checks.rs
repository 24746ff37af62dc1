//! The system checks: what `manage check`, `manage check --deploy` and every start report.

use actix_simplejwt::Settings;
use actix_simplejwt::apps::{CheckScope, Findings};
use actix_simplejwt::conf::Environment;
use actix_simplejwt::core::checks::Level;
use actix_simplejwt::core::jwt::{Algorithm, generate_key};

use crate::support::process::{Managed, manage, manage_in};

const STRONG: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A deployment without any finding.
const SAFE: &[(&str, &str)] = &[
    ("SECRET_KEY", STRONG),
    ("ALLOWED_HOSTS", "example.org"),
    ("CSRF_COOKIE_SECURE", "true"),
    ("SESSION_COOKIE_SECURE", "true"),
    ("LOGIN_FAILURE_LIMIT", "5"),
    ("REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES", "ScopedRateThrottle"),
    ("REST_FRAMEWORK_DEFAULT_THROTTLE_RATES", "login=30/min"),
    ("REST_FRAMEWORK_NUM_PROXIES", "1"),
    ("SECURE_HSTS_INCLUDE_SUBDOMAINS", "true"),
    ("SECURE_HSTS_PRELOAD", "true"),
    ("SECURE_HSTS_SECONDS", "31536000"),
    ("SECURE_PROXY_SSL_HEADER", "HTTP_X_FORWARDED_PROTO,https"),
    ("SECURE_SSL_REDIRECT", "true"),
    ("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "true"),
];

/// The messages of the checks for the safe deployment with `pairs` changed.
fn find(pairs: &[(&str, &str)], which: CheckScope) -> Findings {
    let env: Environment = SAFE.iter().chain(pairs).copied().collect();
    Settings::from_env(&env).unwrap().builder().check(which)
}

fn ids(found: &Findings) -> Vec<&'static str> {
    found.messages.iter().map(|message| message.id).collect()
}

#[track_caller]
fn assert_deploy_finds(pairs: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(ids(&find(pairs, CheckScope::Deploy)), expected, "{pairs:?}");
    // Every id can be silenced.
    let silenced = expected.join(",");
    let found = find(&[pairs, &[("SILENCED_SYSTEM_CHECKS", silenced.as_str())]].concat(), CheckScope::Deploy);
    assert_eq!((ids(&found), found.silenced >= expected.len()), (Vec::new(), true), "{pairs:?}");
}

#[test]
fn a_safe_deployment_has_nothing_to_report() {
    assert_deploy_finds(&[], &[]);
}

/// The lines `NAME=value` between two texts of a page.
fn lines<'a>(page: &'a str, start: &str, end: &str) -> Vec<(&'a str, &'a str)> {
    let (_, rest) = page.split_once(start).unwrap();
    let (block, _) = rest.split_once(end).unwrap();
    block.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect()
}

#[test]
fn the_env_files_of_the_documentation_have_nothing_to_report() {
    let readme = lines(include_str!("../../../README.md"), "cat > .env) <<END\n", "\nEND\n");
    let operations = include_str!("../../../docs/OPERATIONS.md");
    let operations = lines(operations, "These lines of `.env` belong in production:\n\n```sh\n", "\n```\n");
    assert_eq!(readme[0], ("SECRET_KEY", "$(openssl rand -base64 48)"));
    assert_eq!(readme[1..], operations[1..]);
    let env = [&[("SECRET_KEY", STRONG)], &readme[1..]].concat();
    let got = manage(&["check", "--deploy"], &env);
    assert_eq!((got.code, got.stderr.as_str()), (0, ""));
    assert_eq!(got.stdout, "System check identified no issues (2 silenced).\n");
}

#[test]
fn a_deployment_with_default_settings_gets_all_warnings() {
    let env = Environment::default().with("SECRET_KEY", STRONG);
    let found = Settings::from_env(&env).unwrap().builder().check(CheckScope::Deploy);
    let expected = [
        "auth.W902",
        "security.W004",
        "security.W008",
        "security.W012",
        "security.W016",
        "security.W020",
        "simplejwt.W906",
    ];
    assert_eq!(ids(&found), expected);
}

#[test]
fn silenced_ids_are_counted_and_unknown_ones_reported() {
    let found =
        find(&[("SILENCED_SYSTEM_CHECKS", "security.W018,security.W999"), ("DEBUG", "yes")], CheckScope::Deploy);
    assert_eq!((ids(&found), found.silenced), (vec!["checks.I901"], 1));
}

#[test]
fn every_check_is_in_the_documentation() {
    let page = include_str!("../../../docs/OPERATIONS.md");
    let ids = Settings::new(STRONG).builder().check_ids();
    assert!(ids.contains(&"simplejwt.W906"));
    for id in ids {
        assert!(page.contains(&format!("`{id}`")), "{id}");
    }
}

#[test]
fn a_weak_key_is_reported_at_start_and_for_deployment() {
    for weak in ["short", &"ab".repeat(40), &format!("django-insecure-{STRONG}")] {
        let pairs = [("SECRET_KEY", weak), ("SIMPLE_JWT_SIGNING_KEY", STRONG), ("JWT_SECRET_KEY", STRONG)];
        assert_eq!(ids(&find(&pairs, CheckScope::Start)), ["security.W009"], "{weak}");
        assert_eq!(ids(&find(&pairs, CheckScope::Check)), Vec::<&str>::new(), "{weak}");
    }
    assert_eq!(ids(&find(&[], CheckScope::Start)), Vec::<&str>::new());
}

#[test]
fn hosts_that_no_request_has_are_reported_at_every_start() {
    let found = find(&[("ALLOWED_HOSTS", "https://example.org,example.org,example.org:8000")], CheckScope::Start);
    assert_eq!(ids(&found), ["security.W902", "security.W902"]);
    assert_eq!(
        found.messages[1].msg,
        "ALLOWED_HOSTS contains \"https://example.org\", which is not a host name, so no request matches it."
    );
    assert_deploy_finds(&[("ALLOWED_HOSTS", "*.example.org")], &["security.W902"]);
}

#[test]
fn a_key_set_is_fetched_by_https_and_used_with_public_keys() {
    let url = ("SIMPLE_JWT_JWK_URL", "http://auth.example.org/jwks.json");
    assert_eq!(ids(&find(&[url], CheckScope::Check)), ["simplejwt.W924"]);
    assert_deploy_finds(&[url], &["simplejwt.W924"]);
    let key = generate_key(Algorithm::ES256).unwrap();
    let pairs = [url, ("SIMPLE_JWT_ALGORITHM", "ES256"), ("SIMPLE_JWT_SIGNING_KEY", key.expose())];
    assert_deploy_finds(&pairs, &["simplejwt.W925"]);
    let https = ("SIMPLE_JWT_JWK_URL", "https://auth.example.org/jwks.json");
    assert_deploy_finds(&[pairs[1], pairs[2], https], &[]);
}

#[test]
fn a_weak_fallback_key_is_reported_at_start_and_for_deployment() {
    let pairs = [("SECRET_KEY_FALLBACKS", &*format!("{STRONG},short"))];
    let found = find(&pairs, CheckScope::Start);
    assert_eq!(ids(&found), ["security.W025"]);
    assert!(found.messages[0].msg.starts_with("Your SECRET_KEY_FALLBACKS[1] has less than 50 characters"));
    assert_eq!(ids(&find(&pairs, CheckScope::Check)), Vec::<&str>::new());
}

#[test]
fn cookies_of_sessions_are_for_https_and_hidden_from_scripts() {
    assert_deploy_finds(&[("SESSION_COOKIE_SECURE", "no")], &["security.W012"]);
    assert_deploy_finds(&[("SESSION_COOKIE_HTTPONLY", "no")], &["security.W015"]);
    assert_deploy_finds(&[("CSRF_COOKIE_SECURE", "no")], &["security.W016"]);
    assert_eq!(ids(&find(&[("SESSION_COOKIE_AG", "60")], CheckScope::Check)), ["sessions.W901"]);
    let without_sessions = [
        ("INSTALLED_APPS", "django.contrib.auth,django.contrib.contenttypes,rest_framework,rest_framework_simplejwt"),
        ("SESSION_COOKIE_SECURE", "no"),
        ("CSRF_COOKIE_SECURE", "no"),
        ("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "no"),
        ("SIMPLE_JWT_ROTATE_REFRESH_TOKENS", "no"),
    ];
    assert_eq!(ids(&find(&without_sessions, CheckScope::Deploy)), Vec::<&str>::new());
}

#[test]
fn check_deploy_has_the_checks_of_django() {
    assert_deploy_finds(&[("DEBUG", "1")], &["security.W018"]);
    assert_deploy_finds(&[("ALLOWED_HOSTS", "")], &["security.W020"]);
    assert_deploy_finds(&[("ALLOWED_HOSTS", "a.org,*")], &["security.W020"]);
    assert_deploy_finds(&[("SECURE_HSTS_SECONDS", "0")], &["security.W004"]);
    assert_deploy_finds(&[("SECURE_HSTS_INCLUDE_SUBDOMAINS", "no")], &["security.W005"]);
    assert_deploy_finds(&[("SECURE_HSTS_PRELOAD", "no")], &["security.W021"]);
    assert_deploy_finds(&[("SECURE_SSL_REDIRECT", "no")], &["security.W008"]);
    assert_deploy_finds(&[("SECURE_CONTENT_TYPE_NOSNIFF", "no")], &["security.W006"]);
    assert_deploy_finds(&[("X_FRAME_OPTIONS", "SAMEORIGIN")], &["security.W019"]);
    assert_deploy_finds(&[("SECURE_REFERRER_POLICY", "none")], &["security.W022"]);
}

#[test]
fn an_endless_redirect_is_always_reported() {
    for pair in [("SECURE_SSL_REDIRECT", "true"), ("SECURE_HSTS_SECONDS", "60")] {
        let without =
            [("SECURE_SSL_REDIRECT", "no"), ("SECURE_HSTS_SECONDS", "0"), ("SECURE_PROXY_SSL_HEADER", "none")];
        assert_eq!(ids(&find(&without, CheckScope::Check)), Vec::<&str>::new());
        let found = find(&[&without[..], &[pair]].concat(), CheckScope::Check);
        assert_eq!(ids(&found), ["security.W901"]);
    }
}

#[test]
fn a_weak_hasher_for_new_passwords_is_reported() {
    for hasher in ["MD5PasswordHasher", "PBKDF2SHA1PasswordHasher", "BCryptPasswordHasher"] {
        assert_deploy_finds(&[("PASSWORD_HASHERS", &format!("{hasher},Argon2PasswordHasher"))], &["auth.W901"]);
        assert_deploy_finds(&[("PASSWORD_HASHERS", &format!("Argon2PasswordHasher,{hasher}"))], &[]);
    }
}

#[test]
fn a_limit_per_address_limits_invented_names_as_well() {
    let per_address = ("LOGIN_FAILURE_LIMIT_PER_ADDRESS", "50");
    let none = [("LOGIN_FAILURE_LIMIT", "none"), ("REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES", ""), per_address];
    assert_deploy_finds(&none, &[]);
    assert_deploy_finds(&[&none[..], &[("REST_FRAMEWORK_NUM_PROXIES", "")]].concat(), &["rest_framework.W901"]);
}

#[test]
fn only_check_and_the_server_say_what_the_checks_warn_of() {
    let rotation = [("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "false")];
    assert!(manage(&["check"], &rotation).stderr.contains("(simplejwt.W906)"));
    assert_eq!(
        manage(&["migrate", "-v", "0"], &rotation),
        Managed { code: 0, stdout: String::new(), stderr: String::new() }
    );
}

#[test]
fn logins_without_a_limit_are_reported() {
    for (limit, id) in [("none", "auth.W902"), ("5", "auth.W904")] {
        let limit = ("LOGIN_FAILURE_LIMIT", limit);
        let (classes, rates) = ("REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES", "REST_FRAMEWORK_DEFAULT_THROTTLE_RATES");
        assert_deploy_finds(&[limit, (classes, ""), (rates, "")], &[id]);
        for (class, rate) in [
            ("AnonRateThrottle", "anon=5/min"),
            ("UserRateThrottle", "user=5/min"),
            ("ScopedRateThrottle", "login=5/min"),
        ] {
            assert_deploy_finds(&[limit, (classes, class), (rates, "other=5/min")], &[id]);
            assert_deploy_finds(&[limit, (classes, class), (rates, rate)], &[]);
        }
    }
}

#[test]
fn inactive_users_who_can_log_in_are_reported() {
    let unchecked = ("SIMPLE_JWT_CHECK_USER_IS_ACTIVE", "no");
    assert_deploy_finds(&[unchecked], &["auth.W903"]);
    assert_deploy_finds(&[unchecked, ("AUTHENTICATION_BACKENDS", "AllowAllUsersModelBackend")], &["auth.W903"]);
    assert_deploy_finds(&[("AUTHENTICATION_BACKENDS", "AllowAllUsersModelBackend")], &[]);
}

#[test]
fn limits_by_an_address_that_clients_can_write_are_reported() {
    let unset = ("REST_FRAMEWORK_NUM_PROXIES", "none");
    assert_deploy_finds(&[unset], &["rest_framework.W901"]);
    let throttles = [
        ("LOGIN_FAILURE_LIMIT", "none"),
        ("REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES", "AnonRateThrottle"),
        ("REST_FRAMEWORK_DEFAULT_THROTTLE_RATES", "anon=5/min"),
    ];
    assert_deploy_finds(&[&throttles[..], &[unset]].concat(), &["rest_framework.W901"]);
    assert_deploy_finds(&throttles, &[]);
}

#[test]
fn views_that_are_open_by_default_are_reported() {
    assert_deploy_finds(&[("REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES", "AllowAny")], &["rest_framework.W902"]);
}

#[test]
fn a_database_that_may_lose_writes_is_reported() {
    let relaxed = ("SQLITE_SYNCHRONOUS", "NORMAL");
    assert_deploy_finds(&[relaxed], &["database.W901"]);
    if cfg!(feature = "postgres") {
        assert_deploy_finds(&[relaxed, ("DATABASE_URL", "postgres://db/shop")], &[]);
    }
}

#[test]
fn origins_that_every_site_can_have_are_reported() {
    assert_deploy_finds(&[("CORS_ALLOW_ALL_ORIGINS", "true")], &["corsheaders.W901"]);
    assert_deploy_finds(&[("CORS_ALLOWED_ORIGINS", "https://a.org,null")], &["corsheaders.W902"]);
    for (origin, found) in [
        ("http://a.org", &["corsheaders.W903"][..]),
        ("http://a.org:8080", &["corsheaders.W903"]),
        ("http://localhost.a.org", &["corsheaders.W903"]),
        ("https://a.org", &[]),
        ("http://localhost", &[]),
        ("http://localhost:3000", &[]),
        ("http://[::1]", &[]),
        ("http://[::1]:3000", &[]),
    ] {
        assert_deploy_finds(&[("CORS_ALLOWED_ORIGINS", origin)], found);
    }
}

#[test]
fn public_metrics_are_reported() {
    for address in ["0.0.0.0:9000", "[::]:9000", "203.0.113.7:9000", "[2001:db8::1]:9000"] {
        assert_deploy_finds(&[("METRICS_ADDRESS", address)], &["server.W901"]);
    }
    for address in ["127.0.0.1:9000", "10.1.2.3:9000", "[::1]:9000", "[fd00::1]:9000"] {
        assert_deploy_finds(&[("METRICS_ADDRESS", address)], &[]);
    }
}

#[test]
fn missing_time_limits_are_reported() {
    assert_deploy_finds(&[("ACTIX_CLIENT_REQUEST_TIMEOUT", "0")], &["server.W902"]);
    assert_deploy_finds(&[("DATA_UPLOAD_TIMEOUT", "0")], &["rest_framework.W903"]);
}

#[test]
fn a_key_shorter_than_the_hash_is_reported_for_that_algorithm() {
    let at_start = |pairs: &[(&str, &str)]| ids(&find(pairs, CheckScope::Start));
    assert_eq!(STRONG.len(), 62);
    assert_eq!(at_start(&[("SIMPLE_JWT_ALGORITHM", "HS512")]), ["simplejwt.W904"]);
    assert_eq!(at_start(&[("SIMPLE_JWT_SIGNING_KEY", "short")]), ["simplejwt.W904"]);
    assert_eq!(at_start(&[("JWT_ALGORITHM", "HS512")]), ["legacy_jwt.W904"]);
    assert_eq!(at_start(&[("JWT_SECRET_KEY", "short")]), ["legacy_jwt.W904"]);
    assert_eq!(at_start(&[("JWT_ALGORITHM", "HS384"), ("SIMPLE_JWT_ALGORITHM", "HS384")]), Vec::<&str>::new());
}

#[test]
fn an_asymmetric_algorithm_without_its_key_is_an_error_that_names_the_setting() {
    let found = find(&[("SIMPLE_JWT_ALGORITHM", "RS256")], CheckScope::Start);
    assert_eq!(ids(&found), ["settings.E901"]);
    assert_eq!(found.messages[0].level, Level::Error);
    assert!(found.messages[0].msg.starts_with("SIMPLE_JWT_SIGNING_KEY: "), "{}", found.messages[0].msg);
}

#[test]
fn settings_that_weaken_tokens_are_always_reported() {
    for (key, value, id) in [
        ("JWT_VERIFY", "false", "legacy_jwt.W901"),
        ("JWT_LEEWEY", "5", "legacy_jwt.W906"),
        ("SIMPLE_JWT_TOKEN_TYPE_CLAIM", "none", "simplejwt.W907"),
        ("SIMPLE_JWT_AUTH_TOKEN_CLASSES", "AccessToken,UntypedToken", "simplejwt.W908"),
        ("SIMPLE_JWT_AUTH_TOKEN_CLASSES", "RefreshToken", "simplejwt.W908"),
    ] {
        assert_eq!(ids(&find(&[(key, value)], CheckScope::Check)), [id], "{key}");
    }
}

#[test]
fn check_deploy_reports_long_lifetimes() {
    assert_deploy_finds(&[("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME", "1d")], &[]);
    assert_deploy_finds(
        &[("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME", "25h"), ("SIMPLE_JWT_REFRESH_TOKEN_LIFETIME", "2d")],
        &["simplejwt.W901"],
    );
    assert_deploy_finds(&[("SIMPLE_JWT_REFRESH_TOKEN_LIFETIME", "5m")], &["simplejwt.W902"]);
    assert_deploy_finds(&[("SIMPLE_JWT_REFRESH_TOKEN_LIFETIME", "91d")], &["simplejwt.W905"]);
    let sliding = ("SIMPLE_JWT_SLIDING_TOKEN_LIFETIME", "2d");
    assert_deploy_finds(&[sliding, ("SIMPLE_JWT_AUTH_TOKEN_CLASSES", "SlidingToken")], &["simplejwt.W901"]);
    assert_deploy_finds(&[sliding], &[]);
    assert_deploy_finds(&[("JWT_EXPIRATION_DELTA", "2d")], &["legacy_jwt.W903"]);
    assert_deploy_finds(&[("JWT_VERIFY_EXPIRATION", "no")], &["legacy_jwt.W902"]);
}

#[test]
fn check_deploy_reports_settings_that_make_stolen_tokens_useful() {
    assert_deploy_finds(&[("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "no")], &["simplejwt.W906"]);
    assert_deploy_finds(&[("JWT_AUTH_COOKIE", "token")], &["legacy_jwt.W905"]);
}

#[test]
fn blacklisting_without_rotation_is_always_reported() {
    let pairs = [("SIMPLE_JWT_ROTATE_REFRESH_TOKENS", "no"), ("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "yes")];
    assert_eq!(ids(&find(&pairs, CheckScope::Check)), ["simplejwt.W903"]);
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "only a debug build has a development mode")]
fn check_refuses_what_runserver_refuses() {
    let key = ("SECRET_KEY", STRONG);
    for (settings, what) in [
        (
            &[("BIND", "0.0.0.0:0")][..],
            "Development mode needs no key, but it needs a loopback address such as 127.0.0.1:0",
        ),
        (&[("DATABASE_URL", "postgres://db/shop")], "but it needs a SQLite database, not PostgreSQL."),
        (&[("ALLOWED_HOSTS", "example.org")], "but it is off because ALLOWED_HOSTS is set."),
        (&[("SIMPLE_JWT_SIGNING_KEY", STRONG)], "but it is off because SIMPLE_JWT_SIGNING_KEY is set."),
        (&[("JWT_SECRET_KEY", STRONG)], "but it is off because JWT_SECRET_KEY is set."),
        (&[("SECURE_HSTS_SECONDS", "60")], "but it is off because SECURE_HSTS_SECONDS is set."),
        (&[("REST_FRAMEWORK_NUM_PROXIES", "1")], "but it is off because REST_FRAMEWORK_NUM_PROXIES is set."),
        (&[("CSRF_TRUSTED_ORIGINS", "https://a.org")], "but it is off because CSRF_TRUSTED_ORIGINS is set."),
        (&[key, ("ALLOWED_HOSTS", "")], "You must set settings.ALLOWED_HOSTS if DEBUG is False."),
        (&[key, ("SIMPLE_JWT_ALGORITHM", "RS256")], "SIMPLE_JWT_SIGNING_KEY: "),
        (&[key, ("SIMPLE_JWT_USER_ID_FIELD", "nickname")], "SIMPLE_JWT_USER_ID_FIELD: "),
        (
            &[key, ("REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES", "IsOwner")],
            "REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES: ",
        ),
        (&[key, ("CORS_ALLOWED_ORIGINS", "example.org")], "CORS_ALLOWED_ORIGINS: "),
        (&[key, ("SECURE_REFERRER_POLICY", "x")], "SECURE_REFERRER_POLICY: "),
        (&[key, ("X_FRAME_OPTIONS", "a b")], "X_FRAME_OPTIONS: "),
        (&[key, ("SIMPLE_JWT_LEEWAY", "x")], "SIMPLE_JWT_LEEWAY: "),
        (&[key, ("INSTALLED_APPS", "rest_framework_simplejwt")], "INSTALLED_APPS: "),
        (
            &[key, ("INSTALLED_APPS", "rest_framework,rest_framework_simplejwt")],
            "INSTALLED_APPS: the server needs \"django.contrib.auth\"; add it",
        ),
        (&[key, ("INSTALLED_APPS", "django.contrib.auth,django.contrib.contenttypes")], "INSTALLED_APPS: "),
    ] {
        for command in [&["check"][..], &["runserver"]] {
            let bind = if settings[0].0 == "BIND" { None } else { Some(("BIND", "127.0.0.1:0")) };
            let env: Vec<_> = settings.iter().copied().chain(bind).collect();
            let Managed { code, stderr, .. } = manage(command, &env);
            assert_eq!(code, 1, "{command:?} {settings:?}: {stderr}");
            assert!(stderr.contains(what), "{command:?} {settings:?}: {stderr}");
        }
    }
    assert_eq!(manage(&["check"], &[]).code, 0, "development mode");
    assert_eq!(manage(&["check"], &[key]).code, 0);
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "only a debug build has a development mode")]
fn an_address_on_the_command_line_counts_for_development_mode() {
    let got = manage(&["runserver", "0.0.0.0:8000"], &[]);
    assert_eq!(
        (got.code, got.stderr.as_str()),
        (
            1,
            "CommandError: The SECRET_KEY setting must not be empty. Make one with `openssl rand -base64 48` and set it in \
             the environment or in .env. Development mode needs no key, but it needs a loopback address such as \
             127.0.0.1:8000, not 0.0.0.0:8000.\n"
        )
    );
}

/// `manage check` with these arguments, on the safe deployment.
fn check(words: &[&str]) -> Managed {
    manage(&[&["check"], words].concat(), SAFE)
}

fn refused(text: &str) -> Managed {
    Managed { code: 1, stdout: String::new(), stderr: format!("{text}\n") }
}

#[test]
fn tags_and_apps_choose_the_checks() {
    let all = "auth\ncorsheaders\ndatabase\nlegacy_jwt\nrest_framework\nsecurity\nserver\nsessions\nsettings\nsimplejwt\n\
               token_family\n";
    let got = check(&["--deploy", "--list-tags"]);
    assert_eq!((got.code, got.stdout.as_str()), (0, all));
    let tags = "database\nlegacy_jwt\nsecurity\nsessions\nsettings\nsimplejwt\ntoken_family\n";
    assert_eq!(check(&["--list-tags"]).stdout, tags);
    assert_eq!(check(&["--tag", "nope"]), refused("CommandError: There is no system check with the \"nope\" tag."));
    assert_eq!(check(&["nope"]), refused("CommandError: No installed app with label 'nope'."));

    let ids = |words: &[&str]| {
        let weak =
            [SAFE, &[("SECURE_HSTS_SECONDS", "0"), ("PASSWORD_HASHERS", "MD5PasswordHasher"), ("JWT_VERIFY", "0")]];
        let stderr = manage(&[&["check", "--deploy"], words].concat(), &weak.concat()).stderr;
        let ids = stderr.lines().filter_map(|line| line.strip_prefix("?: (")?.split(')').next().map(str::to_owned));
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids(&[]), "auth.W901 legacy_jwt.W901 security.W004");
    assert_eq!(ids(&["--tag", "security"]), "security.W004");
    assert_eq!(ids(&["-t", "auth", "-t", "legacy_jwt"]), "auth.W901 legacy_jwt.W901");
    // The checks of the project run for every list of apps, as in Django.
    assert_eq!(ids(&["auth"]), "auth.W901 security.W004");
    assert_eq!(ids(&["auth", "--tag", "auth"]), "auth.W901");
    // `rest_framework` finds this, but it is about logins.
    let unlimited =
        [SAFE, &[("LOGIN_FAILURE_LIMIT", "none"), ("REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES", "")]].concat();
    assert!(manage(&["check", "auth", "--deploy"], &unlimited).stderr.contains("?: (auth.W902) "));
}

#[test]
fn the_fail_level_decides_about_the_exit_code() {
    let weak = [SAFE, &[("SECURE_HSTS_SECONDS", "0")]].concat();
    assert_eq!(manage(&["check", "--deploy"], &weak).code, 0);
    let got = manage(&["check", "--deploy", "--fail-level", "WARNING"], &weak);
    assert_eq!(got.code, 1);
    assert!(
        got.stderr
            .starts_with("SystemCheckError: System check identified some issues:\n\nWARNINGS:\n?: (security.W004) ")
    );
    assert!(got.stderr.ends_with("\n\nSystem check identified 1 issue (0 silenced).\n"));
    assert_eq!(manage(&["check", "--fail-level", "NOPE"], &weak).code, 2);
}

#[test]
fn check_opens_the_database_only_with_its_option() {
    let folder = tempfile::tempdir().unwrap();
    let got = manage_in(folder.path(), &["check", "--database", "default"], SAFE);
    assert_eq!(got.code, 1);
    assert!(got.stderr.contains("apply the migrations for app(s): actix_auth, admin, auth, "), "{}", got.stderr);
    assert!(got.stderr.contains("\n?: (database.E901) You have "), "{}", got.stderr);
    assert_eq!(manage_in(folder.path(), &["migrate"], SAFE).code, 0);
    assert_eq!(manage_in(folder.path(), &["check", "--database", "default"], SAFE).code, 0);
    let lost = [SAFE, &[("DATABASE_URL", "sqlite:///nowhere/db.sqlite3")]].concat();
    let got = manage(&["check", "--database", "default"], &lost);
    assert!(got.code == 1 && got.stderr.contains("cannot open sqlite:///nowhere/db.sqlite3"), "{}", got.stderr);
    assert_eq!(manage(&["check"], &lost).code, 0);
    assert_eq!(manage(&["check", "--tag", "security", "--database", "default"], &lost).code, 0);
    assert_eq!(manage(&["check", "--tag", "database", "--database", "default"], &lost).code, 1);
    // An error that only `check` finds can be silenced. An error that stops every start cannot.
    let silenced =
        |words: &[&str], id: &'static str| manage(words, &[&lost[..], &[("SILENCED_SYSTEM_CHECKS", id)]].concat());
    let got = silenced(&["check", "--database", "default"], "database.E901");
    assert_eq!((got.code, got.stdout.as_str()), (0, "System check identified no issues (1 silenced).\n"));
    assert!(silenced(&["check"], "settings.E901").stderr.contains("(checks.I901)"));
}

#[test]
fn a_file_with_a_key_made_by_django_is_refused_or_read_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let key = "django-insecure-#a$b(c)^d=e+f&g@h%i*j-k_l!0123456789012345";
    let file = folder.path().join(".env");
    for (text, what) in [
        (format!("DEBUG=true\nSECRET_KEY={key}\n"), "SECRET_KEY (line 2) has a $, which begins a variable; "),
        (format!("SECRET_KEY=\"{key}\"\n"), "SECRET_KEY (line 1) has a $, which begins a variable; "),
        (
            format!("SECRET_KEY={}\n", &key[16..]),
            "SECRET_KEY (line 1) begins its value with #, which would make it a comment; ",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let got = manage_in(folder.path(), &["check"], &[]);
        assert_eq!(
            got,
            refused(&format!(
                "CommandError: .env: {what}put a value with spaces, line breaks, quotes, #, $ or \\ in single quotes{}",
                if what.contains('$') { ", or write a variable as ${NAME}" } else { "" }
            ))
        );
    }
    std::fs::write(&file, format!("SECRET_KEY='{key}'\nALLOWED_HOSTS=example.org\n")).unwrap();
    let got = manage_in(folder.path(), &["check", "--deploy", "--tag", "security"], &[]);
    // The whole key was read: it is long enough, and has the prefix of Django's generated keys.
    assert!(got.code == 0 && got.stderr.contains("(security.W009)"), "{got:?}");
}

#[test]
fn doubtful_names_in_the_file_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let lines = "SECRETKEY=x\nALLOWED_HOST=a.org\nDATABASE_URI=x\nDEFAULT_AUTH_CLASSES=x\nEMAIL_HOST=x\nAPP_NAME=x\n";
    std::fs::write(folder.path().join(".env"), lines).unwrap();
    let got = manage_in(folder.path(), &["check", "--tag", "settings"], &[]);
    let found: Vec<_> = got.stderr.lines().filter(|line| line.starts_with("?: ")).collect();
    let unknown = "there is no such setting; did you mean";
    assert_eq!(
        found,
        [
            &format!("?: (settings.W901) ALLOWED_HOST (line 2 of .env): {unknown} ALLOWED_HOSTS?")[..],
            &format!("?: (settings.W901) DATABASE_URI (line 3 of .env): {unknown} DATABASE_URL?"),
            &format!(
                "?: (settings.W901) DEFAULT_AUTH_CLASSES (line 4 of .env): {unknown} \
                 REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES?"
            ),
            "?: (settings.W901) EMAIL_HOST (line 5 of .env): is a setting of Django that does not apply here: the server sends \
             no e-mail",
            &format!("?: (settings.W901) SECRETKEY (line 1 of .env): {unknown} SECRET_KEY?"),
        ]
    );
    let got = manage_in(folder.path(), &["check", "--tag", "settings"], &[("SILENCED_SYSTEM_CHECKS", "settings.W901")]);
    assert_eq!(got.stdout, "System check identified no issues (5 silenced).\n");
    let got = manage_in(folder.path(), &["migrate", "-v", "0"], &[]);
    assert_eq!(got.code, 0);
    assert!(got.stderr.contains("DATABASE_URI (line 3 of .env): there is no such setting; did you mean DATABASE_URL?"));
}
