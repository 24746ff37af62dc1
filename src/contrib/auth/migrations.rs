//! The tables of users, groups and permissions, and those of failed logins. Python counterpart:
//! `django.contrib.auth.migrations`.

use crate::db::migrations::{Migration, Step, StepModel, up};

/// The label of the migrations of the tables of failed logins, which Django does not have.
pub(super) const LOGIN_FAILURES: &str = "actix_auth";

/// The steps of the app.
pub(super) const MIGRATIONS: &[Step] = &[
    Step {
        app: "auth",
        migrations: &[
            Migration::changes("0001_initial"),
            Migration::changes("0002_alter_permission_name_max_length"),
            Migration::changes("0003_alter_user_email_max_length"),
            Migration::keeps("0004_alter_user_username_opts"),
            Migration::changes("0005_alter_user_last_login_null"),
            Migration::keeps("0006_require_contenttypes_0002"),
            Migration::keeps("0007_alter_validators_add_error_messages"),
            Migration::changes("0008_alter_user_username_max_length"),
            Migration::changes("0009_alter_user_last_name_max_length"),
            Migration::changes("0010_alter_group_name_max_length"),
            // It changes rows: the permissions of proxy models, which exist only in Django.
            Migration::changes("0011_update_proxy_permissions"),
            Migration::changes("0012_alter_user_first_name_max_length"),
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
        models: &[
            StepModel::new("permission", "permission"),
            StepModel::new("group", "group"),
            StepModel::new("user", "user"),
        ],
        ..Step::EMPTY
    }
    .sql(up!("00000000000003_auth_initial")),
    Step {
        app: LOGIN_FAILURES,
        migrations: &[Migration::changes("0001_login_failures")],
        tables: &["login_failures"],
        adopts_tables: true,
        ..Step::EMPTY
    }
    .sql(up!("00000000000008_login_failures")),
    Step {
        app: LOGIN_FAILURES,
        migrations: &[Migration::changes("0002_login_failures_since")],
        requires: &["login_failures"],
        ..Step::EMPTY
    }
    .sql(up!("00000000000009_login_failures_since")),
    Step {
        app: LOGIN_FAILURES,
        migrations: &[Migration::changes("0003_login_failure_origins")],
        tables: &["login_failure_origins"],
        requires: &["login_failures"],
        ..Step::EMPTY
    }
    .sql(up!("00000000000012_login_failure_origins")),
];
