//! Tables of settings that have no counterpart of the same name.

/// Settings with another name here. The first ones are former names of django-cors-headers, which it still reads.
pub(super) const RENAMED: &[(&str, &str)] = &[
    ("CORS_ORIGIN_WHITELIST", "CORS_ALLOWED_ORIGINS"),
    ("CORS_ORIGIN_REGEX_WHITELIST", "CORS_ALLOWED_ORIGIN_REGEXES"),
    ("CORS_ORIGIN_ALLOW_ALL", "CORS_ALLOW_ALL_ORIGINS"),
];

/// Dictionaries, and the prefix of their keys here.
pub(super) const DICTIONARIES: &[(&str, &str)] =
    &[("SIMPLE_JWT", "SIMPLE_JWT_"), ("REST_FRAMEWORK", "REST_FRAMEWORK_"), ("JWT_AUTH", "")];

/// The packages' defaults that differ from the defaults of this project.
pub(super) const PACKAGE_DEFAULTS: &[(&str, &str)] = &[
    ("SIMPLE_JWT_ACCESS_TOKEN_LIFETIME", "5m"),
    ("SIMPLE_JWT_ROTATE_REFRESH_TOKENS", "false"),
    ("REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES", "AllowAny"),
    ("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES", "SessionAuthentication,BasicAuthentication"),
];

/// Settings that decide about tokens and access. If one cannot be carried over, no `.env` is written.
pub(super) const VITAL: &[&str] = &[
    "SECRET_KEY",
    "DATABASE_URL",
    "ALLOWED_HOSTS",
    "SIMPLE_JWT_ALGORITHM",
    "SIMPLE_JWT_SIGNING_KEY",
    "SIMPLE_JWT_VERIFYING_KEY",
    "SIMPLE_JWT_JWK_URL",
    "SIMPLE_JWT_ISSUER",
    "SIMPLE_JWT_AUDIENCE",
    "SIMPLE_JWT_USER_ID_FIELD",
    "SIMPLE_JWT_USER_ID_CLAIM",
    "SIMPLE_JWT_AUTH_TOKEN_CLASSES",
    "REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES",
    "JWT_SECRET_KEY",
    "JWT_PUBLIC_KEY",
    "JWT_PRIVATE_KEY",
    "JWT_ALGORITHM",
    "AUTH_USER_MODEL",
    "AUTH_USER_TABLE",
    "USERNAME_FIELD",
];

/// Lists of classes, and how a class that does not exist here is reported.
pub(super) const CLASS_LISTS: &[ClassList] = &[
    ClassList {
        key: "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES",
        clients: "Clients that authenticate with it are anonymous here: 401, or what anonymous users may see.",
        remedy: "Write it in Rust and add it in `Settings::builder` in src/settings.rs:",
        line: ".authentication_class({class})",
        is_vital: false,
    },
    ClassList {
        key: "REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES",
        clients: "Without it, users could reach views that Django keeps from them.",
        remedy: "Write it in Rust and add it in `Settings::builder` in src/settings.rs, then run `manage adopt` again:",
        line: ".permission_class({class})",
        is_vital: true,
    },
    ClassList {
        key: "REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES",
        clients: "Its limit does not exist here.",
        remedy: "Use AnonRateThrottle, UserRateThrottle or ScopedRateThrottle, or a throttle of your own on the view: \
                 `.throttle(…)` in src/views.rs.",
        line: "",
        is_vital: false,
    },
    ClassList {
        key: "REST_FRAMEWORK_DEFAULT_RENDERER_CLASSES",
        clients: "Responses do not have its format; of camel case, for example, names come as they are in Python.",
        remedy: "Clients that need this format stay with Django.",
        line: "",
        is_vital: false,
    },
    ClassList {
        key: "REST_FRAMEWORK_DEFAULT_PARSER_CLASSES",
        clients: "A body in its format is refused with 415.",
        remedy: "Clients that send this format stay with Django.",
        line: "",
        is_vital: false,
    },
    ClassList {
        key: "PASSWORD_HASHERS",
        clients: "A user whose password it has stored cannot log in; see below whether there are any.",
        remedy: "",
        line: "",
        is_vital: false,
    },
    ClassList {
        key: "AUTHENTICATION_BACKENDS",
        clients: "Logins that only this backend accepts, for example by another field, are refused with 401.",
        remedy: "Without it, users log in by USERNAME_FIELD and password. For other logins write a view of your own in \
                 src/views.rs.",
        line: "",
        is_vital: false,
    },
];

/// A setting that is a list of classes.
pub(super) struct ClassList {
    pub(super) key: &'static str,
    /// What clients notice if a class of the list is missing.
    pub(super) clients: &'static str,
    pub(super) remedy: &'static str,
    /// The line of code, with `{class}` for the name.
    pub(super) line: &'static str,
    pub(super) is_vital: bool,
}

/// A setting that is not carried over. Its name may end in `*`.
pub(super) struct LeftOutSetting {
    pub(super) name: &'static str,
    /// What clients notice. Empty: nothing.
    pub(super) clients: &'static str,
    /// What to do, or why nothing needs to be done.
    pub(super) remedy: &'static str,
}

