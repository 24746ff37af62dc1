//! Carries Django's settings over: those that mean the same here into the `.env`, the others into the report.

mod apps;
mod cache;
mod classes;
mod database;
mod middleware;
mod tables;
mod users;
mod values;

use serde_json::Value;

use self::tables::{DICTIONARIES, KNOWN_CODE, LEFT, PACKAGE_DEFAULTS, RENAMED, find};
use super::env_file::EnvFile;
use super::export::Export;
use super::report::{Finding, Report};
use crate::apps::command::Context;
use crate::conf::values::class_name;
use crate::conf::{Environment, Setting, SettingsError};

/// What is carried, and what it is made of.
pub(super) struct Carry<'a> {
    pub(super) context: &'a Context,
    pub(super) export: &'a Export,
    /// The settings that exist here, from their declarations.
    pub(super) known: &'a [Setting],
    /// What goes into the `.env`.
    pub(super) env: EnvFile,
    pub(super) report: &'a mut Report,
}

impl Carry<'_> {
    /// Carries everything.
    pub(super) fn run(&mut self) {
        for (key, value) in PACKAGE_DEFAULTS {
            self.set(key, *value);
        }
        self.same_names();
        self.dictionaries();
        database::carry(self);
        cache::carry(self);
        users::carry(self);
        apps::carry(self);
        middleware::carry(self);
        classes::carry(self);
        self.refused_values();
        self.about_the_project();
        self.left();
    }

    fn set(&mut self, key: &str, value: impl Into<String>) {
        self.env.set(key, value);
    }

    /// Whether there is a setting `key` here.
    fn knows(&self, key: &str) -> bool {
        self.known.iter().any(|setting| setting.key == key)
    }

    /// Sets `key` to a value of Python.
    fn set_value(&mut self, key: &str, value: &Value) {
        match values::text(key, value) {
            Ok(text) => self.set(key, text),
            Err(reason) => self.refused(key, format!("{key}: {reason}.")),
        }
    }

    /// Settings that have one name in both. Settings of this project that Django does not have, such as `PORT`, may have
    /// another meaning there.
    fn same_names(&mut self) {
        for setting in self.known {
            if SPECIAL.contains(&setting.key) {
                continue;
            }
            let is_djangos = !self.export.is_own(setting.key) || setting.key.starts_with("CORS_");
            if let Some(value) = self.export.chosen(setting.key).filter(|_| is_djangos) {
                self.set_value(setting.key, value);
            } else if let Some(value) = self.export.default(setting.key)
                && values::text(setting.key, value).is_ok_and(|text| !is_same(&text, setting.default))
            {
                self.set_value(setting.key, value);
            }
        }
        for (name, key) in RENAMED {
            if let Some(value) = self.export.chosen(name)
                && !self.env.has(key)
            {
                self.set_value(key, value);
            }
        }
    }

    fn dictionaries(&mut self) {
        for (name, prefix) in DICTIONARIES {
            for (key, value) in self.export.chosen(name).and_then(Value::as_object).into_iter().flatten() {
                let key = format!("{prefix}{key}");
                if self.knows(&key) {
                    self.set_value(&key, value);
                } else if !value.is_null() {
                    self.unknown(&key, value);
                }
            }
        }
    }

    /// A key of a dictionary that does not exist here.
    fn unknown(&mut self, key: &str, value: &Value) {
        let code = value.as_str().filter(|text| text.contains('.') && !text.contains([' ', '/', ':']));
        if code.is_some_and(|code| KNOWN_CODE.iter().any(|package| code.starts_with(package))) {
            return;
        }
        let what = match code {
            Some(code) => format!("{key} names code of your own, {code}."),
            None => format!("{key} has no counterpart."),
        };
        match find(LEFT, key) {
            Some(entry) => {
                let (remedy, line) = entry.remedy.split_once('\n').unwrap_or((entry.remedy, ""));
                let finding = if code.is_some() { Finding::code(what) } else { Finding::noticed(what) };
                let finding = finding.clients(entry.clients).remedy(remedy);
                self.report.add(if line.is_empty() { finding } else { finding.lines([line]) });
            }
            // What their code does is told where the serializers are.
            None if key.ends_with("_SERIALIZER") => {}
            None if code.is_some() && key.starts_with("SIMPLE_JWT_") => {
                self.report.add(Finding::code(what).remedy("What it does has to be written in Rust."));
            }
            // Pages, filters, formats of numbers: they belong to views that stay with Django.
            None => self.report.quiet(key),
        }
    }

    /// Values that cannot be used here. What is used instead is told, or there is no `.env`.
    fn refused_values(&mut self) {
        while let Some(error) = self.first_refusal() {
            let key = error.key().to_owned();
            if !self.env.has(&key) {
                // A key that is missing is found by the proof.
                return;
            }
            self.env.remove(&key);
            self.refused(&key, format!("{error}."));
        }
    }

    fn first_refusal(&self) -> Option<SettingsError> {
        let env = self.env.environment();
        match self.context.builder_from(&env) {
            Err(error) => Some(error),
            Ok(mut builder) => builder.errors().iter().find(|error| self.env.has(error.key())).cloned(),
        }
    }

    fn refused(&mut self, key: &str, what: String) {
        let default = self.known.iter().find(|setting| setting.key == key).map_or("", |setting| setting.default);
        let used = if default.is_empty() { "the default".to_owned() } else { format!("the default, {default},") };
        let finding = if tables::VITAL.contains(&key) {
            Finding::blocking(what).clients("Tokens or access would be others than in Django.")
        } else {
            Finding::noticed(what).clients(format!("Without this setting {used} is used."))
        };
        self.report.add(finding);
    }

    /// The error of `key` if its value is `text`.
    fn refusal(&self, key: &str, text: &str) -> Option<SettingsError> {
        // A key that is missing is another error.
        let env = Environment::default().with("SECRET_KEY", "0123456789".repeat(7)).with(key, text);
        match self.context.builder_from(&env) {
            Err(error) => Some(error).filter(|error| error.key() == key),
            Ok(mut builder) => builder.errors().iter().find(|error| error.key() == key).cloned(),
        }
    }

    fn about_the_project(&mut self) {
        let export = self.export;
        if export.setting("USE_TZ") == Some(&Value::Bool(false)) {
            self.report.add(
                Finding::blocking("USE_TZ is False: Django writes local times, here times are UTC.")
                    .clients("Tokens and lockouts would expire hours too early or too late.")
                    .remedy("Set USE_TZ = True in Django first; simplejwt stores its times in the database."),
            );
        }
        if let Some(language) = export.setting("LANGUAGE_CODE").and_then(Value::as_str)
            && !language.starts_with("en")
        {
            self.report.add(
                Finding::noticed(format!("LANGUAGE_CODE is {language}: messages here are English."))
                    .remedy("Clients should go by `code`, not by `detail`."),
            );
        }
        if self.env.get("DEBUG") == Some("true") {
            self.report
                .add(Finding::note("DEBUG is on. There are no debug pages here, and production should not have it."));
        }
        if !self.env.has("SECRET_KEY") {
            self.report.add(
                Finding::blocking("SECRET_KEY is not in the export.")
                    .clients("Without the same key every token is refused.")
                    .remedy("Export the settings again, with `manage adopt --export`."),
            );
        }
        for problem in export.problems() {
            self.report.add(Finding::note(format!("The export could not look at {problem}")));
        }
    }

    /// What is neither carried nor spoken of above.
    fn left(&mut self) {
        let mut own = Vec::new();
        let mut told: Vec<&str> = Vec::new();
        for name in self.export.names() {
            let is_carried = self.env.has(name) || RENAMED.iter().any(|(old, _)| *old == name);
            let is_carried = is_carried || DICTIONARIES.iter().any(|(dictionary, _)| *dictionary == name);
            if is_carried || SPECIAL.contains(&name) || self.knows(name) && !self.export.is_own(name) {
                continue;
            }
            match find(LEFT, name) {
                Some(entry) if told.contains(&entry.name) => {}
                Some(entry) => {
                    told.push(entry.name);
                    let what = format!("{} is not carried over.", entry.name.replace('*', "…"));
                    let finding = if entry.clients.is_empty() { Finding::note(what) } else { Finding::noticed(what) };
                    self.report.add(finding.clients(entry.clients).remedy(entry.remedy));
                }
                None if self.export.is_own(name) => own.push(name),
                None => self.report.quiet(name),
            }
        }
        if !own.is_empty() {
            self.report.add(Finding::note(format!(
                "Settings that Django does not know, for your own code or other packages, are not carried over: {}.",
                own.join(", ")
            )));
        }
    }
}

