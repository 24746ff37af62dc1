//! The steps of each app. Python counterpart: the `migrations` packages of Django, DRF and simplejwt.
//!
//! An app of Django is one step, from nothing to the state after its last migration. A table of our own has a step for each
//! migration, under an app label that no Python package uses, so that Django ignores their rows in `django_migrations`.
//! To change such a table, add a directory below `migrations/sqlite` and `migrations/postgres`, and a step after the
//! last one of that app.

/// Tables that are made or changed together.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Label of the app, as in `django_migrations`.
    pub app: &'static str,
    /// The rows of `django_migrations` that the step represents, in order.
    pub migrations: &'static [Migration],
    /// The tables that it makes.
    pub tables: &'static [&'static str],
    /// The tables of the step that a project with its own user model does not have: `swappable` in Django.
    pub swappable: &'static [&'static str],
    /// The tables of other steps that it needs.
    pub requires: &'static [&'static str],
    /// Whether its SQL accepts tables that exist but are not recorded.
    pub adopts_tables: bool,
    /// The app's models, for content types and permissions.
    pub models: &'static [Model],
    /// SQL for SQLite.
    pub sqlite: &'static str,
    /// SQL for PostgreSQL.
    pub postgres: &'static str,
}

impl Step {
    /// A step that does nothing, to write the others with `..Step::EMPTY`.
    pub const EMPTY: Self = Self {
        app: "",
        migrations: &[],
        tables: &[],
        swappable: &[],
        requires: &[],
        adopts_tables: false,
        models: &[],
        sqlite: "",
        postgres: "",
    };

    const fn sql(self, (sqlite, postgres): Sql) -> Self {
        Self { sqlite, postgres, ..self }
    }
}

/// A migration, by its name in `django_migrations`.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Name, as the file in Django: `0001_initial`.
    pub name: &'static str,
    /// Whether it changes the database. Most change only Django's state of a model. Such a migration may be recorded
    /// on tables that were made before it existed.
    pub changes_tables: bool,
}

/// A model of Django, with the four permissions that each has.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Lower-case name of the class.
    pub name: &'static str,
    /// `verbose_name`, as in the names of the permissions.
    pub verbose_name: &'static str,
}

/// Both files of a directory below `migrations/`.
macro_rules! up {
    ($directory:literal) => {
        (
            include_str!(concat!("../../../migrations/sqlite/", $directory, "/up.sql")),
            include_str!(concat!("../../../migrations/postgres/", $directory, "/up.sql")),
        )
    };
}

type Sql = (&'static str, &'static str);

/// The table `django_migrations` itself, which belongs to no app.
pub(super) const RECORDER: Sql = up!("00000000000001_django_migrations");

const fn changes(name: &'static str) -> Migration {
    Migration { name, changes_tables: true }
}

const fn keeps(name: &'static str) -> Migration {
    Migration { name, changes_tables: false }
}

const fn model(name: &'static str, verbose_name: &'static str) -> Model {
    Model { name, verbose_name }
}

/// `django.contrib.contenttypes`.
pub const CONTENTTYPES: &[Step] = &[Step {
    app: "contenttypes",
    migrations: &[changes("0001_initial"), changes("0002_remove_content_type_name")],
    tables: &["django_content_type"],
    models: &[model("contenttype", "content type")],
    ..Step::EMPTY
}
.sql(up!("00000000000002_contenttypes_initial"))];

/// The label of the migrations of the table of failed logins, which only `LOGIN_FAILURE_LIMIT` needs.
pub const LOGIN_FAILURES: &str = "actix_auth";

/// `django.contrib.auth`, and the table of failed logins.
pub const AUTH: &[Step] = &[
    Step {
        app: "auth",
        migrations: &[
            changes("0001_initial"),
            changes("0002_alter_permission_name_max_length"),
            changes("0003_alter_user_email_max_length"),
            keeps("0004_alter_user_username_opts"),
            changes("0005_alter_user_last_login_null"),
            keeps("0006_require_contenttypes_0002"),
            keeps("0007_alter_validators_add_error_messages"),
            changes("0008_alter_user_username_max_length"),
            changes("0009_alter_user_last_name_max_length"),
            changes("0010_alter_group_name_max_length"),
            // It changes rows: the permissions of proxy models, which exist only in Django.
            changes("0011_update_proxy_permissions"),
            changes("0012_alter_user_first_name_max_length"),
        ],
        tables: &[
            "auth_permission",
            "auth_group",
            "auth_group_permissions",
            "auth_user",
            "auth_user_groups",
            "auth_user_user_permissions",
        ],
        swappable: &["auth_user", "auth_user_groups", "auth_user_user_permissions"],
        requires: &["django_content_type"],
        models: &[model("permission", "permission"), model("group", "group"), model("user", "user")],
        ..Step::EMPTY
    }
    .sql(up!("00000000000003_auth_initial")),
    Step {
        app: LOGIN_FAILURES,
        migrations: &[changes("0001_login_failures")],
        tables: &["login_failures"],
        adopts_tables: true,
        ..Step::EMPTY
    }
    .sql(up!("00000000000008_login_failures")),
    Step {
        app: LOGIN_FAILURES,
        migrations: &[changes("0002_login_failures_since")],
        requires: &["login_failures"],
        ..Step::EMPTY
    }
    .sql(up!("00000000000009_login_failures_since")),
    Step {
        app: LOGIN_FAILURES,
        migrations: &[changes("0003_login_failure_origins")],
        tables: &["login_failure_origins"],
        requires: &["login_failures"],
        ..Step::EMPTY
    }
    .sql(up!("00000000000012_login_failure_origins")),
];