const fn left_out(name: &'static str, clients: &'static str, remedy: &'static str) -> LeftOutSetting {
    LeftOutSetting { name, clients, remedy }
}

/// Settings that are not carried over, and what that means. Other names have no effect on an API.
pub(super) const LEFT_OUT: &[LeftOutSetting] = &[
    left_out(
        "SESSION_ENGINE",
        "Sessions are in the table django_session here: clients with a session of another engine are anonymous until they log in.",
        "Requests with tokens do not use sessions.",
    ),
    left_out("SESSION_SERIALIZER", "", "The data of sessions is JSON here, as by Django's default."),
    left_out(
        "CSRF_USE_SESSIONS",
        "",
        "The secret is in the cookie csrftoken here. Requests with tokens do not use it.",
    ),
    left_out("CSRF_FAILURE_VIEW", "", "The page for a request that is refused is Django's own here."),
    left_out(
        "USE_X_FORWARDED_HOST",
        "The host in redirects is that of the Host header.",
        "Let the proxy pass on the Host header of the client.",
    ),
    left_out(
        "USE_X_FORWARDED_PORT",
        "The port in redirects is that of the Host header.",
        "Let the proxy pass on the Host header of the client.",
    ),
    left_out("PREPEND_WWW", "There is no redirect to www.", "Let the proxy redirect."),
    left_out(
        "FORCE_SCRIPT_NAME",
        "Paths do not have this prefix.",
        "Let the proxy add it, or write it into src/urls.rs.",
    ),
    left_out("DISALLOWED_USER_AGENTS", "These user agents are served.", "Let the proxy refuse them."),
    left_out(
        "DATABASE_ROUTERS",
        "",
        "Only the database \"default\" is used. If users or tokens are in another one, set DATABASE_URL to it.",
    ),
    left_out("DEFAULT_CHARSET", "Responses are UTF-8.", ""),
    left_out(
        "DATA_UPLOAD_MAX_NUMBER_FILES",
        "A form may have 100 files, as by Django's default.",
        "Files are not kept; DATA_UPLOAD_MAX_MEMORY_SIZE limits the body.",
    ),
    left_out("EMAIL_*", "", "This server sends no mail."),
    left_out("LOGGING", "", "RUST_LOG chooses what is logged."),
    left_out("SILENCED_SYSTEM_CHECKS", "", "The checks here have ids of their own; `manage check` prints them."),
    left_out(
        "REST_FRAMEWORK_EXCEPTION_HANDLER",
        "If it changes the bodies of errors, clients get DRF's own bodies here.",
        "Change the responses in a `Middleware` of your own, in the list in src/settings.rs.",
    ),
    left_out(
        "REST_FRAMEWORK_DEFAULT_VERSIONING_CLASS",
        "The version that a client asks for is ignored.",
        "Clients that depend on a version stay with Django.",
    ),
    left_out("REST_FRAMEWORK_DEFAULT_CONTENT_NEGOTIATION_CLASS", "Formats are chosen as DRF's own class does it.", ""),
    left_out("REST_FRAMEWORK_DEFAULT_METADATA_CLASS", "`OPTIONS` is answered as by DRF's SimpleMetadata.", ""),
    left_out("REST_FRAMEWORK_UNICODE_JSON", "JSON has characters beyond ASCII as they are. Parsers read both.", ""),
    left_out("REST_FRAMEWORK_STRICT_JSON", "`NaN` and `Infinity` are refused, as by DRF's default.", ""),
    left_out("REST_FRAMEWORK_COMPACT_JSON", "JSON has no spaces. Parsers read both.", ""),
    left_out(
        "REST_FRAMEWORK_UNAUTHENTICATED_USER",
        "",
        "Views get `MaybeAuthenticated`, without a user for anonymous requests.",
    ),
    left_out(
        "REST_FRAMEWORK_UNAUTHENTICATED_TOKEN",
        "",
        "Views get `MaybeAuthenticated`, without a token for anonymous requests.",
    ),
    left_out(
        "SIMPLE_JWT_USER_AUTHENTICATION_RULE",
        "Without it, every active user may have tokens.",
        "Write the rule in `Settings::builder` in src/settings.rs:\n.user_authentication_rule(|user| user.is_active())",
    ),
    left_out("SIMPLE_JWT_TOKEN_USER_CLASS", "", "Views with stateless tokens get a `TokenUser`."),
    left_out(
        "SIMPLE_JWT_JSON_ENCODER",
        "Claims that need this encoder cannot be written.",
        "Claims are `serde_json` values.",
    ),
    left_out(
        "SIMPLE_JWT_ON_LOGIN_*",
        "What this function does at login does not happen.",
        "Write a view of your own in src/views.rs.",
    ),
    left_out(
        "JWT_PAYLOAD_HANDLER",
        "Claims that it adds to tokens of rest_framework_jwt are missing.",
        "Write a view of your own in src/views.rs.",
    ),
    left_out(
        "JWT_RESPONSE_PAYLOAD_HANDLER",
        "What it adds to the response of a login is missing: it is {\"token\": …}.",
        "Write a view of your own in src/views.rs.",
    ),
    left_out(
        "JWT_GET_USER_SECRET_KEY",
        "Tokens that are signed by a key of each user are refused.",
        "These clients have to stay with Django.",
    ),
    left_out("JWT_PAYLOAD_GET_*", "Users are found by the claim username or user_id.", ""),
];

