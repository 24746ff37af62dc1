//! Converts Django's settings: settings with the same meaning go into the `.env`, the others into the report.

mod apps;
mod cache;
mod classes;
mod converter;
mod database;
mod middleware;
mod tables;
mod users;
mod values;

pub(super) use self::converter::Converter;
use self::tables::PACKAGE_DEFAULTS;

impl Converter<'_> {
    /// Converts everything.
    pub(super) fn run(&mut self) {
        for (key, value) in PACKAGE_DEFAULTS {
            self.set(key, *value);
        }
        self.same_names();
        self.dictionaries();
        database::convert(self);
        cache::convert(self);
        users::convert(self);
        apps::convert(self);
        middleware::convert(self);
        classes::convert(self);
        self.refused_values();
        self.about_the_project();
        self.left();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::apps::command::Context;
    use crate::conf::Environment;
    use crate::management::adopt::env_file::EnvFile;
    use crate::management::adopt::export::Export;
    use crate::management::adopt::report::{FindingGroup, Report};

    fn carried(json: &str, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> (String, Report) {
        let Ok(Value::Object(mut json)) = serde_json::from_str(json) else { panic!("not an export") };
        change(&mut json);
        let context = Context::new::<crate::Settings>(Environment::default(), 1);
        let (known, export, mut report) = (context.known_settings(), Export::new(json), Report::default());
        let mut converter = Converter {
            context: &context,
            export: &export,
            known: &known,
            env: EnvFile::default(),
            report: &mut report,
        };
        converter.run();
        let text = converter.env.text(&known);
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
                "SECRET_KEY_FALLBACKS='an older key'",
                "INSTALLED_APPS=django.contrib.admin,django.contrib.auth,django.contrib.contenttypes,django.contrib.sessions,\
                 django.contrib.messages,rest_framework,rest_framework.authtoken,rest_framework_simplejwt.token_blacklist,rest_framework_simplejwt",
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
                "AUTH_PASSWORD_VALIDATORS=MinimumLengthValidator:min_length=12",
                "AUTHENTICATION_BACKENDS=ModelBackend",
                "SESSION_COOKIE_AGE=3600",
                "SESSION_COOKIE_SECURE=true",
                "CSRF_COOKIE_SECURE=true",
                "CSRF_TRUSTED_ORIGINS=https://app.example.org",
                "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES=JWTAuthentication,TokenAuthentication,SessionAuthentication",
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
            "  - AUTHENTICATION_BACKENDS names backends.EmailBackend, derived from ModelBackend, which does not exist here.",
            "  - REST_FRAMEWORK_EXCEPTION_HANDLER names code of your own, errors.handler.",
            "  - MIDDLEWARE has tenants.TenantMiddleware, which does not exist here.",
            "  - MIDDLEWARE has django.middleware.gzip.GZipMiddleware.",
            "  - LANGUAGE_CODE is de-ch: messages here are English.",
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
            "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES=SessionAuthentication,BasicAuthentication",
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
        assert_eq!(report.count(FindingGroup::Blocking), 1, "{report}");
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
