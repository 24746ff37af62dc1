//! The list of steps. Python counterpart: the `migrations` packages of Django, DRF and simplejwt.
//!
//! They run in this order. A project that adds tables of its own adds a directory below `migrations/sqlite` and
//! `migrations/postgres`, and hands a [`Step`] to [`MigrationPlan::with`](super::MigrationPlan::with).

/// Tables that are made together: one app, from nothing to the state after its last Django migration.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Label of the Django app.
    pub app: &'static str,
    /// What the step stands for in `django_migrations`, in order.
    pub migrations: &'static [Migration],
    /// The tables it makes.
    pub tables: &'static [&'static str],
    /// The tables of other steps that its foreign keys refer to.
    pub requires: &'static [&'static str],
    /// The app's models, for content types and permissions.
    pub models: &'static [Model],
    /// SQL for SQLite.
    pub sqlite: &'static str,
    /// SQL for PostgreSQL.
    pub postgres: &'static str,
}

/// A migration of Django.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Name, as the file in Django: `0001_initial`.
    pub name: &'static str,
    /// Whether it changes the database. Most only change what Django knows about a model; such a one may be recorded on
    /// tables made before it existed.
    pub changes_tables: bool,
}

/// A model of Django, with the four permissions that each has.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Lower-case name of the class.
    pub name: &'static str,
    /// `verbose_name`, as it stands in the names of the permissions.
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

const CONTENTTYPES: Sql = up!("00000000000002_contenttypes_initial");
const AUTH: Sql = up!("00000000000003_auth_initial");
const ADMIN: Sql = up!("00000000000004_admin_initial");
const AUTHTOKEN: Sql = up!("00000000000005_authtoken_initial");
const SESSIONS: Sql = up!("00000000000006_sessions_initial");
const TOKEN_BLACKLIST: Sql = up!("00000000000007_token_blacklist_initial");

const fn step(
    app: &'static str,
    sql: Sql,
    migrations: &'static [Migration],
    tables: &'static [&'static str],
    requires: &'static [&'static str],
    models: &'static [Model],
) -> Step {
    Step { app, migrations, tables, requires, models, sqlite: sql.0, postgres: sql.1 }
}

const fn changes(name: &'static str) -> Migration {
    Migration { name, changes_tables: true }
}

const fn keeps(name: &'static str) -> Migration {
    Migration { name, changes_tables: false }
}

const fn model(name: &'static str, verbose_name: &'static str) -> Model {
    Model { name, verbose_name }
}

/// The step of the app with this label.
#[must_use]
pub fn of(app: &str) -> &'static [Step] {
    let place = DJANGO.iter().position(|step| step.app == app);
    place.map_or(&[], |place| &DJANGO[place..=place])
}

/// The tables of Django 5.2, DRF's `authtoken` and simplejwt 5.5.
pub(super) const DJANGO: &[Step] = &[
    step(
        "contenttypes",
        CONTENTTYPES,
        &[changes("0001_initial"), changes("0002_remove_content_type_name")],
        &["django_content_type"],
        &[],
        &[model("contenttype", "content type")],
    ),
    step(
        "auth",
        AUTH,
        &[
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
            // It moves permissions of proxy models, so rows, not tables; only Django knows which.
            changes("0011_update_proxy_permissions"),
            changes("0012_alter_user_first_name_max_length"),
        ],
        &[
            "auth_permission",
            "auth_group",
            "auth_group_permissions",
            "auth_user",
            "auth_user_groups",
            "auth_user_user_permissions",
        ],
        &["django_content_type"],
        &[model("permission", "permission"), model("group", "group"), model("user", "user")],
    ),
    step(
        "admin",
        ADMIN,
        &[
            changes("0001_initial"),
            keeps("0002_logentry_remove_auto_add"),
            keeps("0003_logentry_add_action_flag_choices"),
        ],
        &["django_admin_log"],
        &["django_content_type", "auth_user"],
        &[model("logentry", "log entry")],
    ),
    step(
        "authtoken",
        AUTHTOKEN,
        &[
            changes("0001_initial"),
            keeps("0002_auto_20160226_1747"),
            keeps("0003_tokenproxy"),
            keeps("0004_alter_tokenproxy_options"),
        ],
        &["authtoken_token"],
        &["auth_user"],
        &[model("token", "Token"), model("tokenproxy", "Token")],
    ),
    step("sessions", SESSIONS, &[changes("0001_initial")], &["django_session"], &[], &[model("session", "session")]),
    step(
        "token_blacklist",
        TOKEN_BLACKLIST,
        &[
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
        &["token_blacklist_outstandingtoken", "token_blacklist_blacklistedtoken"],
        &["auth_user"],
        &[model("blacklistedtoken", "Blacklisted Token"), model("outstandingtoken", "Outstanding Token")],
    ),
];