/// Packages whose classes exist here too. They do not count as the project's own code.
pub(super) const KNOWN_CODE: &[&str] =
    &["rest_framework_simplejwt.", "rest_framework.", "rest_framework_jwt.", "django."];

/// Middleware, and the settings that have no effect in Django without it.
pub(super) const MIDDLEWARE_SETTINGS: &[(&str, &str)] =
    &[("corsheaders.middleware.CorsMiddleware", "CORS_"), ("django.middleware.security.SecurityMiddleware", "SECURE_")];

/// Middleware that exists here, or that requests with tokens do not need.
pub(super) const MIDDLEWARE: &[LeftOutSetting] = &[
    left_out("corsheaders.middleware.CorsMiddleware", "", ""),
    left_out("django.middleware.security.SecurityMiddleware", "", ""),
    left_out("django.middleware.common.CommonMiddleware", "", ""),
    left_out("django.middleware.clickjacking.XFrameOptionsMiddleware", "", ""),
    left_out("django.contrib.sessions.middleware.SessionMiddleware", "", ""),
    left_out("django.middleware.csrf.CsrfViewMiddleware", "", ""),
    left_out("django.contrib.auth.middleware.AuthenticationMiddleware", "", ""),
    left_out("django.contrib.messages.middleware.MessageMiddleware", "", ""),
    left_out("whitenoise.middleware.WhiteNoiseMiddleware", "", ""),
    left_out("debug_toolbar.middleware.DebugToolbarMiddleware", "", ""),
    left_out("django.middleware.gzip.GZipMiddleware", "Responses are not compressed.", "Let the proxy compress them."),
    left_out(
        "django.middleware.http.ConditionalGetMiddleware",
        "Responses have no ETag, and `If-None-Match` is not answered with 304.",
        "Tokens are not cached anyway.",
    ),
    left_out(
        "django.middleware.locale.LocaleMiddleware",
        "Messages are English whatever `Accept-Language` says.",
        "Let clients go by `code`.",
    ),
    left_out("django.contrib.sites.middleware.CurrentSiteMiddleware", "", ""),
    left_out("django.middleware.cache.*", "Responses are not cached on the server.", ""),
    left_out(
        "axes.middleware.AxesMiddleware",
        "Lockouts of django-axes do not exist here.",
        "Set LOGIN_FAILURE_LIMIT and LOGIN_COOLOFF.",
    ),
];

/// Apps of Django packages that clients use, and what is missing without them.
pub(super) const APPS: &[LeftOutSetting] = &[
    left_out(
        "django.contrib.admin",
        "",
        "This server has an admin site too, at ADMIN_URL, with the users, groups, tokens and sessions of the same database, but \
         without the models of your apps. Leave its URLs with Django if you need those. Without django.contrib.admin in \
         INSTALLED_APPS there is none here.",
    ),
    left_out(
        "djoser",
        "Registration and links for new passwords are not served here.",
        "Leave these URLs with Django.",
    ),
    left_out("dj_rest_auth*", "Its URLs and its cookies are not served here.", "Leave these URLs with Django."),
    left_out("allauth*", "Its URLs are not served here.", "Leave these URLs with Django."),
    left_out("oauth2_provider", "Its tokens are refused here.", "Clients with these tokens stay with Django."),
    left_out("knox", "Its tokens are refused here.", "Clients with these tokens stay with Django."),
    left_out("axes", "Its lockouts do not exist here.", "Set LOGIN_FAILURE_LIMIT and LOGIN_COOLOFF."),
    left_out(
        "django_otp*",
        "No second factor is asked for here.",
        "If logins need one, the URLs for logging in stay with Django.",
    ),
    left_out("drf_spectacular*", "", "API_DOCS=true publishes a description of the API at /api/schema/."),
    left_out("drf_yasg", "", "API_DOCS=true publishes a description of the API at /api/schema/."),
];

/// The entry of `table` for `name`.
pub(super) fn find(table: &'static [LeftOutSetting], name: &str) -> Option<&'static LeftOutSetting> {
    table.iter().find(|entry| match entry.name.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => entry.name == name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::unsupported;

    #[test]
    fn a_setting_that_is_left_has_a_line_in_unsupported_txt() {
        let names: Vec<_> = unsupported::rows().into_iter().flat_map(|(names, _)| names).collect();
        // This is a setting here, but the ids are others.
        for entry in LEFT_OUT.iter().filter(|entry| entry.name != "SILENCED_SYSTEM_CHECKS") {
            let is_same = |name: &&str| match entry.name.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => *name == entry.name || name.ends_with('_') && entry.name.starts_with(*name),
            };
            assert!(names.iter().any(is_same), "{}", entry.name);
        }
    }
}