/// The label of the migrations of the table that only the dashboard of the admin site needs.
pub const ADMIN_STATISTICS: &str = "actix_admin";

/// `django.contrib.admin`, and the table of the dashboard.
pub const ADMIN: &[Step] = &[
    Step {
        app: "admin",
        migrations: &[
            changes("0001_initial"),
            keeps("0002_logentry_remove_auto_add"),
            keeps("0003_logentry_add_action_flag_choices"),
        ],
        tables: &["django_admin_log"],
        requires: &["django_content_type", "auth_user"],
        models: &[model("logentry", "log entry")],
        ..Step::EMPTY
    }
    .sql(up!("00000000000004_admin_initial")),
    Step {
        app: ADMIN_STATISTICS,
        migrations: &[changes("0001_event_counts")],
        tables: &["admin_event_counts"],
        ..Step::EMPTY
    }
    .sql(up!("00000000000013_admin_event_counts")),
];

/// `django.contrib.sessions`.
pub const SESSIONS: &[Step] = &[Step {
    app: "sessions",
    migrations: &[changes("0001_initial")],
    tables: &["django_session"],
    models: &[model("session", "session")],
    ..Step::EMPTY
}
.sql(up!("00000000000006_sessions_initial"))];

/// `rest_framework.authtoken`.
pub const AUTHTOKEN: &[Step] = &[Step {
    app: "authtoken",
    migrations: &[
        changes("0001_initial"),
        keeps("0002_auto_20160226_1747"),
        keeps("0003_tokenproxy"),
        keeps("0004_alter_tokenproxy_options"),
    ],
    tables: &["authtoken_token"],
    requires: &["auth_user"],
    models: &[model("token", "Token"), model("tokenproxy", "Token")],
    ..Step::EMPTY
}
.sql(up!("00000000000005_authtoken_initial"))];

/// `rest_framework_simplejwt.token_blacklist`.
pub const TOKEN_BLACKLIST: &[Step] = &[Step {
    app: "token_blacklist",
    migrations: &[
        changes("0001_initial"),
        changes("0002_outstandingtoken_jti_hex"),
        changes("0003_auto_20171017_2007"),
        changes("0004_auto_20171017_2013"),
        changes("0005_remove_outstandingtoken_jti"),
        changes("0006_auto_20171017_2113"),
        changes("0007_auto_20171017_2214"),
        changes("0008_migrate_to_bigautofield"),
        changes("0010_fix_migrate_to_bigautofield"),
        keeps("0011_linearizes_history"),
        keeps("0012_alter_outstandingtoken_user"),
        keeps("0013_alter_blacklistedtoken_options_and_more"),
    ],
    tables: &["token_blacklist_outstandingtoken", "token_blacklist_blacklistedtoken"],
    requires: &["auth_user"],
    models: &[model("blacklistedtoken", "Blacklisted Token"), model("outstandingtoken", "Outstanding Token")],
    ..Step::EMPTY
}
.sql(up!("00000000000007_token_blacklist_initial"))];

/// The label of the migrations of our own tables about token families.
pub const FAMILY_ACTIVITY: &str = "actix_token_family";

/// `rest_framework_simplejwt.token_family`, and our own tables about families.
///
/// They have no content types and permissions: Django has no such models, so its lists of permissions stay as they are.
pub const TOKEN_FAMILY: &[Step] = &[
    Step {
        app: "token_family",
        migrations: &[changes("0001_initial")],
        tables: &["token_family_tokenfamily", "token_family_blacklistedtokenfamily"],
        requires: &["auth_user"],
        ..Step::EMPTY
    }
    .sql(up!("00000000000010_token_family_initial")),
    Step {
        app: FAMILY_ACTIVITY,
        migrations: &[changes("0001_family_activity")],
        tables: &["family_activity", "family_token"],
        requires: &["token_family_tokenfamily"],
        ..Step::EMPTY
    }
    .sql(up!("00000000000011_family_activity")),
];

/// The steps of all apps, in the order of Django's default `INSTALLED_APPS`.
pub(super) const ALL: [&[Step]; 7] = [ADMIN, AUTH, CONTENTTYPES, SESSIONS, AUTHTOKEN, TOKEN_BLACKLIST, TOKEN_FAMILY];