/// Settings that are carried in their own way, or that the report speaks of elsewhere.
const SPECIAL: &[&str] = &[
    "AUTH_USER_MODEL",
    "AUTH_USER_TABLE",
    "BASE_DIR",
    "CACHES",
    "CACHE_URL",
    "DATABASES",
    "DATABASE_URL",
    "EMAIL_FIELD",
    "INSTALLED_APPS",
    "LANGUAGE_CODE",
    "MIDDLEWARE",
    "REQUIRED_FIELDS",
    "ROOT_URLCONF",
    "USERNAME_FIELD",
    "USE_TZ",
];

/// Whether two texts are the same value, of which one may have the Python paths of classes.
fn is_same(text: &str, other: &str) -> bool {
    let parts = |text: &str| text.split(',').map(|part| class_name(part.trim()).to_lowercase()).collect::<Vec<_>>();
    let is_nothing = |text: &str| matches!(text, "" | "none");
    parts(text) == parts(other) || is_nothing(text) && is_nothing(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::management::adopt::report::Group;

    fn carried(json: &str, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> (String, Report) {
        let Ok(Value::Object(mut json)) = serde_json::from_str(json) else { panic!("not an export") };
        change(&mut json);
        let context = Context::new::<crate::Settings>(Environment::default(), 1);
        let (known, export, mut report) = (context.known_settings(), Export::new(json), Report::default());
        let mut carry =
            Carry { context: &context, export: &export, known: &known, env: EnvFile::default(), report: &mut report };
        carry.run();
        let text = carry.env.text(&known);
        (text, report)
    }

    const SHOP: &str = include_str!("../../../../tests/fixtures/django/adopt/shop.json");
    const DEFAULT: &str = include_str!("../../../../tests/fixtures/django/adopt/default.json");

    #[test]
    fn a_project_with_many_settings_keeps_them() {
        let (text, report) = carried(SHOP, |_| {});
        let (keys, settings): (Vec<_>, Vec<_>) =
            text.lines().filter(|line| line.contains('=')).partition(|line| line.contains("-----BEGIN"));
        assert_eq!(keys.len(), 2, "{text}");
        assert_eq!(
            settings,
            [
                "SECRET_KEY=a-test-secret-key-of-more-than-fifty-characters-0123456789",
                "INSTALLED_APPS=django.contrib.admin,django.contrib.auth,django.contrib.contenttypes,django.contrib.sessions,\
                 rest_framework,rest_framework.authtoken,rest_framework_simplejwt.token_blacklist,rest_framework_simplejwt",
                "ALLOWED_HOSTS=shop.example.org,.example.com",
                "SECURE_PROXY_SSL_HEADER=HTTP_X_FORWARDED_PROTO,https",
                "SECURE_REDIRECT_EXEMPT='^health$'",
                "SECURE_HSTS_SECONDS=3600",
                "X_FRAME_OPTIONS=SAMEORIGIN",
                "CORS_ALLOWED_ORIGINS=https://app.example.org,http://localhost:3000",
                r"CORS_ALLOWED_ORIGIN_REGEXES='^https://\w{1,3}\.example\.org$'",
                "CORS_ALLOW_CREDENTIALS=true",
                "CORS_EXPOSE_HEADERS=Retry-After",
                "CORS_PREFLIGHT_MAX_AGE=600",
                "CORS_URLS_REGEX='^/api/.*$'",
                "DATABASE_URL='postgres://shop:p%40ss%2Fword@db.internal:5433/shop?sslmode=require'",
                "PASSWORD_HASHERS=PBKDF2PasswordHasher,MD5PasswordHasher",
                "AUTHENTICATION_BACKENDS=ModelBackend",
                "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES=JWTAuthentication,TokenAuthentication",
                "REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES=IsAuthenticated",
                "REST_FRAMEWORK_DEFAULT_RENDERER_CLASSES=JSONRenderer",
                "REST_FRAMEWORK_DEFAULT_PARSER_CLASSES=JSONParser",
                "REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES=AnonRateThrottle,UserRateThrottle",
                "REST_FRAMEWORK_DEFAULT_THROTTLE_RATES=anon=100/min,user=1000/day",
                "REST_FRAMEWORK_NUM_PROXIES=1",
                "CACHE_URL='redis://:c$che@cache.internal:6379/1'",
                "CACHE_KEY_PREFIX=shop",
                "CACHE_SOCKET_TIMEOUT=2s",
                "DATA_UPLOAD_MAX_MEMORY_SIZE=1048576",
                "SIMPLE_JWT_ACCESS_TOKEN_LIFETIME=600s",
                "SIMPLE_JWT_REFRESH_TOKEN_LIFETIME=1213200s",
                "SIMPLE_JWT_ROTATE_REFRESH_TOKENS=true",
                "SIMPLE_JWT_BLACKLIST_AFTER_ROTATION=true",
                "SIMPLE_JWT_ALGORITHM=ES256",
                "SIMPLE_JWT_AUDIENCE=api,web",
                "SIMPLE_JWT_ISSUER=https://auth.example.org",
                "SIMPLE_JWT_LEEWAY=10s",
                "SIMPLE_JWT_AUTH_HEADER_TYPES=Bearer,JWT",
                "SIMPLE_JWT_USER_ID_CLAIM=sub",
            ]
        );
        assert!(report.would_work(), "{report}");
        let report = report.to_string();
        for line in [
            "  - SessionAuthentication does not exist here.",
            "  - AUTHENTICATION_BACKENDS names backends.EmailBackend, derived from ModelBackend, which does not exist here.",
            "  - REST_FRAMEWORK_EXCEPTION_HANDLER names code of your own, errors.handler.",
            "  - MIDDLEWARE has tenants.TenantMiddleware, which does not exist here.",
            "  - MIDDLEWARE has django.middleware.gzip.GZipMiddleware.",
            "  - LANGUAGE_CODE is de-ch: messages here are English.",
            "  - SESSION_… is not carried over.",
            "  - CSRF_… is not carried over.",
            "  - SECRET_KEY_FALLBACKS is not carried over.",
            "  - AUTH_PASSWORD_VALIDATORS is not carried over.",
            "  - USE_X_FORWARDED_HOST is not carried over.",
            "  - DATABASES has more than one database: replica.",
            "  - Settings that Django does not know, for your own code or other packages, are not carried over: ODD, STRIPE_API_KEY.",
        ] {
            assert!(report.lines().any(|found| found == line), "{line}\nis not in\n{report}");
        }
        for secret in ["p@ss", "p%40ss", "c$che", "for mail", "for payments", "an older key", "a-test-secret", "BEGIN"]
        {
            assert!(!report.contains(secret), "{secret} is in\n{report}");
        }
    }

    #[test]
    fn what_django_does_without_being_told_is_told() {
        let (text, report) =
            carried(r#"{ "SECRET_KEY": "k", "_defaults": { "ALLOWED_HOSTS": [], "DEBUG": false } }"#, |_| {});
        for line in [
            "SIMPLE_JWT_ACCESS_TOKEN_LIFETIME=5m",
            "SIMPLE_JWT_ROTATE_REFRESH_TOKENS=false",
            "REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES=AllowAny",
            "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES=BasicAuthentication",
            "ALLOWED_HOSTS=",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\nis not in\n{text}");
        }
        assert!(!text.contains("DEBUG"), "{text}");
        assert!(report.to_string().contains("The export has no DATABASES"), "{report}");
    }

    #[test]
    fn settings_without_their_middleware_have_no_effect_in_django_and_none_here() {
        let (text, report) = carried(SHOP, |json| {
            json["MIDDLEWARE"] = serde_json::json!(["django.middleware.csrf.CsrfViewMiddleware"]);
        });
        assert!(!text.contains("CORS_") && !text.contains("SECURE_HSTS_SECONDS"), "{text}");
        assert!(text.contains("\nAPPEND_SLASH=false\n"), "{text}");
        assert!(
            report.to_string().contains("CORS_URLS_REGEX has no effect in Django without corsheaders."),
            "{report}"
        );
    }

    #[test]
    fn a_permission_that_does_not_exist_here_stops_the_move() {
        let (text, report) = carried(DEFAULT, |json| {
            json["REST_FRAMEWORK"]["DEFAULT_PERMISSION_CLASSES"] =
                serde_json::json!(["shop.permissions.IsTenant", "rest_framework.permissions.IsAuthenticated"]);
        });
        assert!(!report.would_work(), "{report}");
        assert!(report.to_string().contains("        .permission_class(IsTenant)\n"), "{report}");
        assert!(!text.contains("PERMISSION_CLASSES=IsAuthenticated"), "{text}");
    }

    #[test]
    fn a_value_that_cannot_be_used_is_left_out_unless_tokens_depend_on_it() {
        let (text, report) = carried(DEFAULT, |json| {
            json["SIMPLE_JWT"]["LEEWAY"] = serde_json::json!("soon");
        });
        assert!(report.would_work() && !text.contains("LEEWAY"), "{report}");
        assert!(report.to_string().contains("Without this setting the default, 0, is used."), "{report}");
        let (_, report) = carried(DEFAULT, |json| {
            json["SIMPLE_JWT"]["ALGORITHM"] = serde_json::json!("none");
        });
        assert_eq!(report.count(Group::Blocking), 1, "{report}");
    }

    #[test]
    fn code_of_ones_own_is_named_and_that_of_the_packages_is_not() {
        let (_, report) = carried(DEFAULT, |json| {
            json["SIMPLE_JWT"]["USER_AUTHENTICATION_RULE"] = serde_json::json!("shop.rules.may_log_in");
            json["SIMPLE_JWT"]["TOKEN_REFRESH_SERIALIZER"] =
                serde_json::json!("rest_framework_simplejwt.serializers.TokenRefreshSerializer");
        });
        let report = report.to_string();
        assert!(
            report.contains("SIMPLE_JWT_USER_AUTHENTICATION_RULE names code of your own, shop.rules.may_log_in."),
            "{report}"
        );
        assert!(report.contains("        .user_authentication_rule(|user| user.is_active())\n"), "{report}");
        assert!(!report.contains("TOKEN_REFRESH_SERIALIZER"), "{report}");
    }
}
